//! Without a runtime, without timers, and beside them.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, ReasonKind, shield};
use tokio::runtime::{Builder, Handle};

use crate::poll;

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

/// What does not wait for a time needs nothing.
fn works_without_timers() {
    let scope = CancelScope::new().with_timeout(LONG);
    assert!(matches!(poll(scope.run(ready(1))), Poll::Ready(Ok(1))));
    assert!(matches!(
        poll(scope.run_for(LONG, ready(1))),
        Poll::Ready(Ok(1))
    ));
    assert!(matches!(poll(shield(LONG, ready(1))), Poll::Ready(Ok(1))));
    assert!(!scope.is_cancelled() && scope.reason().is_none());
    let free = CancelScope::new();
    assert!(poll(free.run_for(Duration::MAX, pending::<()>())).is_pending());
    assert!(poll(shield(Duration::MAX, pending::<()>())).is_pending());
    assert!(poll(free.cancelled()).is_pending());
    // Who has to wait for a time says so, and leaves nothing behind.
    let waits: [(&str, Box<dyn Fn()>); 4] = [
        ("run", Box::new(|| drop(poll(scope.run(pending::<()>()))))),
        (
            "cancelled",
            Box::new(|| drop(poll(scope.child().cancelled()))),
        ),
        (
            "run_for",
            Box::new(|| drop(poll(free.run_for(LONG, pending::<()>())))),
        ),
        (
            "shield",
            Box::new(|| drop(poll(free.run(shield(LONG, pending::<()>()))))),
        ),
    ];
    for (name, wait) in waits {
        assert!(catch_unwind(AssertUnwindSafe(wait)).is_err(), "{name}");
    }
    assert_eq!(scope.stats().waiters + free.stats().waiters, 0);
    assert!(poll(free.run(pending::<()>())).is_pending());
    assert!(scope.cancel() && free.cancel());
    assert!(matches!(
        poll(scope.run(pending::<()>())),
        Poll::Ready(Err(_))
    ));
    assert!(matches!(
        poll(free.run_for(LONG, pending::<()>())),
        Poll::Ready(Err(_))
    ));
    let late = CancelScope::new().with_timeout(Duration::ZERO);
    let reason = match poll(late.cancelled()) {
        Poll::Ready(reason) => reason,
        Poll::Pending => unreachable!("it need not wait"),
    };
    assert_eq!(reason.kind(), ReasonKind::Deadline);
}

#[test]
fn without_a_runtime_and_without_timers() {
    works_without_timers();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { works_without_timers() });
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime
        .block_on(runtime.spawn(async { works_without_timers() }))
        .unwrap();
    // After all that, where there are timers they work.
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let scope = CancelScope::new().with_timeout(SHORT);
    assert!(runtime.block_on(scope.run(pending::<()>())).is_err());
}

#[test]
fn on_blocking_threads() {
    for workers in [1, 2] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_time()
            .build()
            .unwrap();
        let blocking = runtime.spawn_blocking(|| {
            let handle = Handle::current();
            let late = CancelScope::new().with_timeout(SHORT);
            assert!(handle.block_on(late.child().run(pending::<()>())).is_err());
            let scope = CancelScope::new();
            assert!(
                handle
                    .block_on(scope.run_for(SHORT, pending::<()>()))
                    .is_err()
            );
            let computes = CancelScope::new().with_timeout(SHORT);
            while computes.check().is_ok() {
                std::thread::yield_now();
            }
        });
        runtime.block_on(blocking).unwrap();
    }
}

/// A scope whose last handle is a thread-local's goes with the thread; so does a wait on it, and a shield.
#[test]
fn at_the_end_of_a_thread() {
    use std::cell::RefCell;
    type Wait = std::pin::Pin<Box<dyn Future<Output = ()>>>;
    thread_local! {
        static LEFT: RefCell<Vec<(CancelScope, Wait)>> = const { RefCell::new(Vec::new()) };
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let root = CancelScope::new();
    let (scope, handle) = (root.child().with_timeout(LONG), runtime.handle().clone());
    std::thread::spawn(move || {
        let _entered = handle.enter();
        let waits = scope.clone();
        let mut wait: Wait = Box::pin(async move {
            drop(waits.run(shield(LONG, pending::<()>())).await);
        });
        assert!(poll(wait.as_mut()).is_pending());
        let waits = scope.clone();
        let mut other: Wait = Box::pin(async move { drop(waits.cancelled().await) });
        assert!(poll(other.as_mut()).is_pending());
        let guarded: Wait = Box::pin(async {});
        LEFT.with_borrow_mut(|left| {
            left.push((scope.clone(), wait));
            left.push((scope.clone(), other));
            left.push((scope, guarded));
        });
    })
    .join()
    .unwrap();
    assert_eq!(root.stats().linked_children, 0);
}
