use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{LocalSet, yield_now};
use tokio::time::{advance, sleep, sleep_until};

use super::*;
use crate::rt::{deadline_in, until};
use crate::testing::{Probe, Random};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

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

/// Waits for one alarm, which is not set anew.
async fn alarm_at(at: Instant) {
    let mut alarm = None::<Alarm>;
    poll_fn(|cx| match &mut alarm {
        Some(alarm) => match alarm.update(cx.waker()) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        },
        None => {
            alarm = Some(Alarm::set(at, cx.waker().clone()));
            Poll::Pending
        }
    })
    .await
}

/// A waker that writes its name on a list.
fn writes(name: usize, list: &Arc<Mutex<Vec<usize>>>) -> Waker {
    let list = list.clone();
    calls(move || list.lock().unwrap().push(name))
}

fn calls(hook: impl FnMut() + Send + 'static) -> Waker {
    let probe = Probe::new();
    probe.on_wake(hook);
    probe.waker()
}

#[tokio::test(start_paused = true)]
async fn the_earliest_is_first_and_equals_come_as_they_were_set() {
    let list = Arc::default();
    let start = Instant::now();
    let mut random = Random::new(7);
    let mut expected: Vec<_> = (0..1000).map(|name| (random.below(50), name)).collect();
    let alarms: Vec<_> = expected
        .iter()
        .map(|&(ms, name)| Alarm::set(start + MS * ms as u32, writes(name, &list)))
        .collect();
    expected.sort_unstable();
    sleep(SECOND).await;
    // What was due when it was set was called there and then.
    let expected: Vec<_> = expected.into_iter().map(|(_, name)| name).collect();
    assert_eq!(*list.lock().unwrap(), expected);
    drop(alarms);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stops_where_it_would_for_tokio() {
    let start = Instant::now();
    for micros in [
        1,
        999,
        1000,
        1001,
        1500,
        63_999,
        70_000,
        5_000_000,
        4_000_000_000,
    ] {
        let at = Instant::now() + Duration::from_micros(micros);
        let ((), by_tokio) = tokio::join!(alarm_at(at), async {
            sleep_until(at).await;
            Instant::now()
        });
        assert_eq!(Instant::now(), by_tokio, "after {micros} µs");
        assert!(by_tokio >= at && by_tokio < at + MS);
    }
    assert!(start.elapsed() > HOUR);
}

#[tokio::test(start_paused = true)]
async fn an_earlier_one_may_come_later_and_a_removed_one_holds_nobody_up() {
    let start = Instant::now();
    let late = tokio::spawn(async move {
        alarm_at(start + 9 * SECOND).await;
        start.elapsed()
    });
    yield_now().await;
    let probe = Probe::new();
    let removed = Alarm::set(start + 2 * SECOND, probe.waker());
    let early = tokio::spawn(async move {
        alarm_at(start + 5 * SECOND).await;
        start.elapsed()
    });
    yield_now().await;
    drop(removed);
    assert_eq!(probe.alive(), 0);
    assert_eq!(early.await.unwrap(), 5 * SECOND);
    assert_eq!(late.await.unwrap(), 9 * SECOND);
    assert_eq!(probe.wakes(), 0);
}

#[tokio::test(start_paused = true)]
async fn advancing_the_clock_by_hand_wakes_what_is_due() {
    let start = Instant::now();
    let probe = Probe::new();
    let mut soon = Alarm::set(start + 2 * SECOND, probe.waker());
    let mut later = Alarm::set(start + 4 * SECOND, probe.waker());
    advance(2 * SECOND - MS).await;
    assert!(soon.update(&probe.waker()) && later.update(&probe.waker()));
    advance(MS).await;
    assert!(!soon.update(&probe.waker()) && later.update(&probe.waker()));
    assert_eq!((probe.wakes(), probe.alive()), (1, 1));
    advance(HOUR).await;
    assert!(!later.update(&probe.waker()));
    assert_eq!((probe.wakes(), probe.alive()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_late_goes_off_at_once() {
    let at = Instant::now();
    let probe = Probe::new();
    let mut alarm = Alarm::set(at, probe.waker());
    assert_eq!((probe.wakes(), probe.alive()), (1, 0));
    assert!(!alarm.update(&probe.waker()));
    assert!(Alarm::set_unless_past(at, probe.waker()).is_none());
    assert_eq!((probe.wakes(), probe.alive()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn another_waker_takes_the_place_of_the_first() {
    let (first, second) = (Probe::new(), Probe::new());
    let mut alarm = Alarm::set(Instant::now() + SECOND, first.waker());
    assert!(alarm.update(&first.waker()));
    assert_eq!(first.clones(), 0, "it was the same");
    assert!(alarm.update(&second.waker()));
    assert_eq!((first.alive(), second.alive()), (0, 1));
    sleep(2 * SECOND).await;
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
    assert!(!alarm.update(&first.waker()));
}

#[tokio::test(start_paused = true)]
async fn of_many_all_that_stay_go_off_once() {
    let mut random = Random::new(3);
    let start = Instant::now();
    let (stays, leaves) = (Probe::new(), Probe::new());
    let mut kept = Vec::new();
    let mut removed = Vec::new();
    for n in 0..20_000 {
        let at = start + MS * random.below(100_000) as u32 + MS;
        match n % 2 {
            0 => kept.push(Alarm::set(at, stays.waker())),
            _ => removed.push(Alarm::set(at, leaves.waker())),
        }
    }
    drop(removed);
    assert_eq!(leaves.alive(), 0);
    sleep_until(start + 50 * SECOND).await;
    let half = stays.wakes();
    assert!((4_500..5_500).contains(&half), "{half} at half time");
    assert_eq!(stays.alive(), kept.len() - half);
    sleep_until(start + 101 * SECOND).await;
    assert_eq!((stays.wakes(), stays.alive()), (kept.len(), 0));
    assert_eq!(leaves.wakes(), 0);
}

#[tokio::test(start_paused = true)]
async fn wakers_may_set_and_remove_alarms() {
    let at = Instant::now() + SECOND;
    let victim = Probe::new();
    let doomed = Mutex::new(Some(Alarm::set(at + MS, victim.waker())));
    let second = Probe::new();
    let waker = second.waker();
    let set: Arc<Mutex<Vec<Alarm>>> = Arc::default();
    let sets = set.clone();
    let alarm = Alarm::set(
        at,
        calls(move || {
            drop(doomed.lock().unwrap().take());
            let next = Alarm::set(Instant::now() + SECOND, waker.clone());
            sets.lock().unwrap().push(next);
        }),
    );
    sleep(SECOND + MS).await;
    assert_eq!((victim.wakes(), victim.alive(), second.wakes()), (0, 0, 0));
    sleep(SECOND).await;
    assert_eq!(second.wakes(), 1);
    drop(alarm);
}

#[tokio::test(start_paused = true)]
async fn a_waker_that_panics_takes_nobody_with_it() {
    let at = Instant::now() + SECOND;
    let probe = Probe::new();
    let mut alarms = vec![Alarm::set(at + SECOND, probe.waker())];
    for n in 0..100 {
        let waker = match n % 10 {
            0 => calls(|| panic!("as expected")),
            _ => probe.waker(),
        };
        alarms.push(Alarm::set(at, waker));
    }
    sleep(SECOND + MS).await;
    assert_eq!(probe.wakes(), 90);
    sleep(SECOND).await;
    assert_eq!(probe.wakes(), 91);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_at_the_end_of_the_clock_never_goes_off() {
    let mut last = Instant::now();
    for power in (0..64).rev() {
        last = last
            .checked_add(Duration::from_secs(1 << power))
            .unwrap_or(last);
    }
    last = last
        .checked_add(Duration::from_nanos(999_999_998))
        .unwrap_or(last);
    let probe = Probe::new();
    let mut alarm = Alarm::set(last, probe.waker());
    let mut sooner = Alarm::set(Instant::now() + SECOND, probe.waker());
    sleep(1000 * HOUR).await;
    assert!(alarm.update(&probe.waker()) && !sooner.update(&probe.waker()));
    assert_eq!(probe.wakes(), 1);
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
        assert!(alarm.shard.lock().is_idle());
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
