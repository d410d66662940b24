//! Alarms and the life of the runtimes that drive them.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::LocalSet;

use super::*;
use crate::rt::{deadline_in, until};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn two_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
}

impl Alarm {
    fn is_of(&self, runtime: &Handle) -> bool {
        self.shard.lock().is_owned_by(runtime.id())
    }
}

#[test]
fn it_works_wherever_tokio_has_timers() {
    async fn waits() {
        let start = Instant::now();
        alarm_at(start + 5 * MS).await;
        assert!(start.elapsed() >= 5 * MS);
    }
    for runtime in [one_thread(), two_workers()] {
        runtime.block_on(waits());
        runtime.block_on(runtime.spawn(waits())).unwrap();
        runtime.block_on(LocalSet::new().run_until(waits()));
        let handle = runtime.handle().clone();
        let blocking = runtime.spawn_blocking(move || handle.block_on(waits()));
        runtime.block_on(blocking).unwrap();
    }
}

#[test]
fn without_timers_it_panics_as_tokio_does() {
    let set = || Alarm::set(Instant::now() + SECOND, Waker::noop().clone());
    assert!(catch_unwind(set).is_err(), "no runtime");
    let without_time = Builder::new_current_thread().build().unwrap();
    let within = AssertUnwindSafe(|| without_time.block_on(async { set() }));
    assert!(catch_unwind(within).is_err(), "no time driver");
    let runtime = one_thread();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _in_runtime = handle.enter();
    assert!(catch_unwind(set).is_err(), "it was shut down");
    // Nothing is left behind that others would run into.
    drop(_in_runtime);
    one_thread().block_on(alarm_at(Instant::now() + MS));
}

#[test]
fn a_runtime_within_another_has_its_own() {
    let (outer, inner) = (one_thread(), two_workers());
    outer.block_on(async {
        let probe = Probe::new();
        let of_outer = Alarm::set(Instant::now() + HOUR, probe.waker());
        let (of_inner, gone_off) = {
            let _in_inner = inner.enter();
            let (sender, receiver) = std::sync::mpsc::channel();
            let waker = calls(move || sender.send(()).unwrap());
            (Alarm::set(Instant::now() + MS, waker), receiver)
        };
        let again = Alarm::set(Instant::now() + HOUR, probe.waker());
        assert!(of_outer.is_of(outer.handle()) && again.is_of(outer.handle()));
        assert!(of_inner.is_of(inner.handle()));
        // This thread does not turn the inner one's driver.
        gone_off.recv_timeout(20 * SECOND).unwrap();
        assert_eq!(probe.wakes(), 0);
    });
}

#[test]
fn one_runtime_after_another_on_the_same_thread() {
    for n in 0..50 {
        let runtime = one_thread();
        let probe = Probe::new();
        let left_over = runtime.block_on(async {
            let left_over = Alarm::set(Instant::now() + HOUR, probe.waker());
            assert!(left_over.is_of(runtime.handle()), "runtime {n}");
            alarm_at(Instant::now() + MS).await;
            left_over
        });
        assert_eq!((probe.wakes(), probe.alive()), (0, 1));
        drop(runtime);
        assert_eq!((probe.wakes(), probe.alive()), (1, 0));
        drop(left_over);
    }
}

#[test]
fn whose_runtime_goes_away_waits_on_in_another() {
    let (first, second) = (two_workers(), one_thread());
    let start = Instant::now();
    let mut waits = Box::pin(until(Some(start + 50 * MS), pending::<()>()));
    first.block_on(async {
        let once = poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_ready()));
        assert!(!once.await);
    });
    let waits = second.spawn(waits);
    // Turns the second's driver, and the waker is now one of its tasks.
    second.block_on(yield_now());
    drop(first);
    assert_eq!(second.block_on(waits).unwrap(), None);
    assert!(start.elapsed() >= 50 * MS);
}

