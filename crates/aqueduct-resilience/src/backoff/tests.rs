use std::time::Duration;

use proptest::prelude::*;

use super::{Backoff, Delays, Jitter};

const MS: Duration = Duration::from_millis(1);

const ALL: [Jitter; 4] = [
    Jitter::None,
    Jitter::Full,
    Jitter::Equal,
    Jitter::Decorrelated,
];

fn millis(backoff: Backoff, n: usize) -> Vec<u128> {
    let delays = backoff.with_jitter(Jitter::None).delays();
    delays.take(n).map(|delay| delay.as_millis()).collect()
}

#[test]
fn without_jitter_the_formula_is_exact() {
    let doubled = Backoff::exponential(100 * MS);
    assert_eq!(millis(doubled, 5), [100, 200, 400, 800, 1600]);
    assert_eq!(millis(doubled.with_cap(500 * MS), 4), [100, 200, 400, 500]);
    assert_eq!(millis(doubled.with_factor(1.5), 4), [100, 150, 225, 337]);
    assert_eq!(
        millis(doubled.with_factor(10.0), 4),
        [100, 1000, 10_000, 60_000]
    );
    assert_eq!(millis(Backoff::constant(7 * MS), 3), [7, 7, 7]);
    assert_eq!(millis(Backoff::none(), 3), [0, 0, 0]);
    assert_eq!(Backoff::default(), doubled);
}

#[test]
fn a_cap_below_the_base_holds() {
    for jitter in ALL {
        let backoff = Backoff::exponential(100 * MS)
            .with_cap(30 * MS)
            .with_jitter(jitter);
        assert!(
            backoff.delays().take(100).all(|delay| delay <= 30 * MS),
            "{jitter:?}"
        );
    }
}

/// Were the ceiling computed from the one before, it would be rounded to where it was.
#[test]
fn a_nanosecond_grows_too() {
    let backoff = Backoff::exponential(Duration::from_nanos(1)).with_factor(1.1);
    assert_eq!(backoff.ceiling(0).as_nanos(), 1);
    assert_eq!(backoff.ceiling(100).as_nanos(), 13_781);
}

#[test]
fn what_does_not_fit_is_the_cap() {
    let endless = Backoff::exponential(MS).with_cap(Duration::MAX);
    assert_eq!(endless.ceiling(u32::MAX), Duration::MAX);
    assert_eq!(endless.ceiling(10_000), Duration::MAX);
    assert_eq!(Backoff::exponential(MS).ceiling(u32::MAX).as_secs(), 60);
    assert_eq!(
        Backoff::constant(Duration::MAX).ceiling(u32::MAX),
        Duration::MAX
    );
    // 0 · ∞ is not a number.
    let nothing = Backoff::exponential(Duration::ZERO).with_cap(Duration::MAX);
    assert_eq!(nothing.ceiling(u32::MAX), Duration::ZERO);
    // The greatest range there is can be drawn from.
    let mut widest = Backoff::constant(Duration::MAX)
        .with_jitter(Jitter::Full)
        .delays_seeded(1);
    assert!((0..100).any(|_| widest.next_delay() > Duration::MAX / 2));
}

#[test]
fn the_number_of_the_try_does_not_overflow() {
    let mut delays = Backoff::exponential(MS).delays();
    delays.drawn = u32::MAX;
    assert!(delays.next_delay().as_secs() <= 60);
    assert_eq!(delays.drawn(), u32::MAX);
}

