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

#[test]
fn the_baseline_is_the_least_seen() {
    let mut baseline = Baseline::new(secs(10), 2);
    assert_eq!(baseline.see(secs(1), 0.2, 20.0), Probing::Not(0.2));
    assert_eq!(baseline.see(secs(2), 0.1, 20.0), Probing::Not(0.1));
    assert_eq!(baseline.see(secs(3), 0.3, 20.0), Probing::Not(0.1));
}

#[test]
fn a_baseline_not_seen_again_is_probed_for_by_draining() {
    let mut baseline = Baseline::new(secs(10), 2);
    baseline.see(secs(1), 0.1, 20.0);
    assert_eq!(baseline.see(secs(10), 0.2, 20.0), Probing::Not(0.1));
    assert_eq!(
        baseline.see(secs(11), 0.2, 20.0),
        Probing::Drain(9.0),
        "half of them wait; and a tenth less"
    );
    assert_eq!(baseline.see(secs(12), 0.15, 9.0), Probing::Drain(9.0));
    assert_eq!(baseline.see(secs(13), 0.105, 9.0), Probing::Over(20.0));
    assert_eq!(baseline.see(secs(14), 0.2, 20.0), Probing::Not(0.105));
    assert_eq!(baseline.see(secs(22), 0.2, 20.0), Probing::Not(0.105));
}

#[test]
fn a_probe_raises_it_by_a_tenth_at_most() {
    let mut baseline = Baseline::new(secs(10), 1);
    baseline.see(secs(1), 0.1, 20.0);
    assert!(matches!(
        baseline.see(secs(11), 0.5, 20.0),
        Probing::Drain(_)
    ));
    assert_eq!(baseline.see(secs(12), 0.5, 6.0), Probing::Over(20.0));
    let Probing::Not(value) = baseline.see(secs(13), 0.5, 20.0) else {
        panic!("it was probed");
    };
    assert!((value - 0.11).abs() < 1e-9);
}

#[test]
fn seen_again_it_is_not_probed_for() {
    let mut baseline = Baseline::new(secs(10), 2);
    for now in 1..100 {
        let rtt = if now % 9 == 0 { 0.1 } else { 0.3 };
        let seen = baseline.see(secs(now), if now == 1 { 0.1 } else { rtt }, 20.0);
        assert!(matches!(seen, Probing::Not(_)), "{now}");
    }
}
