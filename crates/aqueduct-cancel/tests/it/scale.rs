//! Many, and deep.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use aqueduct_cancel::CancelScope;

use crate::poll;

#[test]
fn a_million_live_children() {
    let root = CancelScope::new();
    let children: Vec<_> = (0..1_000_000).map(|_| root.child()).collect();
    assert_eq!(root.stats().linked_children, 0, "nobody waits on them");
    // Every tenth is waited on.
    let mut cx = Context::from_waker(Waker::noop());
    let mut waits: Vec<_> = children
        .iter()
        .step_by(10)
        .map(|child| Box::pin(child.cancelled()))
        .collect();
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(root.stats().linked_children, 100_000);
    root.cancel();
    assert!(children.iter().all(CancelScope::is_cancelled));
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_ready());
    }
}

#[test]
fn children_that_are_dropped_leave_the_list_in_any_order() {
    let root = CancelScope::new();
    for stride in [1, 3, 7, 11] {
        let mut children: Vec<_> = (0..1000).map(|_| Some(root.child())).collect();
        for child in children.iter().flatten() {
            assert!(poll(child.cancelled()).is_pending());
        }
        for n in 0..1000 {
            assert_eq!(root.stats().linked_children, 1000 - n);
            children[n * stride % 1000] = None;
        }
        assert_eq!(root.stats().linked_children, 0);
    }
}

#[test]
fn a_hundred_thousand_nested_scopes() {
    for waited_on in [false, true] {
        for spread in [
            CancelScope::drain as fn(&CancelScope) -> bool,
            CancelScope::cancel,
        ] {
            let root = CancelScope::new();
            let mut leaf = root.clone();
            for _ in 0..100_000 {
                leaf = leaf.child();
            }
            let weak = root.downgrade();
            if waited_on {
                assert!(poll(leaf.cancelled()).is_pending());
            }
            assert!(!leaf.is_cancelled());
            assert!(spread(&root));
            assert!(leaf.is_draining());
            drop(root);
            assert!(weak.upgrade().is_some(), "a scope keeps those above it");
            drop(leaf);
            assert!(weak.upgrade().is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_reaches_a_deep_scope() {
    let root = CancelScope::new().with_timeout(Duration::from_millis(10));
    let mut leaf = root.clone();
    for _ in 0..1000 {
        leaf = leaf.child();
    }
    assert!(leaf.run(pending::<()>()).await.is_err());
    assert!(root.is_cancelled());
}

#[test]
fn a_thousand_waiters_of_one_scope() {
    let scope = CancelScope::new();
    let mut cx = Context::from_waker(Waker::noop());
    type Wait = Pin<Box<dyn Future<Output = ()>>>;
    let mut waits: Vec<Wait> = (0..1000)
        .map(|n| -> Wait {
            if n % 2 == 0 {
                Box::pin(scope.draining_owned())
            } else {
                let wait = scope.cancelled_owned();
                Box::pin(async { drop(wait.await) })
            }
        })
        .collect();
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(scope.stats().waiters, 1000);
    drop(waits.drain(..100));
    assert_eq!(scope.stats().waiters, 900);
    scope.drain();
    assert_eq!(scope.stats().waiters, 450);
    let ready = waits
        .iter_mut()
        .filter_map(|wait| wait.as_mut().poll(&mut cx).is_ready().then_some(()));
    assert_eq!(ready.count(), 450);
    scope.cancel();
    assert_eq!(scope.stats().waiters, 0);
}
