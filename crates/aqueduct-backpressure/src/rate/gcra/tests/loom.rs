//! Models of the word. Each names the line whose removal makes it fail.

use std::time::Duration;

use aqueduct_core::model::{race, spawn};
use aqueduct_core::sync::Arc;

use super::*;

/// A millisecond, in units.
const MS: u64 = 8_000_000;

fn pace(millis: u64, burst: u32) -> Pace {
    Pace::new(1, Duration::from_millis(millis), burst)
}

fn takes(gcra: &Gcra, times: u32) -> u32 {
    (0..times).map(|_| u32::from(gcra.take(0, 1).is_ok())).sum()
}

/// Guards the compare-and-swap in `take`: two never take the same permit.
#[test]
fn two_who_take_get_what_there_is() {
    race(|| {
        let gcra = Arc::new(Gcra::new(pace(1, 3)));
        let other = spawn({
            let gcra = gcra.clone();
            move || takes(&gcra, 2)
        });
        let got = takes(&gcra, 2) + other.join().unwrap();
        assert_eq!(got, 3);
    });
}

/// Guards the turn in the word, and the Release and Acquire around it: a decision by the pace of before takes nothing
/// after the change, and one by the new pace sees all of it.
#[test]
fn a_change_gives_nothing() {
    for (before, after) in [((1, 2), (1000, 3)), ((1000, 3), (1, 2))] {
        race(move || {
            let gcra = Arc::new(Gcra::new(pace(before.0, before.1)));
            let changer = spawn({
                let gcra = gcra.clone();
                move || gcra.change(pace(after.0, after.1), 0)
            });
            let got = takes(&gcra, 3);
            changer.join().unwrap();
            let left = takes(&gcra, 3);
            assert!(got + left <= 3, "{got} + {left}");
            assert_eq!(gcra.available(0), 0);
            assert_eq!(
                gcra.pace(gcra.word.load(Ordering::Relaxed)),
                pace(after.0, after.1)
            );
        });
    }
}

/// Guards the order of the word and `returned` in `give_back` (G3): who takes in between must not believe that the word
/// was moved before.
#[test]
fn two_that_are_given_back_do_not_add_up_to_more() {
    race(|| {
        let gcra = Arc::new(Gcra::new(pace(1, 2)));
        let first = gcra.take_to_keep(0, 1).unwrap();
        let returner = spawn({
            let gcra = gcra.clone();
            move || gcra.give_back(first, 0)
        });
        let second = gcra.take_to_keep(0, 1);
        returner.join().unwrap();
        assert_eq!(gcra.available(MS), 2);
        gcra.take(MS, 1).unwrap();
        if let Ok(second) = second {
            gcra.give_back(second, MS);
        }
        // One was taken at this moment, and what was given back lies before it.
        assert_eq!(gcra.available(MS), 1);
    });
}

/// Guards that `changes` is counted after the word in `change`: what was taken at the pace of before is on its time line.
#[test]
fn what_is_given_back_is_of_the_pace_that_it_was_taken_at() {
    race(|| {
        let gcra = Arc::new(Gcra::new(pace(1000, 2)));
        let changer = spawn({
            let gcra = gcra.clone();
            move || gcra.change(pace(1, 2), 0)
        });
        let kept = gcra.take_to_keep(0, 1).unwrap();
        changer.join().unwrap();
        gcra.take(5 * MS, 1).unwrap();
        gcra.give_back(kept, 5 * MS);
        assert_eq!(gcra.available(5 * MS), 1);
    });
}
