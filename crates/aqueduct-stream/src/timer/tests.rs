use std::future::poll_fn;
use std::task::Waker;

use tokio::time::{advance, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Waits for a timer, and says how long it took.
async fn waited(timer: &mut Timer) -> Duration {
    let start = Instant::now();
    poll_fn(|cx| timer.poll(cx)).await;
    start.elapsed()
}

fn is_ready(timer: &mut Timer) -> bool {
    timer
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

#[tokio::test(start_paused = true)]
async fn a_moment_is_waited_for_and_stays_passed() {
    let mut timer = Timer::new();
    timer.set_in(SECOND);
    assert_eq!(waited(&mut timer).await, SECOND);
    assert_eq!(waited(&mut timer).await, Duration::ZERO);
    timer.clear();
    assert!(!is_ready(&mut timer));
}

#[tokio::test(start_paused = true)]
async fn without_a_moment_it_waits_for_ever() {
    let mut timer = Timer::new();
    assert!(timeout(SECOND, waited(&mut timer)).await.is_err());
    timer.set_in(Duration::MAX);
    assert!(!timer.is_set());
}

#[tokio::test(start_paused = true)]
async fn a_moment_put_off_is_waited_for_exactly() {
    let mut timer = Timer::new();
    timer.set_in(SECOND);
    for _ in 0..5 {
        assert!(!is_ready(&mut timer));
        advance(SECOND / 2).await;
        timer.set_in(SECOND);
    }
    assert_eq!(waited(&mut timer).await, SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_moment_put_off_keeps_its_alarm_and_a_nearer_one_does_not() {
    let mut timer = Timer::new();
    timer.set_in(2 * SECOND);
    assert!(!is_ready(&mut timer));
    let first = timer.alarm_at;
    timer.clear();
    timer.set_in(3 * SECOND);
    assert!(!is_ready(&mut timer));
    assert_eq!(timer.alarm_at, first);
    timer.set_in(SECOND);
    assert_eq!(waited(&mut timer).await, SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_went_off_unseen_is_no_moment() {
    let mut timer = Timer::new();
    timer.set_in(SECOND);
    assert!(!is_ready(&mut timer));
    advance(2 * SECOND).await;
    // It has gone off, for nobody; a later moment is one all the same.
    timer.set_in(SECOND);
    assert_eq!(waited(&mut timer).await, SECOND);
}
