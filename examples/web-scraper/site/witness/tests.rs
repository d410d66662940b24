use super::*;

/// Which of these moments, in milliseconds, are above ten a second, with three at once.
fn above(moments: &[u64], slack: u64) -> Vec<u64> {
    let quota = Quota::per_second(10).with_burst(3);
    let mut arrivals = Arrivals::default();
    let mut is_above = |at: u64| {
        !arrivals.arrive(
            Duration::from_millis(at),
            &quota,
            Duration::from_millis(slack),
        )
    };
    let moments = moments.iter().copied();
    moments.filter(|at| is_above(*at)).collect()
}

#[test]
fn what_is_within_the_rate() {
    assert!(above(&[0, 0, 0, 100, 200, 300, 300 + 300], 0).is_empty());
    let steady: Vec<u64> = (0..1000).map(|n| n * 100).collect();
    assert!(above(&steady, 0).is_empty());
    // A rest gives the burst again, and no more.
    assert!(above(&[0, 9_000, 9_000, 9_000], 0).is_empty());
}

#[test]
fn what_is_above_the_rate() {
    assert_eq!(above(&[0, 0, 0, 0], 0), [0]);
    assert_eq!(above(&[0, 0, 0, 99], 0), [99]);
    assert_eq!(above(&[0, 9_000, 9_000, 9_000, 9_001], 0), [9_001]);
    // A little too fast is found in the end.
    let fast: Vec<u64> = (0..200).map(|n| n * 98).collect();
    assert!(!above(&fast, 0).is_empty());
}

#[test]
fn slack_is_for_what_was_held_up() {
    assert!(above(&[0, 0, 50, 50], 50).is_empty());
    assert_eq!(above(&[0, 0, 49, 49], 50), [49]);
}

#[test]
fn who_comes_too_early_is_seen() {
    let witness = Witness::new(Quota::per_second(1000));
    let soon = || Some(Instant::now() + Duration::from_secs(3600));
    assert!(witness.put_off("a", "/busy", 1, soon()));
    witness.asked("a", "/other", true);
    witness.asked("b", "/busy", true);
    assert_eq!(witness.testimony().too_early, 0);
    witness.asked("a", "/busy", true);
    assert_eq!(witness.testimony().too_early, 1);
    assert!(!witness.testimony().is_polite());
    // Now it is served, and may be asked for at any time.
    assert!(!witness.put_off("a", "/busy", 1, soon()));
    witness.asked("a", "/busy", true);
    assert_eq!(witness.testimony().too_early, 1);
}

#[test]
fn what_is_disallowed_is_seen() {
    let witness = Witness::new(Quota::per_second(1000));
    witness.asked("a", "/private/x", false);
    assert_eq!(witness.testimony().disallowed, 1);
    assert!(!witness.testimony().is_polite());
}
