//! The controller over time lines.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn codel() -> Codel {
    Codel::new(ms(5), ms(100))
}

/// Steps of (now, sojourn), and whether each is served.
fn run(codel: &mut Codel, steps: &[(u64, u64)]) -> Vec<bool> {
    let served = |&(now, wait): &(u64, u64)| codel.step(ms(now), ms(wait)) == Verdict::Serve;
    steps.iter().map(served).collect()
}

#[test]
fn a_burst_is_served() {
    let steps: Vec<_> = (0..10).map(|n| (n * 9, 90 - n * 9)).collect();
    assert!(run(&mut codel(), &steps).iter().all(|served| *served));
}

#[test]
fn one_short_wait_in_an_interval_shows_that_the_queue_moves() {
    let mut codel = codel();
    assert_eq!(
        run(&mut codel, &[(0, 50), (40, 5), (60, 50), (100, 50)]),
        [true; 4]
    );
    assert!(!codel.is_standing());
}

#[test]
fn a_standing_queue_is_cut_at_twice_the_target() {
    let mut codel = codel();
    let steps = [(0, 50), (50, 50), (100, 50), (110, 11), (111, 10), (112, 1)];
    assert_eq!(
        run(&mut codel, &steps),
        [true, true, false, false, true, true]
    );
    assert!(codel.is_standing());
}

#[test]
fn it_ends_with_an_interval_in_which_somebody_got_through() {
    let mut codel = codel();
    let steps = [(0, 50), (100, 50), (150, 2), (200, 50), (250, 50)];
    assert_eq!(
        run(&mut codel, &steps),
        [true, false, true, true, true],
        "the wait of 2 ms ends the standing at 200"
    );
}

#[test]
fn a_pause_is_no_queue() {
    let mut codel = codel();
    assert_eq!(run(&mut codel, &[(0, 50), (1_000, 50)]), [true, true]);
    assert_eq!(run(&mut codel, &[(1_050, 50), (1_100, 50)]), [true, false]);
}

#[test]
fn a_queue_that_moves_less_than_once_in_two_intervals_stands_as_well() {
    let mut codel = codel();
    // All came at once, and one leaves every quarter of a second.
    let steps: Vec<_> = (1..100).map(|n| (n * 250, n * 250)).collect();
    let served = run(&mut codel, &steps);
    assert_eq!(served.iter().filter(|served| **served).count(), 1);
}

#[test]
fn an_empty_queue_does_not_stand() {
    let mut codel = codel();
    let _ = run(&mut codel, &[(0, 50), (100, 50)]);
    assert!(codel.is_standing());
    codel.emptied();
    assert_eq!(run(&mut codel, &[(101, 50)]), [true]);
}

proptest! {
    /// Whoever waited no longer than twice the target is never dropped, nor is anybody in the first interval.
    #[test]
    fn the_quick_are_always_served(steps in proptest::collection::vec((0u64..60, 0u64..80), 1..200)) {
        let mut codel = codel();
        let mut now = 0;
        for (pause, wait) in steps {
            now += pause;
            let verdict = codel.step(ms(now), ms(wait));
            prop_assert!(verdict == Verdict::Serve || (wait > 10 && codel.is_standing()));
        }
    }

    /// A queue in which every wait is beyond the cut drops all after an interval.
    #[test]
    fn an_overloaded_queue_is_always_cut(waits in proptest::collection::vec(11u64..500, 30..60)) {
        let mut codel = codel();
        for (step, wait) in waits.into_iter().enumerate() {
            let verdict = codel.step(ms(step as u64 * 10), ms(wait));
            prop_assert_eq!(verdict == Verdict::Drop, step >= 10);
        }
    }
}
