//! One limit under several runtimes, and under none.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use aqueduct_backpressure::rate::{Quota, RateLimiter};
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
        let waiter = limiter.clone().acquire_owned(1);
        first.spawn(waiter);
        first.block_on(async { tokio::task::yield_now().await });
        assert_eq!(limiter.stats().waiting, 1);

        let second = thread::spawn({
            let limiter = limiter.clone();
            move || runtime().block_on(async move { limiter.acquire(1).await.unwrap() })
        });
        while limiter.stats().waiting < 2 {
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
    let mut stays = Box::pin(limiter.clone().acquire_owned(1));
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
    while limiter.stats().waiting < 2 {
        thread::yield_now();
    }
    drop(first);
    second.join().unwrap();
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
        let start = std::time::Instant::now();
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