#[test]
fn a_timer_that_is_overdue_at_shutdown_is_no_panic() {
    let probe = Probe::new();
    for runtime in [one_thread(), two_workers()] {
        let alarms = runtime.block_on(async {
            let start = Instant::now();
            let alarms = [MS, HOUR, 2 * HOUR].map(|after| Alarm::set(start + after, probe.waker()));
            thread::sleep(3 * MS);
            alarms
        });
        drop(runtime);
        assert_eq!(probe.alive(), 0);
        drop(alarms);
    }
    assert_eq!(probe.wakes(), 6);
}

/// What a runtime holds is gone once it is, though alarms that were set on it are still there.
#[test]
fn nothing_of_a_runtime_is_kept() {
    for kept in [false, true] {
        let token = Arc::new(());
        let held = token.clone();
        let runtime = Builder::new_current_thread()
            .enable_time()
            .on_thread_park(move || drop(held.clone()))
            .build()
            .unwrap();
        let alarms = runtime.block_on(async {
            let alarms: Vec<_> = (1..1000)
                .map(|n| Alarm::set(Instant::now() + n * HOUR, Waker::noop().clone()))
                .collect();
            alarm_at(Instant::now() + MS).await;
            if kept { alarms } else { Vec::new() }
        });
        assert_eq!(Arc::strong_count(&token), 2);
        drop(runtime);
        assert_eq!(Arc::strong_count(&token), 1, "alarms kept: {kept}");
        drop(alarms);
    }
}

/// Other tests have shards, too; but a hundred runtimes, one after the other, need no hundred.
#[test]
fn shards_are_used_again() {
    let before = find::count();
    for _ in 0..100 {
        one_thread().block_on(async {
            let _left = Alarm::set(Instant::now() + HOUR, Waker::noop().clone());
        });
    }
    assert!(find::count() < before + 60, "{} shards", find::count());
}

#[test]
fn the_last_alarm_takes_the_timer_with_it() {
    let runtime = one_thread();
    runtime.block_on(async {
        let alarm = Alarm::set(Instant::now() + MS, Waker::noop().clone());
        sleep(10 * MS).await;
        {
            // Idle, or another test's by now.
            let here = tokio::runtime::Handle::current().id();
            let state = alarm.shard.lock();
            assert!(state.is_idle() || !state.is_owned_by(here));
        }
        alarm_at(Instant::now() + MS).await;
    });
}

/// Two workers, deadlines that pass and deadlines that do not, and tasks that move.
#[test]
fn everybody_is_woken() {
    let runtime = two_workers();
    let ends = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..200)
        .map(|seed| {
            let ends = ends.clone();
            runtime.spawn(async move {
                let mut random = Random::new(seed);
                for _ in 0..20 {
                    let limit = Duration::from_micros(random.below(3000));
                    let work = Duration::from_micros(random.below(3000));
                    let deadline = Instant::now() + limit;
                    match until(Some(deadline), sleep(work)).await {
                        Some(()) => {}
                        None => assert!(Instant::now() >= deadline),
                    }
                    assert_eq!(until(deadline_in(HOUR), ready(7)).await, Some(7));
                    until(deadline_in(HOUR), yield_now()).await.unwrap();
                }
                ends.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    let all = runtime.block_on(async { tokio::time::timeout(60 * SECOND, all).await });
    assert!(all.is_ok(), "{} of 200 ended", ends.load(Ordering::Relaxed));
}

/// As if another thread had taken the shard for its runtime, while this thread remembers it.
#[test]
fn a_shard_that_was_given_away_is_not_used() {
    let runtime = one_thread();
    runtime.block_on(async {
        let first = Alarm::set(Instant::now() + MS, Waker::noop().clone());
        sleep(10 * MS).await;
        let mut state = first.shard.lock();
        assert!(state.is_idle());
        state.owner = None;
        drop(state);
        let second = Alarm::set(Instant::now() + HOUR, Waker::noop().clone());
        assert!(second.is_of(runtime.handle()));
    });
}
