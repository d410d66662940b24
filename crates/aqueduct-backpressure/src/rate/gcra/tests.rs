use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const UNITS: u64 = 8;
const MS: u64 = 1_000_000 * UNITS;

/// A permit each millisecond.
fn gcra(burst: u32) -> Gcra {
    Gcra::new(pace(1, burst))
}

fn pace(millis: u64, burst: u32) -> Pace {
    Pace::new(1, Duration::from_millis(millis), burst)
}

#[test]
fn two_threads_never_get_more_than_there_is() {
    const ROUNDS: u64 = 500;
    let gcra = gcra(7);
    for round in 0..ROUNDS {
        let now = (round + 1) * 20 * MS;
        let start = Barrier::new(2);
        let got: u32 = thread::scope(|scope| {
            let take = || {
                start.wait();
                (0..6)
                    .map(|_| u32::from(gcra.take(now, 1).is_ok()))
                    .sum::<u32>()
            };
            let other = scope.spawn(take);
            take() + other.join().unwrap()
        });
        assert_eq!(got, 7);
    }
}

/// Who changes the quota back and forth gets nothing by it.
#[test]
fn takes_and_changes_at_once_give_no_more_than_the_burst() {
    for _ in 0..500 {
        let gcra = gcra(6);
        let start = Barrier::new(2);
        let now = 50 * MS;
        let got: u32 = thread::scope(|scope| {
            let changer = scope.spawn(|| {
                start.wait();
                for _ in 0..3 {
                    gcra.change(pace(1000, 6), now);
                    gcra.change(pace(1, 6), now);
                }
            });
            start.wait();
            let got = (0..20).map(|_| u32::from(gcra.take(now, 1).is_ok())).sum();
            changer.join().unwrap();
            got
        });
        assert!(got <= 6, "{got}");
        let left: u32 = (0..20).map(|_| u32::from(gcra.take(now, 1).is_ok())).sum();
        assert!(got + left == 6, "{got} + {left}");
    }
}

#[test]
fn what_is_given_back_is_there_again() {
    let gcra = gcra(3);
    let taken = [(); 3].map(|()| gcra.take_to_keep(MS, 1).unwrap());
    assert!(gcra.take(MS, 1).is_err());
    gcra.give_back(taken[1], MS);
    assert_eq!(gcra.available(MS), 1);
    gcra.take(MS, 1).unwrap();
    assert!(gcra.take(MS, 1).is_err());
}

#[test]
fn what_time_has_given_back_is_not_given_back_again() {
    let gcra = gcra(1);
    let taken = gcra.take_to_keep(0, 1).unwrap();
    gcra.take(5 * MS, 1).unwrap();
    gcra.give_back(taken, 5 * MS);
    assert!(gcra.take(5 * MS, 1).is_err());
}

/// Found by thinking: two that are given back, of which the second has moved by the first.
#[test]
fn two_that_are_given_back_do_not_add_up_to_more() {
    let gcra = gcra(2);
    let [first, second] = [(); 2].map(|()| gcra.take_to_keep(0, 1).unwrap());
    gcra.give_back(first, 0);
    gcra.take(MS, 1).unwrap();
    gcra.give_back(second, MS);
    // One of two was taken at this moment.
    assert_eq!(gcra.available(MS), 1);
}

#[test]
fn what_was_taken_before_a_change_stays_taken() {
    let gcra = gcra(2);
    let taken = gcra.take_to_keep(0, 2).unwrap();
    gcra.change(pace(10, 2), 0);
    gcra.give_back(taken, 0);
    assert_eq!(gcra.available(0), 0);
    assert_eq!(gcra.available(10 * MS), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Take(u32),
    GiveBack(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1u32..4).prop_map(Step::Take),
        2 => (0usize..8).prop_map(Step::GiveBack),
        2 => (0u64..40).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Of what was taken and kept, no window has more than the burst and what the rate gives: as if what was given back
    /// had never been taken.
    #[test]
    fn giving_back_never_admits_more(burst in 1u32..6, steps in prop::collection::vec(step(), 1..60)) {
        let gcra = gcra(burst);
        let mut now = 0;
        let mut held = Vec::new();
        for step in steps {
            match step {
                Step::Take(n) => {
                    if let Ok(taken) = gcra.take_to_keep(now, n) {
                        held.push((now, n, taken));
                    }
                }
                Step::GiveBack(which) if which < held.len() => {
                    let (_, _, taken) = held.remove(which);
                    gcra.give_back(taken, now);
                }
                Step::GiveBack(_) => {}
                Step::Pass(tenths) => now += tenths * MS / 10,
            }
            for (first, (from, ..)) in held.iter().enumerate() {
                let mut sum = 0;
                for (to, n, _) in &held[first..] {
                    sum += u64::from(*n);
                    prop_assert!(sum.saturating_sub(burst.into()) * MS <= to - from);
                }
            }
        }
    }

    /// Against a bucket of real numbers: what is used runs out at the rate in force, and a change leaves it as it is, up
    /// to the new burst.
    #[test]
    fn changes_leave_what_is_used(
        steps in prop::collection::vec((1u64..20, 1u32..10, 0u64..60, 1u32..6), 1..80),
    ) {
        let gcra = gcra(5);
        let (mut interval, mut burst, mut used, mut now) = (1.0, 5, 0.0, 0);
        for (millis, new_burst, tenths, n) in steps {
            now += tenths * MS / 10;
            used = f64::max(0.0, used - tenths as f64 / 10.0 / interval);
            if millis > 15 {
                gcra.change(pace(millis, new_burst), now);
                (interval, burst) = (millis as f64, new_burst);
                used = used.min(f64::from(burst));
            }
            let after = used + f64::from(n);
            match gcra.take(now, n) {
                Ok(_) => {
                    prop_assert!(after <= f64::from(burst) + 1e-3);
                    used = after;
                }
                Err(_) => prop_assert!(after > f64::from(burst) - 1e-3),
            }
        }
    }
}
