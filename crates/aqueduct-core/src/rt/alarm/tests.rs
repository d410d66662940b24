mod runtimes;

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{advance, sleep, sleep_until};

use super::*;
use crate::testing::{Probe, Random};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

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

/// What a panic carries. Dropped, it may panic by itself, with nothing.
struct Payload {
    _alive: Arc<()>,
    panics: bool,
}

impl Drop for Payload {
    fn drop(&mut self) {
        if self.panics {
            std::panic::panic_any(());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_waker_panics_with_is_dropped() {
    let at = Instant::now() + SECOND;
    let (probe, alive) = (Probe::new(), Arc::new(()));
    let panicking = [false, true].map(|panics| {
        let alive = alive.clone();
        let payload = move || Payload {
            _alive: alive.clone(),
            panics,
        };
        Alarm::set(at, calls(move || std::panic::panic_any(payload())))
    });
    let last = Alarm::set(at, probe.waker());
    sleep(SECOND + MS).await;
    assert_eq!(probe.wakes(), 1);
    drop((panicking, last));
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_at_the_end_of_the_clock_never_goes_off() {
    let mut last = Instant::now();
    let seconds = (0..64).rev().map(|power| Duration::from_secs(1 << power));
    let nanos = (0..30).rev().map(|power| Duration::from_nanos(1 << power));
    for step in seconds.chain(nanos) {
        last = last.checked_add(step).unwrap_or(last);
    }
    let probe = Probe::new();
    let mut alarm = Alarm::set(last, probe.waker());
    let mut sooner = Alarm::set(Instant::now() + SECOND, probe.waker());
    sleep(1000 * HOUR).await;
    assert!(alarm.update(&probe.waker()) && !sooner.update(&probe.waker()));
    assert_eq!(probe.wakes(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_budget_is_needed_to_set_one() {
    let start = Instant::now();
    let probe = Probe::new();
    let alarm = poll_fn(|cx| {
        while let Poll::Ready(budget) = crate::rt::poll_proceed(cx) {
            budget.made_progress();
        }
        Poll::Ready(Alarm::set(start + SECOND, probe.waker()))
    })
    .await;
    sleep(2 * SECOND).await;
    assert_eq!(probe.wakes(), 1);
    drop(alarm);
}

/// What a future that has one prints goes to the user's writer: nothing of anybody else's, and under no lock.
#[tokio::test(start_paused = true)]
async fn it_prints_without_the_lock() {
    use std::fmt::{self, Write};

    struct SetsAnother(String);
    impl Write for SetsAnother {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            // Would wait for ever.
            drop(Alarm::set(Instant::now() + SECOND, Waker::noop().clone()));
            Ok(())
        }
    }
    let probe = Probe::new();
    let others = [(); 100].map(|()| Alarm::set(Instant::now() + HOUR, probe.waker()));
    let mut writer = SetsAnother(String::new());
    write!(writer, "{:?}", others[0]).unwrap();
    assert_eq!(writer.0, "Alarm { .. }");
}
