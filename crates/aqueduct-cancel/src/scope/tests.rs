use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::reason::ReasonKind;

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A chain of scopes, the root first.
fn chain(depth: usize) -> Vec<CancelScope> {
    let mut scopes = vec![CancelScope::new()];
    for _ in 0..depth {
        scopes.push(scopes[scopes.len() - 1].child());
    }
    scopes
}

/// With the two counts and the allocator's word, it fits into 128 bytes.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_scope_is_small() {
    assert_eq!(size_of::<Node>(), 104);
    assert_eq!(size_of::<CancelScope>(), 8);
}

#[test]
fn who_is_below_is_cancelled_and_who_is_above_is_not() {
    for at in 0..=12 {
        let scopes = chain(12);
        assert!(scopes[at].cancel());
        for (depth, scope) in scopes.iter().enumerate() {
            assert_eq!(scope.is_cancelled(), depth >= at, "{depth} below {at}");
            assert_eq!(scope.check().is_err(), depth >= at);
            assert_eq!(scope.is_draining(), depth >= at);
        }
        assert!(!scopes[12].cancel(), "it is cancelled already");
    }
}

#[test]
fn what_drains_is_not_cancelled_yet() {
    for at in 0..=12 {
        let scopes = chain(12);
        assert!(scopes[at].drain());
        assert!(!scopes[at].drain());
        for (depth, scope) in scopes.iter().enumerate() {
            assert_eq!(scope.is_draining(), depth >= at, "{depth} below {at}");
            assert!(!scope.is_cancelled());
        }
        assert!(scopes[at].child().child().child().child().is_draining());
        assert!(scopes[at].cancel());
        assert!(scopes[12].is_cancelled());
        assert!(!scopes[at].drain());
    }
}

#[test]
fn scopes_made_after_it_are_cancelled() {
    let mut scope = CancelScope::new();
    scope.cancel_because("first");
    for _ in 0..10 {
        scope = scope.child();
        assert!(scope.is_cancelled());
        assert_eq!(scope.reason().unwrap().message(), "first");
        assert!(poll(scope.cancelled()).is_ready());
    }
}

#[test]
fn the_first_reason_stays() {
    let root = CancelScope::new().with_name("root");
    let child = root.child().with_name("child");
    assert!(child.cancel_because("child first"));
    assert!(root.cancel_because(String::from("then root")));
    assert!(!root.cancel_because("too late"));
    assert_eq!(
        child.reason().unwrap().to_string().split(" (").next(),
        Some("child first")
    );
    assert_eq!(child.reason().unwrap().scope(), Some("child"));
    assert_eq!(root.reason().unwrap().message(), "then root");
    let late = root.child();
    assert_eq!(late.reason().unwrap().scope(), Some("root"));
    assert_eq!(late.reason().unwrap().kind(), ReasonKind::Requested);
}

#[test]
fn a_reason_that_was_seen_is_not_changed_by_another() {
    let root = CancelScope::new();
    let leaf = root.child().child();
    root.cancel_because("above");
    assert_eq!(leaf.reason().unwrap().message(), "above");
    assert!(!leaf.cancel_because("here"));
    assert_eq!(leaf.reason().unwrap().message(), "above");
}

#[test]
fn options_are_for_a_child_where_there_are_other_handles() {
    let scope = CancelScope::new().with_name("one");
    let same = scope.clone();
    assert_eq!(scope, same);
    let named = same.with_name("two");
    assert_ne!(scope, named);
    assert_eq!((scope.name(), named.name()), (Some("one"), Some("two")));
    scope.cancel();
    assert!(named.is_cancelled());
    // An anchor is in its parent's list from the first.
    for scope in chain(8) {
        assert_eq!(scope.child().with_name("x").name(), Some("x"));
        assert_eq!(scope.with_name("x").name(), Some("x"));
    }
}

#[test]
fn nothing_stays_of_who_waited() {
    let scopes = chain(12);
    for scope in &scopes {
        {
            let mut waits = [pin!(scope.cancelled()), pin!(scope.cancelled())];
            let mut drains = pin!(scope.draining());
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..2 {
                for wait in &mut waits {
                    assert!(wait.as_mut().poll(&mut cx).is_pending());
                }
                assert!(drains.as_mut().poll(&mut cx).is_pending());
                assert_eq!(scope.stats().waiters, 3);
            }
        }
        assert_eq!(scope.stats().waiters, 0);
    }
    let weak: Vec<_> = scopes.iter().map(CancelScope::downgrade).collect();
    let root = scopes[0].clone();
    assert_eq!(root.stats().linked_children, 1);
    drop(scopes);
    assert_eq!(root.stats().linked_children, 0);
    drop(root);
    assert!(weak.iter().all(|weak| weak.upgrade().is_none()));
}

#[test]
fn which_reason_a_scope_was_cancelled_for() {
    let top = CancelScope::new();
    let middle = top.child();
    let below = middle.child();
    middle.cancel_because("the middle");
    top.cancel_because("the top");
    let [top_reason, middle_reason, below_reason] =
        [&top, &middle, &below].map(|scope| scope.reason().unwrap());
    assert_eq!(below_reason.message(), "the middle");
    assert!(below.is_cancelled_for(&middle_reason) && below.is_cancelled_for(&top_reason));
    assert!(middle.is_cancelled_for(&below_reason) && middle.is_cancelled_for(&top_reason));
    assert!(top.is_cancelled_for(&top_reason) && !top.is_cancelled_for(&middle_reason));
    // The same words are not the same reason.
    assert!(!top.is_cancelled_for(&"the top".into()));
    // Beyond any number of anchors.
    let deep = chain(20);
    deep[0].cancel();
    let reason = deep[19].reason().unwrap();
    assert!(deep.iter().all(|scope| scope.is_cancelled_for(&reason)));
    assert!(!CancelScope::new().is_cancelled_for(&reason));
}

/// Also that of a deadline, which has neither place nor, mostly, a name.
#[test]
fn a_reason_handed_on_stays_the_same() {
    let late = CancelScope::new().with_timeout(std::time::Duration::ZERO);
    let other = CancelScope::new();
    other.cancel_because(late.check().unwrap_err());
    let reason = other.reason().unwrap();
    assert!(late.is_cancelled_for(&reason));
    assert_eq!(reason.location(), None, "nobody called anything");
}
