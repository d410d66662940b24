use proptest::prelude::*;

use super::*;

/// Some moments, the latest as late as the clock goes.
fn later(start: Instant, by: Duration) -> Instant {
    start.checked_add(by).unwrap_or(start)
}

#[test]
fn the_parts_are_known_here() {
    // Without it all is right, and slower: on the systems that are tested it is not to be lost unseen.
    assert_eq!(Epoch::new(Instant::now()).secs_max, SECS_MAX);
}

#[test]
fn what_is_before_is_zero() {
    let start = Instant::now();
    let epoch = Epoch::new(later(start, Duration::from_millis(1_500)));
    for millis in [0, 499, 500, 501, 1_000, 1_499, 1_500] {
        assert_eq!(epoch.nanos(later(start, Duration::from_millis(millis))), 0);
    }
    let after = later(start, Duration::from_millis(1_501));
    assert_eq!(epoch.nanos(after), 1_000_000);
}

/// Guards `secs_max`, without which the product of seconds would overflow, and centuries would be a moment.
#[test]
fn centuries_are_long() {
    let start = Instant::now();
    let epoch = Epoch::new(start);
    for secs in [SECS_MAX - 1, SECS_MAX, SECS_MAX + 1, 1 << 40, 1 << 60] {
        let Some(now) = start.checked_add(Duration::from_secs(secs)) else {
            continue;
        };
        assert_eq!(epoch.nanos(now), secs.saturating_mul(NANOS), "{secs}");
    }
}

/// E1: as on a system whose moments are written otherwise.
#[test]
fn without_the_parts_std_is_asked() {
    let start = Instant::now();
    let epoch = Epoch {
        secs_max: 0,
        ..Epoch::new(start)
    };
    assert_eq!(epoch.nanos(later(start, Duration::from_nanos(7))), 7);

    let mut wrong = Epoch::new(start);
    wrong.nanos += 1;
    assert!(!wrong.are_right());
}

proptest! {
    /// E2.
    #[test]
    fn both_ways_are_one(from: u32, from_nanos in 0..NANOS as u32, secs: u32, nanos in 0..NANOS as u32) {
        let zero = Instant::now();
        let epoch = Epoch::new(later(zero, Duration::new(from.into(), from_nanos)));
        let now = later(zero, Duration::new(secs.into(), nanos));
        prop_assert_eq!(epoch.nanos(now), epoch.nanos_far(now));
    }
}