#[test]
fn reset_begins_anew() {
    for jitter in ALL {
        let backoff = Backoff::exponential(MS)
            .with_factor(3.0)
            .with_jitter(jitter);
        let mut delays = backoff.delays_seeded(7);
        for _ in 0..1000 {
            assert!(delays.next_delay() <= 3 * MS, "{jitter:?}");
            assert!(delays.next_delay() <= 9 * MS, "{jitter:?}");
            assert_eq!(delays.drawn(), 2);
            delays.reset();
            assert_eq!(delays.drawn(), 0);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_delays_and_chance_gives_others() {
    let backoff = Backoff::exponential(MS);
    let some = |delays: Delays| delays.take(20).collect::<Vec<_>>();
    assert_eq!(
        some(backoff.delays_seeded(3)),
        some(backoff.delays_seeded(3))
    );
    assert_ne!(
        some(backoff.delays_seeded(3)),
        some(backoff.delays_seeded(4))
    );
    assert_ne!(some(backoff.delays()), some(backoff.delays()));
}

#[test]
fn factors_that_shrink_are_refused() {
    for factor in [0.0, 0.99, -2.0, f64::NAN, f64::INFINITY] {
        let made = std::panic::catch_unwind(|| Backoff::exponential(MS).with_factor(factor));
        assert!(made.is_err(), "{factor}");
    }
}

/// Delay number `n` of many callers, as parts of the cap.
fn sample(backoff: Backoff, n: usize) -> Vec<f64> {
    let cap = backoff.cap().as_secs_f64();
    let callers = 0..20_000;
    let delay = |seed| {
        backoff
            .delays_seeded(seed)
            .nth(n)
            .map(|d| d.as_secs_f64() / cap)
    };
    callers.filter_map(delay).collect()
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

#[test]
fn means_are_those_of_the_formulas() {
    let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 0.01, "{found} {wanted}");
    let backoff = Backoff::exponential(Duration::from_secs(1)).with_cap(Duration::from_secs(64));
    for (jitter, half) in [
        (Jitter::Full, 0.5),
        (Jitter::Equal, 0.75),
        (Jitter::None, 1.0),
    ] {
        let backoff = backoff.with_jitter(jitter);
        near(mean(&sample(backoff, 4)), half * 16.0 / 64.0);
        near(mean(&sample(backoff, 6)), half);
        near(mean(&sample(backoff, 20)), half);
    }
    // U[1, 3], and then U[1, 3 · U[1, 3]]: 2 and 3.5 seconds, of 64.
    let walk = Backoff::decorrelated(Duration::from_secs(1)).with_cap(Duration::from_secs(64));
    near(mean(&sample(walk, 0)), 2.0 / 64.0);
    near(mean(&sample(walk, 1)), 3.5 / 64.0);
}

/// At the cap, where a client stays for most of an outage, all parts of the range are equally likely. (Drawn first and cut
/// then, a quarter of decorrelated delays would be the cap itself.)
#[test]
fn at_the_cap_clients_stay_spread() {
    let cap = Duration::from_secs(60);
    for (jitter, from) in [(Jitter::Full, 0.0), (Jitter::Equal, 0.5)] {
        let backoff = Backoff::exponential(MS).with_cap(cap).with_jitter(jitter);
        let mut tenths = [0; 10];
        for part in sample(backoff, 40) {
            tenths[(((part - from) / (1.0 - from) * 10.0) as usize).min(9)] += 1;
        }
        assert!(
            tenths.iter().all(|n| (1800..2200).contains(n)),
            "{jitter:?} {tenths:?}"
        );
    }
    let walk = Backoff::decorrelated(MS).with_cap(cap);
    let last_tenth = sample(walk, 40)
        .into_iter()
        .filter(|part| *part > 0.9)
        .count();
    assert!(last_tenth < 3000, "{last_tenth} of 20000");
}

fn durations() -> impl Strategy<Value = Duration> {
    let whole = (any::<u64>(), 0..1_000_000_000u32).prop_map(|(s, n)| Duration::new(s, n));
    let short = any::<u64>().prop_map(Duration::from_nanos);
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::from_nanos(1)),
        Just(Duration::MAX),
        whole,
        short,
    ]
}

fn factors() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(1.0),
        Just(1.0 + f64::EPSILON),
        Just(f64::MAX),
        1.0..10.0
    ]
}

proptest! {
    #[test]
    fn delays_are_within_bounds_for_all_inputs(
        base in durations(),
        cap in durations(),
        factor in factors(),
        skip in any::<u32>(),
        seed in any::<u64>(),
    ) {
        for jitter in ALL {
            let backoff = Backoff::exponential(base).with_factor(factor).with_cap(cap).with_jitter(jitter);
            let mut delays = backoff.delays_seeded(seed);
            let mut previous = base;
            for n in [0, 1, 2, 3, 4, skip, u32::MAX] {
                delays.drawn = n;
                let ceiling = backoff.ceiling(n);
                let delay = delays.next_delay();
                prop_assert!(ceiling <= cap && delay <= cap);
                match jitter {
                    Jitter::None => prop_assert_eq!(delay, ceiling),
                    Jitter::Full => prop_assert!(delay <= ceiling),
                    Jitter::Equal => prop_assert!(ceiling / 2 <= delay && delay <= ceiling),
                    Jitter::Decorrelated => {
                        prop_assert!(base.min(cap) <= delay);
                        let most = previous.as_secs_f64() * factor * (1.0 + 1e-9) + 1e-9;
                        prop_assert!(delay.as_secs_f64() <= most.max(base.as_secs_f64()));
                    }
                }
                previous = delay;
            }
        }
    }

    #[test]
    fn ceilings_never_shrink(base in durations(), cap in durations(), factor in 1.001..100.0f64, n in any::<u32>()) {
        let backoff = Backoff::exponential(base).with_factor(factor).with_cap(cap);
        prop_assert!(backoff.ceiling(n) <= backoff.ceiling(n.saturating_add(1)));
    }
}

/// Clients that are given clones fail together, too, and are to come back apart.
#[test]
fn clones_draw_by_themselves() {
    let mut delays = Backoff::exponential(Duration::from_secs(1)).delays();
    let _ = delays.next_delay();
    let [one, two] = [delays.clone(), delays.clone()];
    assert_eq!((one.drawn(), two.drawn()), (1, 1));
    let some = |delays: Delays| delays.take(20).collect::<Vec<_>>();
    let drawn = [some(one), some(two), some(delays)];
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2]);
}
