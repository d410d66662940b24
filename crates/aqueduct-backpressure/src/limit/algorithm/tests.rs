//! Decisions, one window at a time.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A full window, at a tenth of a second each.
fn window(number: u32, rtt: Duration, in_flight: usize) -> Window {
    Window {
        now: ms(100) * number,
        length: ms(100),
        samples: 50,
        drops: 0,
        in_flight_max: in_flight,
        in_flight_mean: in_flight as f64,
        rtt_min: rtt,
        rtt_mean: rtt,
        rtt_p50: rtt,
        rtt_p90: rtt,
    }
}

fn dropping(number: u32, in_flight: usize) -> Window {
    Window {
        samples: 45,
        drops: 5,
        ..window(number, ms(50), in_flight)
    }
}

fn all() -> Vec<Box<dyn Algorithm>> {
    vec![
        Box::new(Knee::new()),
        Box::new(Gradient2::new()),
        Box::new(Vegas::new()),
        Box::new(Aimd::new()),
        Box::new(Miad::new(ms(100))),
    ]
}

/// A service of 20 slots, 50 ms each, that is always asked for as many as may be; after so many windows.
fn against_slots(
    algorithm: &mut dyn Algorithm,
    mut limit: f64,
    windows: std::ops::Range<u32>,
) -> f64 {
    for number in windows {
        let in_flight = limit as usize;
        let rtt = Duration::from_secs_f64(0.050 * (limit / 20.0).max(1.0));
        limit = algorithm
            .step(limit, &window(number, rtt, in_flight))
            .clamp(1.0, 1000.0);
    }
    limit
}

#[test]
fn fixed_stays() {
    assert_eq!(Fixed.step(7.0, &dropping(1, 7)), 7.0);
    assert!(!Fixed.is_adaptive());
    assert!(all().iter().all(|algorithm| algorithm.is_adaptive()));
}

#[test]
fn a_limit_that_nobody_reaches_is_not_raised() {
    for mut algorithm in all() {
        for number in 1..50 {
            let limit = algorithm.step(20.0, &window(number, ms(50), 4));
            assert_eq!(limit, 20.0, "{algorithm:?}");
        }
    }
}

#[test]
fn a_limit_in_use_is_raised_while_latency_stays() {
    for mut algorithm in all() {
        let limit = algorithm.step(20.0, &window(1, ms(50), 20));
        assert!(limit > 20.0, "{algorithm:?} {limit}");
    }
}

#[test]
fn drops_lower_it() {
    for mut algorithm in all() {
        let limit = algorithm.step(20.0, &dropping(1, 20));
        assert!(limit < 20.0, "{algorithm:?} {limit}");
    }
}

#[test]
fn a_window_of_drops_alone_lowers_it() {
    for mut algorithm in all() {
        let window = Window {
            drops: 10,
            in_flight_max: 20,
            ..Window::default()
        };
        let limit = algorithm.step(20.0, &window);
        assert!(limit < 20.0 && limit > 10.0, "{algorithm:?} {limit}");
    }
}

#[test]
fn what_is_named_after_a_rule_follows_it() {
    let mut aimd = Aimd::new().with_increase(2.0).with_backoff(0.5);
    assert_eq!(aimd.step(20.0, &window(1, ms(50), 20)), 22.0);
    assert_eq!(aimd.step(20.0, &dropping(2, 20)), 10.0);

    let mut miad = Miad::new(ms(100)).with_increase(1.5).with_decrease(3.0);
    assert_eq!(miad.step(20.0, &window(1, ms(50), 20)), 30.0);
    assert_eq!(miad.step(20.0, &dropping(2, 20)), 17.0);
    assert_eq!(miad.step(20.0, &window(3, ms(500), 20)), 17.0, "slow");
}

#[test]
fn aimd_takes_slowness_for_a_failure_once_the_mean_says_so() {
    let mut aimd = Aimd::new().with_rtt_max(ms(100));
    assert_eq!(aimd.step(20.0, &window(1, ms(50), 20)), 21.0);
    assert_eq!(
        aimd.step(21.0, &window(2, ms(120), 21)),
        22.0,
        "the mean is 85 ms"
    );
    assert!(aimd.step(22.0, &window(3, ms(200), 22)) < 22.0);
}

