use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(start: Instant, ms: u32) -> Instant {
    start + MS * ms
}

#[test]
fn an_interval_that_is_late_goes_on_by_its_drift() {
    let start = Instant::now();
    // (drift, set for, seen at, due again), with a period of 10 ms.
    let cases = [
        (Drift::Skip, 10, 10, 20),
        (Drift::Skip, 10, 19, 20),
        (Drift::Skip, 10, 20, 30),
        (Drift::Skip, 10, 47, 50),
        (Drift::Delay, 10, 10, 20),
        (Drift::Delay, 10, 47, 57),
        (Drift::Burst, 10, 10, 20),
        (Drift::Burst, 10, 47, 20),
    ];
    for (drift, set, seen, again) in cases {
        let next = next(at(start, set), at(start, seen), 10 * MS, drift);
        assert_eq!(next, at(start, again), "{drift:?} {set} {seen}");
    }
}

#[test]
fn timers_are_due_in_order_and_once() {
    let start = Instant::now();
    let mut timers = Timers::new();
    let c = timers.once(at(start, 30), 'c');
    timers.once(at(start, 10), 'a');
    timers.once(at(start, 10), 'b');
    let every = timers.every(start, 20 * MS, Drift::Burst, Box::new(|| 'x'));
    assert_eq!(timers.take_due(at(start, 9)), None);
    let mut due = String::new();
    while let Some(message) = timers.take_due(at(start, 25)) {
        due.push(message);
    }
    assert_eq!(due, "abx");
    assert!(timers.cancel(c));
    assert!(!timers.cancel(c));
    assert_eq!(timers.take_due(at(start, 35)), None);
    assert_eq!(timers.take_due(at(start, 40)), Some('x'));
    assert!(timers.cancel(every));
    assert!(timers.is_empty());
}

#[test]
fn a_moment_beyond_the_clock_is_never() {
    let now = Instant::now();
    assert!(after(now, Duration::MAX) > now + Duration::from_secs(1_000_000));
}

/// A hundred thousand are taken back in a moment, where a search for each would take minutes.
#[test]
fn to_cancel_is_no_search() {
    let start = Instant::now();
    let mut timers = Timers::new();
    let ids: Vec<_> = (0..100_000)
        .map(|n| timers.once(at(start, n % 1000), n))
        .collect();
    let begun = std::time::Instant::now();
    assert!(ids.iter().rev().all(|id| timers.cancel(*id)));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(timers.is_empty());
    assert!(timers.moments.is_empty());
}

#[test]
fn an_interval_whose_message_panics_is_over() {
    let start = Instant::now();
    let mut timers = Timers::<()>::new();
    let id = timers.every(start, MS, Drift::Skip, Box::new(|| panic!("no message")));
    let due = std::panic::AssertUnwindSafe(|| timers.take_due(at(start, 5)));
    assert!(std::panic::catch_unwind(due).is_err());
    assert!(!timers.cancel(id));
}
