//! One limit under several runtimes, and under none.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use aqueduct_backpressure::rate::{AcquireTimeoutError, Quota, RateLimiter};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn exhausted(millis: u64) -> RateLimiter {
    let limiter = RateLimiter::new(Quota::every(Duration::from_millis(millis)));
    limiter.try_acquire(1).unwrap();
    limiter
}

/// L1: the alarm was set on a runtime that goes away; who waits on another is served all the same.
#[test]
fn a_runtime_that_goes_away_takes_nobody_with_it() {
    for _ in 0..10 {
        let limiter = exhausted(30);
        let first = runtime();
        // Sets the alarm there, and stays in line. What is spawned is dropped with the runtime.
        let waiter = limiter.acquire_owned(1);
        first.spawn(waiter);
        first.block_on(async { tokio::task::yield_now().await });
        assert_eq!(limiter.stats().waiting, 1);

        let second = thread::spawn({
            let limiter = limiter.clone();
            move || runtime().block_on(async move { limiter.acquire(1).await.unwrap() })
        });
        // On a machine that is busy enough it comes so late that it need not wait.
        while limiter.stats().waiting < 2 && !second.is_finished() {
            thread::yield_now();
        }
        drop(first);
        second.join().unwrap();
    }
}

/// As above, where the one whose runtime went away stays in line, since it is not dropped.
#[test]
fn an_alarm_that_cannot_be_set_again_sends_all_to_set_their_own() {
    let limiter = exhausted(50);
    let first = runtime();
    let mut stays = Box::pin(limiter.acquire_owned(1));
    let waker = Waker::noop();
    {
        let _context = first.enter();
        assert!(
            stays
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
    }
    let second = thread::spawn({
        let limiter = limiter.clone();
        move || runtime().block_on(async move { limiter.acquire(1).await.unwrap() })
    });
    while limiter.stats().waiting < 2 && !second.is_finished() {
        thread::yield_now();
    }
    drop(first);
    second.join().unwrap();
}

fn poll_in<F: Future>(runtime: &Runtime, future: Pin<&mut F>) -> Poll<F::Output> {
    let _context = runtime.enter();
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// L1: a runtime that lives and is not driven has an alarm that never goes off.
#[test]
fn a_runtime_that_nobody_drives_keeps_nobody_waiting() {
    let limiter = exhausted(100);
    let first = runtime();
    let timeout = Duration::from_millis(5);
    let elapsed = first.block_on(limiter.acquire_timeout(1, timeout));
    assert_eq!(elapsed, Err(AcquireTimeoutError::Elapsed));
    // Neither whose waiter has left, nor whose waiter is in line.
    for _ in 0..2 {
        let second = runtime();
        let served = second.block_on(async {
            tokio::time::timeout(Duration::from_secs(5), limiter.acquire(1)).await
        });
        assert_eq!(served, Ok(Ok(())));
        let mut stays = Box::pin(limiter.acquire_owned(1));
        assert!(poll_in(&first, stays.as_mut()).is_pending());
        std::mem::forget(stays);
    }
}

/// L1: who is polled by another runtime than before is served by that one.
#[test]
fn a_waiter_may_move_to_another_runtime() {
    let limiter = exhausted(100);
    let first = runtime();
    let mut moves = Box::pin(limiter.acquire(1));
    assert!(poll_in(&first, moves.as_mut()).is_pending());
    let served =
        runtime().block_on(async { tokio::time::timeout(Duration::from_secs(5), moves).await });
    assert_eq!(served, Ok(Ok(())));
}

/// L1: when the first leaves, the alarm of the next is brought forward, on whatever runtime it is.
#[test]
fn whoever_leaves_brings_the_alarms_of_others_forward() {
    let limiter = RateLimiter::new(Quota::every(Duration::from_millis(500)).with_burst(10));
    limiter.try_acquire(10).unwrap();
    let first = runtime();
    let mut wants_all = Box::pin(limiter.acquire(10));
    assert!(poll_in(&first, wants_all.as_mut()).is_pending());
    let second = thread::spawn({
        let limiter = limiter.clone();
        move || runtime().block_on(async move { limiter.acquire(1).await.unwrap() })
    });
    while limiter.stats().waiting < 2 {
        thread::yield_now();
    }
    let began = Instant::now();
    // Here, where there is no runtime.
    drop(wants_all);
    second.join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn without_waiting_no_runtime_is_needed() {
    let limiter = RateLimiter::new(Quota::per_hour(2));
    let mut free = pin!(limiter.acquire(2));
    assert!(
        free.as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    );
    assert!(limiter.try_acquire(1).is_err());
}

#[test]
#[should_panic(expected = "no reactor running")]
fn to_wait_without_a_runtime_is_a_panic() {
    let limiter = exhausted(1_000);
    let _ = pin!(limiter.acquire(1)).poll(&mut Context::from_waker(Waker::noop()));
}

/// Real time, several workers: no more than the rate allows, and all are served.
#[test]
fn several_workers_share_one_limit() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limiter = RateLimiter::new(Quota::per_second(2_000).with_burst(20));
        let start = Instant::now();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move {
                    for _ in 0..30 {
                        limiter.acquire(1).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        // 240 of which 20 are free at once.
        assert!(start.elapsed() >= Duration::from_millis(110));
    });
}
