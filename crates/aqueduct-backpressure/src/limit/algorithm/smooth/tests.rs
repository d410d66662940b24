//! Means, and the baseline over time.

use super::*;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_mean_begins_as_the_plain_mean() {
    let mut ema = Ema::new(0.1);
    assert_eq!(ema.add(10.0), 10.0);
    assert_eq!(ema.add(20.0), 15.0);
    for _ in 0..100 {
        ema.add(40.0);
    }
    assert!((ema.value() - 40.0).abs() < 0.1);
}

const EVERY: Duration = secs(10);

#[test]
fn the_baseline_is_the_least_seen_of_smoothed_latencies() {
    let mut baseline = Baseline::new(EVERY);
    assert_eq!(baseline.see(secs(1), 0.2, 20.0, 20.0), Probing::Not(0.2));
    let Probing::Not(lower) = baseline.see(secs(2), 0.1, 20.0, 20.0) else {
        panic!("it is no time to probe");
    };
    assert!((lower - 0.15).abs() < 1e-9, "{lower}");
    assert_eq!(baseline.see(secs(3), 0.4, 20.0, 20.0), Probing::Not(lower));
}

/// Sees 0.1 once and 0.2 from then on, until a probe begins; when, and how many are kept.
fn until_probe(baseline: &mut Baseline, begin: u64) -> (u64, f64) {
    baseline.see(secs(begin), 0.1, 20.0, 20.0);
    for now in begin + 1..begin + 100 {
        if let Probing::Drain(kept) = baseline.see(secs(now), 0.2, 20.0, 20.0) {
            return (now, kept);
        }
    }
    panic!("it is never probed for");
}

#[test]
fn clients_that_begin_at_different_times_probe_at_the_same() {
    for begin in [1, 2, 3, 4] {
        let (now, kept) = until_probe(&mut Baseline::new(EVERY), begin);
        assert_eq!(now, 10);
        assert!((9.0..10.5).contains(&kept), "half of them wait: {kept}");
    }
    // Seen a moment ago, at 9 s.
    assert_eq!(until_probe(&mut Baseline::new(EVERY), 9).0, 20);
}

/// A probe in which the windows that count have this latency, the others a longer one.
fn probed(baseline: &mut Baseline, rtt: f64) -> f64 {
    let (begin, kept) = until_probe(baseline, 1);
    for window in 1..DRAIN + MEASURE {
        let rtt = if window <= DRAIN { 9.0 } else { rtt };
        let now = secs(begin) + Duration::from_millis(100) * window;
        assert_eq!(baseline.see(now, rtt, kept, kept), Probing::Drain(kept));
    }
    assert_eq!(
        baseline.see(secs(begin + 1), rtt, kept, kept),
        Probing::Over(20.0)
    );
    let Probing::Not(value) = baseline.see(secs(begin + 2), 5.0, 20.0, 20.0) else {
        panic!("it was probed");
    };
    value
}

#[test]
fn a_probe_lets_the_queue_drain_and_then_measures() {
    let value = probed(&mut Baseline::new(EVERY), 0.11);
    assert!((value - 0.11).abs() < 1e-9, "{value}");
}

#[test]
fn a_probe_that_did_not_lower_latency_raises_it_by_a_quarter_at_most() {
    let value = probed(&mut Baseline::new(EVERY), 0.5);
    assert!((value - 0.125).abs() < 1e-9, "{value}");
}

#[test]
fn a_probe_that_did_raises_it_by_less() {
    // From 0.2, on average.
    let value = probed(&mut Baseline::new(EVERY), 0.15);
    assert!((value - 0.117).abs() < 1e-9, "{value}");
}

#[test]
fn a_probe_keeps_half_at_least_and_whole_ones() {
    let table = [
        (20.0, 0.2, 10.0),
        (7.0, 0.12, 5.0),
        (20.0, 2.0, 10.0),
        (1.0, 2.0, 1.0),
    ];
    for (limit, rtt, expected) in table {
        let mut baseline = Baseline::new(EVERY);
        baseline.see(secs(1), 0.1, limit, limit);
        let mut seen = (2..40).map(|now| baseline.see(secs(now), rtt, limit, limit));
        let kept = seen.find_map(|seen| match seen {
            Probing::Drain(kept) => Some(kept),
            _ => None,
        });
        let kept = kept.expect("it is probed for");
        assert!((kept - expected).abs() <= 1.0, "{limit} {rtt}: {kept}");
        assert_eq!(kept.fract(), 0.0);
    }
}

#[test]
fn a_limit_that_is_not_in_use_is_not_lowered() {
    let mut baseline = Baseline::new(EVERY);
    baseline.see(secs(1), 0.1, 20.0, 10.0);
    for now in 2..100 {
        let seen = baseline.see(secs(now), 0.2, 20.0, 10.0);
        assert_eq!(seen, Probing::Not(0.1), "{now}");
    }
}

#[test]
fn a_lucky_baseline_rises_to_what_is_usual() {
    let mut baseline = Baseline::new(EVERY);
    baseline.see(secs(1), 0.1, 20.0, 10.0);
    for now in 2..100 {
        let seen = baseline.see(secs(now), 0.115, 20.0, 10.0);
        let Probing::Not(value) = seen else {
            panic!("it is not probed for at {now}");
        };
        let expected = if now <= 10 { 0.1 } else { 0.11 };
        assert!(value >= expected - 1e-9 && value < 0.116, "{now}: {value}");
    }
}

/// Sees a queue from 11 s on, and from some second on a latency that is so much of what it was; when a probe begins.
fn probes_after_a_dip(at: u64, dip: f64) -> u64 {
    let mut baseline = Baseline::new(EVERY);
    baseline.see(secs(11), 0.1, 20.0, 20.0);
    let begins = (12..30).find(|now| {
        let rtt = if *now >= at { dip * 0.3 } else { 0.3 };
        matches!(baseline.see(secs(*now), rtt, 20.0, 20.0), Probing::Drain(_))
    });
    begins.expect("a multiple of ten seconds passes")
}

#[test]
fn a_dip_is_a_call_to_probe_for_whoever_is_to_soon() {
    assert_eq!(probes_after_a_dip(17, 0.5), 17);
    assert_eq!(probes_after_a_dip(17, 0.99), 20, "that is no dip");
    assert_eq!(
        probes_after_a_dip(15, 0.5),
        16,
        "not sooner than five seconds after the last"
    );
    assert_eq!(probes_after_a_dip(30, 1.0), 20, "at its own time");
}

#[test]
fn a_slow_service_is_probed_less_often() {
    let mut baseline = Baseline::new(EVERY);
    baseline.see(secs(5), 5.0, 20.0, 20.0);
    let begins = (6..1000).find(|now| {
        let seen = baseline.see(secs(*now), 20.0, 20.0, 20.0);
        matches!(seen, Probing::Drain(_))
    });
    // Sixty times 5 s are 300 s: each thirty-second multiple of 10 s.
    assert_eq!(begins, Some(320));
}

#[test]
fn what_is_believed_is_the_baseline() {
    let mut baseline = Baseline::new(EVERY);
    baseline.see(secs(1), 0.1, 20.0, 20.0);
    baseline.believe(secs(2), 0.4);
    assert_eq!(baseline.see(secs(3), 0.5, 20.0, 20.0), Probing::Not(0.4));
}

#[test]
fn seen_again_it_is_not_probed_for() {
    let mut baseline = Baseline::new(EVERY);
    for now in 1..100 {
        let seen = baseline.see(secs(now), 0.1, 20.0, 20.0);
        assert!(matches!(seen, Probing::Not(_)), "{now}");
    }
}
