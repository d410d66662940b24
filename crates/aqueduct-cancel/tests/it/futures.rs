//! Every future, dropped at every poll, on every depth and at every phase: nobody waits after it, no scope is left.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_cancel::{CancelScope, TakeUntilExt, shield};
use futures_util::{StreamExt, stream};

use crate::poll;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

const LONG: Duration = Duration::from_secs(3600);

/// One of each, as it is used.
fn futures(scope: &CancelScope) -> Vec<(&'static str, Boxed)> {
    let owned = || scope.clone();
    let [a, b, c, d, e, f, g] = std::array::from_fn(|_| owned());
    vec![
        (
            "cancelled",
            Box::pin(async move { drop(a.cancelled().await) }),
        ),
        (
            "cancelled_owned",
            Box::pin(async move { drop(b.cancelled_owned().await) }),
        ),
        ("draining", Box::pin(async move { c.draining().await })),
        (
            "run",
            Box::pin(async move { drop(d.run(pending::<()>()).await) }),
        ),
        (
            "run_for",
            Box::pin(async move { drop(e.run_for(LONG, pending::<()>()).await) }),
        ),
        (
            "run_owned, shielded",
            Box::pin(async move {
                drop(
                    f.run_owned(async { shield(LONG, ready_at(2)).await.ok() })
                        .await,
                );
            }),
        ),
        (
            "take_until",
            Box::pin(async move {
                let mut items = stream::pending::<u8>().take_until_cancelled(&g);
                assert_eq!(items.next().await, None);
            }),
        ),
        (
            "in_ambient",
            Box::pin(owned().in_ambient(async {
                CancelScope::ambient()
                    .expect("it is inside")
                    .cancelled()
                    .await;
            })),
        ),
    ]
}

/// Ready at the n-th poll.
async fn ready_at(n: usize) {
    for _ in 1..n {
        tokio::task::yield_now().await;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Event {
    Nothing,
    Drain,
    Cancel,
    CancelAbove,
}

fn exhaust(check: impl Fn(usize, usize, Event, usize)) {
    for kind in 0..8 {
        for depth in 0..6 {
            for event in [
                Event::Nothing,
                Event::Drain,
                Event::Cancel,
                Event::CancelAbove,
            ] {
                for polls in 0..4 {
                    check(kind, depth, event, polls);
                }
            }
        }
    }
}

#[tokio::test]
async fn dropped_at_every_poll_they_leave_nothing() {
    exhaust(|kind, depth, event, polls| {
        let root = CancelScope::new().with_timeout(LONG);
        let mut scopes = vec![root.clone()];
        for _ in 0..depth {
            scopes.push(scopes[scopes.len() - 1].child());
        }
        let scope = scopes[depth].clone();
        let weak: Vec<_> = scopes.iter().map(CancelScope::downgrade).collect();
        drop(scopes);
        let (name, mut future) = futures(&scope).swap_remove(kind);
        let mut cx = Context::from_waker(Waker::noop());
        let mut ended = false;
        for at in 0..polls {
            if at == 1 {
                match event {
                    Event::Nothing => {}
                    Event::Drain => assert!(root.drain()),
                    Event::Cancel => assert!(scope.cancel()),
                    Event::CancelAbove => assert!(root.cancel()),
                }
            }
            if !ended {
                ended = future.as_mut().poll(&mut cx).is_ready();
            }
        }
        let stopped = matches!(event, Event::Cancel | Event::CancelAbove);
        let drained = event == Event::Drain && name == "draining";
        if polls > 1 && name != "run_owned, shielded" {
            assert_eq!(ended, stopped || drained, "{name} at depth {depth}");
        }
        drop(future);
        assert_eq!(scope.stats().waiters, 0, "{name} at depth {depth}");
        drop((scope, root));
        assert!(weak.iter().all(|weak| weak.upgrade().is_none()), "{name}");
    });
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_scope() {
    let scope = CancelScope::new();
    let mut items = stream::iter(0..).take_until_cancelled(&scope.child());
    assert_eq!(items.next().await, Some(0));
    scope.cancel();
    assert_eq!(items.next().await, None);
    assert_eq!(items.next().await, None);
    assert_eq!(
        items.into_inner().next().await,
        Some(1),
        "what was not taken is there"
    );

    let late = CancelScope::new().with_timeout(Duration::from_millis(5));
    let mut items = late.take_until(stream::pending::<()>());
    assert_eq!(items.next().await, None);
}

#[tokio::test]
async fn the_ambient_scope_is_the_innermost() {
    let (outer, inner) = (CancelScope::new(), CancelScope::new());
    outer
        .in_ambient(async {
            assert_eq!(CancelScope::ambient().as_ref(), Some(&outer));
            inner
                .in_ambient(async { assert_eq!(CancelScope::ambient().as_ref(), Some(&inner)) })
                .await;
            assert_eq!(CancelScope::ambient().as_ref(), Some(&outer));
        })
        .await;
    assert_eq!(CancelScope::ambient(), None);
}

#[test]
fn guards_cancel_unless_disarmed() {
    let scope = CancelScope::new();
    assert_eq!(scope.drop_guard_ref().disarm(), &scope);
    assert_eq!(scope.clone().drop_guard().disarm(), scope);
    assert!(!scope.is_cancelled());
    let line = line!() + 1;
    drop(scope.drop_guard_ref());
    assert_eq!(scope.reason().unwrap().location().unwrap().line(), line);
    let panics = CancelScope::new();
    let guard = panics.clone().drop_guard();
    let caught = std::panic::catch_unwind(move || {
        let _guard = guard;
        panic!("it was armed");
    });
    assert!(caught.is_err() && panics.is_cancelled());
}

#[test]
fn without_a_deadline_no_runtime_is_needed() {
    let scope = CancelScope::new();
    assert!(matches!(poll(scope.run(pending::<()>())), Poll::Pending));
    assert!(poll(scope.draining()).is_pending());
    scope.drain();
    assert!(poll(scope.draining()).is_ready());
    assert!(poll(scope.cancelled()).is_pending());
}
