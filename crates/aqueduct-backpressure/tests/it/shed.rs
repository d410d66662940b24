//! Load shedding.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aqueduct_backpressure::shed::{
    Call, InFlight, Priority, QueueDelay, Shed, Throttle, Utilisation,
};
use tokio::time::Instant;

const PRIORITIES: [Priority; 4] = [
    Priority::Low,
    Priority::Normal,
    Priority::High,
    Priority::Critical,
];

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Evenly spread draws: chance without chance.
fn draws(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |n| (n as f64 + 0.5) / count as f64)
}

#[test]
fn a_queue_that_stands_is_shed_and_a_burst_is_not() {
    let delay = QueueDelay::new(ms(5), ms(100));
    let start = Instant::now() + s(1);
    // A burst: the first waited for long, the last hardly.
    for n in 0..10 {
        delay.check_at(start + ms(n), ms(90 - 10 * n)).unwrap();
    }
    delay.check_at(start + ms(50), ms(1)).unwrap();
    // A queue that stands.
    let shed = (100..400).filter(|n| delay.check_at(start + ms(*n), ms(30)).is_err());
    let shed = shed.count() as u64;
    assert!((150..=200).contains(&shed), "{shed}");
    let stats = delay.stats();
    assert_eq!(
        (stats.standing, stats.shed, stats.admitted),
        (true, shed, 11 + 300 - shed)
    );
    // Who has not waited for long is served all the same; and once it was empty, all are.
    delay.check_at(start + ms(401), ms(10)).unwrap();
    let waited = ms(30);
    assert_eq!(
        delay.check_at(start + ms(402), waited),
        Err(Shed::QueueDelay { waited })
    );
    delay.emptied();
    delay.check_at(start + ms(403), waited).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_asked_by_when_requests_came() {
    let delay = QueueDelay::new(ms(5), ms(100));
    let mut shed = 0;
    for _ in 0..30 {
        let enqueued = Instant::now();
        tokio::time::advance(ms(20)).await;
        shed += u32::from(delay.check(enqueued).is_err());
    }
    assert!(shed > 20, "{shed}");
}

/// A gauge that is set by hand, without smoothing.
fn at_load() -> (Utilisation, impl Fn(f64)) {
    let bits = Arc::new(AtomicU64::new(0));
    let gauge = bits.clone();
    let load = Utilisation::with_gauge(move || f64::from_bits(gauge.load(Ordering::Relaxed)))
        .with_thresholds(0.5, 1.0)
        .with_time_constant(Duration::ZERO);
    (load, move |load: f64| {
        bits.store(load.to_bits(), Ordering::Relaxed)
    })
}

#[test]
fn the_share_that_is_shed_grows_between_the_thresholds() {
    let now = Instant::now();
    let (load, set) = at_load();
    for (gauge, share) in [
        (0.0, 0),
        (0.5, 0),
        (0.55, 40),
        (0.75, 200),
        (0.9, 320),
        (1.0, 400),
        (7.0, 400),
    ] {
        set(gauge);
        let shed = draws(100).flat_map(|draw| PRIORITIES.map(|priority| (draw, priority)));
        let shed = shed.filter(|(draw, priority)| load.admit_at(now, *priority, *draw).is_err());
        assert_eq!(shed.count(), share, "at {gauge}");
    }
    set(f64::NAN);
    assert_eq!(
        load.admit_at(now, Priority::Critical, 0.99).unwrap_err(),
        Shed::Utilisation { load: 1.0 }
    );
}

#[test]
fn the_less_important_go_first_and_altogether() {
    let now = Instant::now();
    let (load, set) = at_load();
    // At 75 % of the way from 0.5 to 1.
    set(0.875);
    let shed = PRIORITIES.map(|priority| {
        draws(100)
            .filter(|draw| load.admit_at(now, priority, *draw).is_err())
            .count()
    });
    assert_eq!(shed, [100, 100, 100, 0]);
    set(0.6875);
    let shed = PRIORITIES.map(|priority| {
        draws(100)
            .filter(|draw| load.admit_at(now, priority, *draw).is_err())
            .count()
    });
    assert_eq!(shed, [100, 50, 0, 0]);
    assert_eq!((load.stats().admitted, load.stats().shed), (350, 450));
}

#[test]
fn what_is_in_flight_counts_until_it_is_dropped() {
    let now = Instant::now();
    let load = Utilisation::new(4)
        .with_thresholds(0.5, 1.0)
        .with_time_constant(Duration::ZERO);
    let mut requests: Vec<InFlight> = (0..4)
        .map(|_| load.admit_at(now, Priority::Critical, 0.99).unwrap())
        .collect();
    assert_eq!((load.stats().in_flight, load.stats().load), (4, 0.75));
    assert!(load.admit_at(now, Priority::Critical, 0.99).is_err());
    assert_eq!(load.stats().share_shed, 1.0);
    requests.truncate(2);
    assert!(load.clone().admit_at(now, Priority::Low, 0.0).is_ok());
    drop(requests);
    assert_eq!(load.stats().in_flight, 0);
}

#[test]
fn the_load_is_smoothed_by_time_and_not_by_requests() {
    let start = Instant::now() + s(10);
    for requests in [1, 10, 1_000] {
        let (load, set) = at_load();
        let load = load.with_thresholds(0.9, 1.1).with_time_constant(s(1));
        let _ = load.admit_at(start, Priority::High, 0.5);
        // Busy for one time constant.
        set(1.0);
        for n in 1..=requests {
            let _ = load.admit_at(start + s(1) * n / requests, Priority::High, 0.5);
        }
        let expected = 1.0 - (-1.0f64).exp();
        assert!(
            (load.stats().load - expected).abs() < 1e-6,
            "{requests}: {:?}",
            load.stats()
        );
    }
}

/// After a quiet time the rush of before does not count.
#[tokio::test(start_paused = true)]
async fn a_quiet_second_is_seen_by_who_comes_after_it() {
    let load = Utilisation::new(2);
    let rush: Vec<_> = (0..3)
        .map(|_| load.admit(Priority::Critical).unwrap())
        .collect();
    tokio::time::sleep(s(5)).await;
    // Half as many again as it can work on, for five seconds.
    let why = load.admit(Priority::Critical).unwrap_err();
    assert_eq!(why.to_string(), "shed: 149 % busy");
    drop(rush);
    tokio::time::sleep(s(1)).await;
    assert!(load.admit(Priority::Low).is_ok());
    // A second after 1.5, it is e times less.
    let expected = 1.5 * (-1.0f64).exp();
    assert!((load.stats().load - expected).abs() < 0.01, "{load:?}");
}

/// Three that came and went at the same moment keep nobody out an hour later.
#[test]
fn what_ended_at_once_does_not_stand_for_the_time_after_it() {
    let now = Instant::now() + s(1);
    let load = Utilisation::new(2);
    let rush = [(); 3].map(|()| load.admit_at(now, Priority::Critical, 0.9).unwrap());
    drop(rush);
    let later = load.admit_at(now + s(3600), Priority::Low, 0.0);
    assert!(later.is_ok(), "{later:?}");
    assert_eq!(load.stats().load, 0.0);
}

#[test]
fn of_a_pause_the_gauge_says_what_it_was() {
    let now = Instant::now() + s(1);
    let (load, set) = at_load();
    let load = load.with_time_constant(s(1));
    set(1.0);
    let _ = load.admit_at(now + s(60), Priority::Critical, 0.9);
    assert_eq!(load.stats().load, 1.0);
    set(0.0);
    assert!(load.admit_at(now + s(3600), Priority::Low, 0.0).is_ok());
}

/// So many calls a second, of which the server accepts so many; returns how many were made.
fn play(
    throttle: &Throttle,
    start: Instant,
    seconds: std::ops::Range<u64>,
    calls: usize,
    accepts: usize,
) -> usize {
    let mut made = 0;
    for second in seconds {
        let now = start + s(second);
        let mut accepted = 0;
        // In an order that is not that of the draws.
        let mut order: Vec<f64> = draws(calls).collect();
        order.rotate_left(second as usize % calls);
        for draw in order {
            let Ok(call) = throttle.try_call_at(now, draw) else {
                continue;
            };
            made += 1;
            if accepted < accepts {
                accepted += 1;
                call.accepted_at(now);
            } else {
                call.rejected_at(now);
            }
        }
    }
    made
}

#[test]
fn the_server_sees_twice_what_it_accepts() {
    let start = Instant::now();
    let throttle = Throttle::new();
    assert_eq!(play(&throttle, start, 0..120, 100, 100), 12_000);
    // It accepts a quarter: half of the calls are made, once the window shows it.
    play(&throttle, start, 120..360, 100, 25);
    let made = play(&throttle, start, 360..460, 100, 25);
    assert!((4_700..5_300).contains(&made), "{made}");
    assert!((throttle.stats_at(start + s(460)).probability - 0.5).abs() < 0.05);
}

#[test]
fn of_a_server_that_is_down_a_tenth_still_asks_and_sees_it_recover() {
    let start = Instant::now();
    let throttle = Throttle::new();
    play(&throttle, start, 0..240, 100, 0);
    assert_eq!(throttle.stats_at(start + s(240)).probability, 0.9);
    assert_eq!(play(&throttle, start, 240..250, 100, 0), 100);
    play(&throttle, start, 250..700, 100, 100);
    assert_eq!(play(&throttle, start, 700..710, 100, 100), 1_000);
    assert_eq!(throttle.try_call_at(start + s(710), 0.0).map(drop), Ok(()));
}

#[test]
fn what_is_older_than_the_window_does_not_count() {
    let start = Instant::now();
    let throttle = Throttle::with_window(s(12))
        .with_multiplier(1.0)
        .with_probability_max(0.5);
    play(&throttle, start, 1..2, 10, 0);
    let counted = |at| throttle.stats_at(start + s(at)).requests;
    assert_eq!((counted(2), counted(12)), (10, 10));
    // Moments that go back find it as it was last.
    assert_eq!((counted(14), counted(3)), (0, 0));
    play(&throttle, start, 14..15, 10, 0);
    assert_eq!(counted(15), 10);
    assert_eq!((counted(1_000_000_000), counted(1_000_000_000)), (0, 0));
}

#[test]
fn a_call_that_ends_without_a_word_counts_neither_way() {
    let throttle = Throttle::new();
    drop(throttle.try_call().unwrap());
    assert_eq!(throttle.stats().requests, 0);
    throttle.try_call().unwrap().rejected();
    throttle
        .clone()
        .try_call_at(Instant::now(), 0.99)
        .unwrap()
        .accepted();
    assert_eq!(
        (throttle.stats().requests, throttle.stats().accepts),
        (2, 1)
    );
    assert_eq!(throttle.stats().throttled, 0);
}

#[test]
fn they_cross_threads_and_say_what_they_are() {
    fn free<T: Send + Sync + Unpin + 'static>() {}
    fn unwinds<T: UnwindSafe + RefUnwindSafe>() {}
    free::<QueueDelay>();
    free::<Utilisation>();
    free::<InFlight>();
    free::<Throttle>();
    free::<Call>();
    unwinds::<QueueDelay>();
    unwinds::<Throttle>();
    assert_eq!(
        Shed::Utilisation { load: 0.954 }.to_string(),
        "shed: 95 % busy"
    );
    assert!(
        Shed::QueueDelay { waited: ms(7) }
            .to_string()
            .contains("7ms")
    );
    assert!(
        Shed::Throttled { probability: 0.5 }
            .to_string()
            .contains("50 %")
    );
}

#[test]
#[should_panic(expected = "no capacity")]
fn no_capacity_is_refused() {
    Utilisation::new(0);
}

#[test]
#[should_panic(expected = "below the higher")]
fn thresholds_the_wrong_way_round_are_refused() {
    let _ = Utilisation::new(1).with_thresholds(1.0, 0.5);
}

#[test]
#[should_panic(expected = "have to be made")]
fn a_throttle_that_makes_no_calls_is_refused() {
    let _ = Throttle::new().with_probability_max(1.0);
}
