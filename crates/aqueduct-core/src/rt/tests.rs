use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::thread;

use tokio::time::{advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[tokio::test(start_paused = true)]
async fn the_deadline_comes_on_time() {
    let start = Instant::now();
    assert_eq!(until(deadline_in(SECOND), pending::<()>()).await, None);
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_future_comes_first() {
    let start = Instant::now();
    let work = async {
        sleep(SECOND).await;
        7
    };
    assert_eq!(until(deadline_in(2 * SECOND), work).await, Some(7));
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_leaves_one_poll() {
    let past = Instant::now();
    advance(SECOND).await;
    let before = Instant::now();
    assert_eq!(until(Some(past), ready(7)).await, Some(7));
    let mut polls = 0;
    let count = poll_fn(|_| {
        polls += 1;
        Poll::<()>::Pending
    });
    assert_eq!(until(Some(past), count).await, None);
    assert_eq!((polls, before.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn far_is_far_and_too_far_is_never() {
    let start = Instant::now();
    // Further than one turn of Tokio's timer wheel.
    assert_eq!(until(deadline_in(5 * YEAR), pending::<()>()).await, None);
    assert_eq!(start.elapsed(), 5 * YEAR);
    assert_eq!(deadline_in(Duration::MAX), None);
    let work = sleep(10 * YEAR);
    assert_eq!(until(deadline_in(Duration::MAX), work).await, Some(()));
}

#[test]
fn without_need_of_a_timer_no_runtime_is_needed() {
    let mut cx = Context::from_waker(Waker::noop());
    let some = Some(Instant::now());
    assert_eq!(
        pin!(until(some, ready(7))).poll(&mut cx),
        Poll::Ready(Some(7))
    );
    assert_eq!(
        pin!(until(None, pending::<()>())).poll(&mut cx),
        Poll::Pending
    );
    let waits = AssertUnwindSafe(|| {
        pin!(until(some, pending::<()>())).poll(&mut Context::from_waker(Waker::noop()))
    });
    assert!(catch_unwind(waits).is_err());
}

/// A future that spends the whole budget at each poll would never be stopped, if the timer were to ask for some.
#[tokio::test]
async fn the_deadline_comes_though_the_budget_is_spent() {
    let start = std::time::Instant::now();
    let greedy = poll_fn(|cx| {
        assert!(start.elapsed() < 20 * SECOND, "the deadline never came");
        while let Poll::Ready(budget) = poll_proceed(cx) {
            budget.made_progress();
        }
        Poll::<()>::Pending
    });
    let limit = Duration::from_millis(5);
    assert_eq!(until(deadline_in(limit), greedy).await, None);
}

#[test]
fn block_on_works_where_tokio_lets_it() {
    assert_eq!(block_on(async { 7 }), 7, "on a thread without a runtime");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _in_runtime = runtime.enter();
    assert_eq!(block_on(async { 7 }), 7, "on a thread that knows one");
    let blocking = runtime.spawn_blocking(|| block_on(async { 7 }));
    assert_eq!(runtime.block_on(blocking).unwrap(), 7, "on a thread for it");
    let within = AssertUnwindSafe(|| runtime.block_on(async { block_on(async {}) }));
    assert!(
        catch_unwind(within).is_err(),
        "not on one that drives tasks"
    );
}

#[test]
fn block_on_is_woken_from_other_threads() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for in_runtime in [false, true] {
        let _in_runtime = in_runtime.then(|| runtime.enter());
        let (wakers, waker) = mpsc::channel::<Waker>();
        let other = thread::spawn(move || waker.recv().unwrap().wake());
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls > 1 {
                return Poll::Ready(());
            }
            wakers.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        other.join().unwrap();
    }
}

#[test]
fn whether_a_runtime_drives_timers() {
    use tokio::runtime::Builder;

    assert!(!drives_timers());
    let with = Builder::new_current_thread().enable_time().build().unwrap();
    let without = Builder::new_current_thread().build().unwrap();
    for _ in 0..2 {
        assert!(with.block_on(async { drives_timers() }));
        assert!(!without.block_on(async { drives_timers() }));
    }
    // More of them than are remembered.
    let more: Vec<_> = (0..2 * WITHOUT_MAX)
        .map(|_| Builder::new_current_thread().build().unwrap())
        .collect();
    assert!(
        more.iter()
            .all(|it| !it.block_on(async { drives_timers() }))
    );
    assert!(!without.block_on(async { drives_timers() }));
}
