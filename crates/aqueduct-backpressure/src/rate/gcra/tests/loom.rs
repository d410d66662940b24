//! Models of the word. Each names the line whose removal makes it fail.

use std::time::Duration;

use aqueduct_core::model::{race, race_bounded, spawn, spawn_both};
use aqueduct_core::sync::Arc;

use super::*;

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

/// Guards the order of the word and `returned` in `give_back` (G3), and of `changes` after the word in `change`.
#[test]
fn who_gives_back_while_others_take_and_change_gives_no_more_than_it_had() {
    race_bounded(2, || {
        let gcra = Arc::new(Gcra::new(pace(1, 2)));
        let first = gcra.take_to_keep(0, 1).unwrap();
        let [one, two] = [gcra.clone(), gcra.clone()];
        let (returner, changer) = spawn_both(
            move || one.give_back(first, 0),
            move || two.change(pace(2, 2), 0),
        );
        let kept = gcra.take_to_keep(0, 1);
        returner.join().unwrap();
        changer.join().unwrap();
        if let Ok(kept) = kept {
            gcra.give_back(kept, 0);
        }
        // Nothing, or what the change came too early or too late for.
        assert!(gcra.available(0) <= 2);
        let got = takes(&gcra, 3);
        assert!(got <= 2, "{got}");
    });
}