#[test]
fn aimd_bears_what_it_was_told_to() {
    let mut aimd = Aimd::new().with_drops_max(0.2);
    assert_eq!(
        aimd.step(20.0, &dropping(1, 20)),
        21.0,
        "a tenth of them failed"
    );
}

#[test]
fn vegas_keeps_a_few_waiting() {
    let mut vegas = Vegas::new();
    // 2 windows to know the baseline, and to forget nothing.
    let low = vegas.step(10.0, &window(1, ms(50), 10));
    assert_eq!(low, 16.0, "nobody waits: six more");
    let limit = against_slots(&mut vegas, low, 2..60);
    assert!((20.0..30.0).contains(&limit), "{limit}");
}

#[test]
fn the_default_comes_near_the_knee_from_both_sides() {
    for begin in [1.0, 5.0, 20.0, 40.0] {
        let mut knee = Knee::new();
        // The first windows tell it the baseline.
        knee.step(begin, &window(1, ms(50), 1));
        let limit = against_slots(&mut knee, begin, 2..40);
        assert!((20.0..32.0).contains(&limit), "from {begin} to {limit}");
    }
}

#[test]
fn the_default_follows_a_service_that_became_slower_for_good() {
    let mut knee = Knee::new();
    let mut limit = against_slots(&mut knee, 20.0, 1..50);
    for number in 50..3000 {
        // Twice as slow, at any load that it can bear: it is asked for no more than 20 at once.
        let in_flight = (limit as usize).min(20);
        limit = knee
            .step(limit, &window(number, ms(100), in_flight))
            .max(1.0);
    }
    assert!(
        limit >= 20.0,
        "{limit}: the new latency is the baseline now"
    );
}

#[test]
fn the_default_makes_unequal_clients_equal() {
    let mut clients = [(Knee::new(), 40.0f64), (Knee::new(), 5.0)];
    for number in 1..300 {
        let inside: f64 = clients.iter().map(|(_, limit)| limit.floor()).sum();
        // The second has a baseline that is a tenth lower.
        for ((knee, limit), error) in clients.iter_mut().zip([1.0, 0.9]) {
            let alone = if number == 1 { error } else { 1.0 };
            let rtt = 0.050
                * if number == 1 {
                    alone
                } else {
                    (inside / 20.0).max(1.0)
                };
            let window = window(number, Duration::from_secs_f64(rtt), *limit as usize);
            *limit = knee.step(*limit, &window).max(1.0);
        }
    }
    let [(_, first), (_, second)] = clients;
    assert!(first / second < 1.5, "{first} and {second}");
}

#[test]
fn multiplicative_increase_stays_unfair() {
    let mut clients = [(Miad::new(ms(100)), 60.0f64), (Miad::new(ms(100)), 30.0)];
    for number in 1..300 {
        let inside: f64 = clients.iter().map(|(_, limit)| *limit).sum();
        let rtt = Duration::from_secs_f64(0.050 * (inside / 20.0f64).max(1.0));
        for (miad, limit) in &mut clients {
            *limit = miad
                .step(*limit, &window(number, rtt, *limit as usize))
                .max(1.0);
        }
    }
    let [(_, first), (_, second)] = clients;
    assert!(first > 10.0 * second, "{first} and {second}");
}

/// Those that look for a baseline.
fn probing() -> Vec<Box<dyn Algorithm>> {
    vec![Box::new(Knee::new()), Box::new(Vegas::new())]
}

#[test]
fn a_window_without_latency_is_no_baseline() {
    for mut algorithm in probing() {
        let limit = algorithm.step(20.0, &window(1, Duration::ZERO, 20));
        assert_eq!(limit, 20.0, "a clock that stood says nothing");
        let limit = against_slots(&mut *algorithm, limit, 2..600);
        assert!(limit > 15.0, "{algorithm:?} {limit}");
    }
}

/// Makes the latency rise and stay there until a probe has begun, at a limit of 30 each time. Returns the number of the
/// window.
fn until_probe(algorithm: &mut dyn Algorithm) -> (u32, f64) {
    algorithm.step(30.0, &window(1, ms(50), 30));
    (2..300)
        .map(|number| (number, algorithm.step(30.0, &window(number, ms(70), 30))))
        .find(|(number, next)| *number >= 100 && *next < 30.0 * 0.75)
        .expect("a probe begins when the time is a multiple of ten seconds")
}

