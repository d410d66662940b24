use std::future::pending;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{advance, sleep};

use super::*;
use crate::CancelScope;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn needs_clock(scope: &CancelScope) -> bool {
    scope.node().word.load().needs_clock()
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_time().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap(),
    ]
}

#[tokio::test(start_paused = true)]
async fn one_timer_for_all_who_wait() {
    let scope = CancelScope::new().with_timeout(ms(10));
    assert!(needs_clock(&scope));
    let leaves: Vec<_> = (0..10)
        .map(|_| scope.child().child().child().child().child())
        .collect();
    let waits: Vec<_> = leaves
        .iter()
        .map(|leaf| tokio::spawn(leaf.cancelled_owned()))
        .collect();
    tokio::task::yield_now().await;
    assert!(!needs_clock(&scope));
    for leaf in &leaves {
        // Whoever looks finds that there is a timer, and says so to those below.
        assert!(!leaf.is_cancelled());
        assert!(!leaf.is_cancelled());
        assert!(!needs_clock(leaf));
    }
    for wait in waits {
        assert_eq!(wait.await.unwrap().kind(), ReasonKind::Deadline);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scope_with_a_deadline_of_its_own_does_not_ask_for_those_above() {
    let root = CancelScope::new().with_timeout(ms(100));
    let child = root.child().with_timeout(ms(10));
    let mut wait = Box::pin(child.cancelled());
    assert!(futures_util::poll!(&mut wait).is_pending());
    assert!(needs_clock(&root) && !needs_clock(&child));
    assert!(!child.is_cancelled());
    advance(ms(10)).await;
    assert!(child.is_cancelled() && !root.is_cancelled());
    advance(ms(90)).await;
    assert!(root.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_word_that_was_said_comes_before_the_clock() {
    let root = CancelScope::new();
    let scope = root.child().with_timeout(ms(10));
    root.cancel_because("first");
    advance(ms(20)).await;
    assert_eq!(scope.child().reason().unwrap().message(), "first");
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_the_deadline_too() {
    let scope = CancelScope::new().with_timeout(ms(10));
    let child = scope.child();
    child.draining().await;
    assert!(child.is_draining() && scope.is_cancelled());
    assert!(CancelScope::new().with_timeout(ms(0)).is_draining());
}

#[tokio::test(start_paused = true)]
async fn the_nearest_deadline_is_the_one_that_counts() {
    let now = Instant::now();
    let scope = CancelScope::new().with_deadline(now + ms(10));
    assert_eq!(
        scope.clone().with_timeout(ms(50)).deadline(),
        Some(now + ms(10))
    );
    assert_eq!(
        scope.with_timeout(ms(5)).with_timeout(ms(7)).deadline(),
        Some(now + ms(5))
    );
    assert_eq!(
        CancelScope::new().with_timeout(Duration::MAX).deadline(),
        None
    );
}

#[test]
fn deadlines_nest_on_both_runtimes() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let outer = CancelScope::new().with_timeout(ms(60));
            let inner = outer.child().with_timeout(ms(20));
            let begun = std::time::Instant::now();
            let task = tokio::spawn({
                let inner = inner.clone();
                async move { inner.run(pending::<()>()).await }
            });
            assert!(task.await.unwrap().is_err());
            assert!(begun.elapsed() >= ms(20));
            assert!(!outer.is_cancelled());
            assert!(outer.run(pending::<()>()).await.is_err());
            assert!(begun.elapsed() >= ms(60));
        });
    }
}

/// There is a timer, but the thread that would let it fire is busy asking.
#[test]
fn who_computes_sees_a_deadline_that_the_timer_cannot_tell_of() {
    let runtime = &runtimes()[0];
    runtime.block_on(async {
        type Ask = fn(&CancelScope) -> bool;
        let asks: [Ask; 3] = [
            CancelScope::is_cancelled,
            CancelScope::is_draining,
            |scope| scope.check().is_err(),
        ];
        for ask in asks {
            let scope = CancelScope::new().with_timeout(ms(20)).child();
            let work = scope.run(async {
                tokio::task::yield_now().await;
                assert!(!needs_clock(&scope), "the run has set a timer");
                let begun = std::time::Instant::now();
                while !ask(&scope) {
                    assert!(begun.elapsed() < ms(10_000), "it never ends");
                    std::thread::sleep(ms(1));
                }
                scope.reason().unwrap().kind()
            });
            assert_eq!(work.await.unwrap(), ReasonKind::Deadline);
        }
    });
}

/// The runtime that has the timer goes; who waits in another one sees to a new timer there, and who only looks looks
/// at the clock.
#[test]
fn a_timer_outlives_its_runtime() {
    for runtime in runtimes() {
        let scope = CancelScope::new().with_timeout(ms(300));
        let leaf = scope.child().child().child().child().child();
        let (waits, armed) = (leaf.clone(), scope.clone());
        runtime.block_on(async move {
            tokio::spawn(async move { waits.cancelled().await });
            while needs_clock(&armed) {
                tokio::task::yield_now().await;
            }
        });
        assert!(!needs_clock(&scope));
        let elsewhere = leaf.clone();
        let other = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async move { elsewhere.cancelled().await.kind() })
        });
        while leaf.stats().waiters < 2 {
            std::thread::yield_now();
        }
        drop(runtime);
        assert_eq!(other.join().unwrap(), ReasonKind::Deadline);
        assert!(leaf.is_cancelled() && scope.is_cancelled());
    }
}

#[test]
fn without_who_waits_the_loss_of_a_timer_means_the_clock() {
    let scope = CancelScope::new().with_timeout(ms(30));
    let leaf = scope.child().child().child().child();
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut wait = Box::pin(leaf.cancelled());
            assert!(futures_util::poll!(&mut wait).is_pending());
        });
        assert!(!needs_clock(&scope) && !leaf.is_cancelled());
        drop(runtime);
        assert!(needs_clock(&scope) && !leaf.is_cancelled());
    }
    std::thread::sleep(ms(30));
    assert!(leaf.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_timer_keeps_no_scope_alive() {
    let scope = CancelScope::new().with_timeout(ms(10));
    let weak = scope.downgrade();
    {
        let mut wait = Box::pin(scope.cancelled());
        assert!(futures_util::poll!(&mut wait).is_pending());
    }
    drop(scope);
    assert!(weak.upgrade().is_none());
    sleep(ms(20)).await;
}

#[test]
fn waiting_for_a_deadline_without_a_runtime_panics_and_leaves_nothing() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let scope = CancelScope::new().with_timeout(ms(10_000));
    let panicked = std::panic::catch_unwind(|| {
        let mut wait = Box::pin(scope.cancelled());
        let mut cx = std::task::Context::from_waker(Waker::noop());
        SEEN.store(1, Ordering::Relaxed);
        let _ = wait.as_mut().poll(&mut cx);
        SEEN.store(2, Ordering::Relaxed);
    });
    assert!(panicked.is_err());
    assert_eq!(SEEN.load(Ordering::Relaxed), 1);
    assert_eq!(scope.stats().waiters, 0);
    assert!(!scope.is_cancelled() && needs_clock(&scope));
}
