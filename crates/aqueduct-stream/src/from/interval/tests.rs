use MissedTickBehavior::{Burst, Delay, Skip};

use super::*;

const PERIOD: Duration = Duration::from_millis(100);

#[test]
fn a_tick_on_time_is_followed_by_the_next() {
    let at = Instant::now();
    for missed in [Burst, Delay, Skip] {
        for late in [Duration::ZERO, TOLERANCE] {
            let next = tick_after(at, at + late, PERIOD, missed);
            assert_eq!(next, Some(at + PERIOD), "{missed:?}, {late:?} late");
        }
    }
}

#[test]
fn a_late_tick_is_followed_by_what_was_chosen() {
    let at = Instant::now();
    let late = PERIOD * 25 / 10;
    let next = |missed| tick_after(at, at + late, PERIOD, missed);
    assert_eq!(next(Burst), Some(at + PERIOD));
    assert_eq!(next(Delay), Some(at + late + PERIOD));
    assert_eq!(next(Skip), Some(at + 3 * PERIOD));
}

#[test]
fn skip_goes_to_a_moment_to_come() {
    let at = Instant::now();
    let next = tick_after(at, at + 2 * PERIOD, PERIOD, Skip);
    assert_eq!(next, Some(at + 3 * PERIOD));
}

#[test]
fn too_far_is_never() {
    let at = Instant::now();
    let late = at + Duration::from_secs(1);
    for missed in [Burst, Delay, Skip] {
        assert_eq!(tick_after(at, late, Duration::MAX, missed), None);
    }
}