#[test]
fn a_probe_does_not_bring_back_what_failures_took() {
    for mut algorithm in probing() {
        let (mut number, mut limit) = until_probe(&mut *algorithm);
        for _ in 0..60 {
            number += 1;
            let failed = Window {
                samples: 0,
                drops: 100,
                ..window(number, Duration::ZERO, 30)
            };
            limit = algorithm.step(limit, &failed).max(1.0);
        }
        assert_eq!(limit, 1.0);
        // The window in which the probe would be over.
        for _ in 0..6 {
            number += 1;
            let next = algorithm.step(limit, &window(number, ms(60), limit as usize));
            assert!(next < limit + 7.0, "{algorithm:?} from {limit} to {next}");
            limit = next.clamp(1.0, 6.0);
        }
    }
}

#[test]
fn one_failing_window_does_not_end_a_probe_low() {
    let mut knee = Knee::new();
    let (mut number, mut limit) = until_probe(&mut knee);
    limit = knee.step(limit, &dropping(number + 1, limit as usize));
    number += 1;
    for _ in 0..6 {
        number += 1;
        limit = knee.step(limit, &window(number, ms(50), limit as usize));
    }
    assert!((limit - 30.0 * 0.85).abs() < 1e-9, "{limit}");
}

#[test]
fn a_limit_set_by_hand_ends_a_probe() {
    for mut algorithm in probing() {
        let (number, _) = until_probe(&mut *algorithm);
        let mut limit = 5.0;
        algorithm.limit_was_set(limit);
        for number in number + 1..number + 9 {
            let next = algorithm.step(limit, &window(number, ms(60), limit as usize));
            assert!(next < limit + 7.0, "{algorithm:?} from {limit} to {next}");
            limit = next.clamp(1.0, 6.0);
        }
    }
}

/// A service that is never full: a hundred come each second, each takes 50 ms, and so many times as long from a minute on. For
/// how many seconds after that more than a tenth were rejected.
fn starved(times: u64) -> u64 {
    let mut knee = Knee::new();
    let (mut limit, mut now, mut last) = (20.0f64, 0, 60_000);
    while now < 400_000 {
        let rtt = if now < 60_000 { 50 } else { 50 * times };
        let wanted = 0.1 * rtt as f64;
        let inside = wanted.min(limit.floor());
        // Ten of them, but no less than a round trip.
        let ten = (10.0 * rtt as f64 / inside) as u64;
        let length = rtt.max(100).max(ten.min(1000));
        now += length;
        let seen = Window {
            now: ms(now),
            length: ms(length),
            in_flight_mean: inside,
            ..window(1, ms(rtt), inside.ceil() as usize)
        };
        limit = knee.step(limit, &seen).clamp(1.0, 1000.0);
        if now > 60_000 && inside < 0.9 * wanted {
            last = now;
        }
    }
    (last - 60_000) / 1000
}

#[test]
fn a_healthy_service_that_becomes_slower_is_not_starved() {
    for (times, seconds) in [(2, 30), (4, 5), (6, 8), (10, 20), (20, 40)] {
        let took = starved(times);
        assert!(took <= seconds, "{times} times as slow: {took} s");
    }
}

#[test]
fn the_default_recovers_from_a_first_answer_that_was_too_quick() {
    let mut knee = Knee::new();
    let first = knee.step(20.0, &window(1, Duration::from_micros(500), 20));
    let limit = against_slots(&mut knee, first, 2..300);
    assert!(limit > 15.0, "{limit}");
}

proptest! {
    /// Whatever the windows are like, the next limit is a number that a limiter can clamp.
    #[test]
    fn a_limit_is_a_number(
        windows in proptest::collection::vec((0u64..100, 0u64..100, 1usize..2000, 0u64..2_000_000), 1..100),
    ) {
        for mut algorithm in all() {
            let mut limit = 20.0f64;
            for (number, (samples, drops, in_flight, micros)) in windows.iter().enumerate() {
                let rtt = if *samples > 0 { Duration::from_micros(*micros) } else { Duration::ZERO };
                let window = Window { samples: *samples, drops: *drops, ..window(number as u32, rtt, *in_flight) };
                let next = algorithm.step(limit, &window);
                prop_assert!(next.is_finite(), "{:?} {}", algorithm, next);
                limit = next.clamp(1.0, 1000.0);
            }
        }
    }
}
