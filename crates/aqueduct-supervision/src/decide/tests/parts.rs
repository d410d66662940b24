//! The parts by themselves: the list of children, the window of restarts, the back-offs.

use std::time::Duration;

use tokio::time::Instant;

use super::desk::{millis, secs, task};
use crate::decide::Key;
use crate::decide::children::{Children, State};
use crate::decide::times::{Retry, Verdict, Waits, Window};
use crate::spec::Intensity;

fn order(children: &Children) -> String {
    let there = std::iter::successors(children.first(), |key| children.later(*key));
    let back = std::iter::successors(children.last(), |key| children.earlier(*key));
    let there: Vec<_> = there
        .map(|key| children.get(key).id().to_string())
        .collect();
    let mut back: Vec<_> = back.map(|key| children.get(key).id().to_string()).collect();
    back.reverse();
    assert_eq!(there, back);
    there.concat()
}

#[test]
fn children_are_added_and_taken_out_in_order() {
    let mut children = Children::named();
    let keys: Vec<_> = ["a", "b", "c", "d"]
        .map(|id| children.insert(task(id)))
        .into();
    assert_eq!(order(&children), "abcd");
    children.remove(keys[1]);
    assert_eq!(order(&children), "acd");
    children.remove(keys[0]);
    assert_eq!(order(&children), "cd");
    children.remove(keys[3]);
    assert_eq!(order(&children), "c");
    // Places are used again, keys are not.
    let again = ["e", "f", "g"].map(|id| children.insert(task(id)));
    assert_eq!(order(&children), "cefg");
    assert!(again.iter().all(|key| key.index < 4 && !keys.contains(key)));
    assert!(children.find(keys[1]).is_none() && children.has_issued(keys[1]));
    let never = Key {
        index: again[0].index,
        generation: 2,
    };
    assert!(!children.has_issued(never));
    children.remove(keys[2]);
    for key in again {
        children.remove(key);
    }
    assert_eq!(order(&children), "");
    assert_eq!((children.first(), children.last()), (None, None));
    assert!(children.find_id(&"c".into()).is_none());
}

#[test]
fn what_is_counted_is_counted_whatever_state_it_is_taken_out_in() {
    let mut children = Children::named();
    let key = children.insert(task("a"));
    children.set_state(key, State::Running);
    assert_eq!(children.counts().active, 1);
    children.set_state(key, State::Restarting { token: 1 });
    assert_eq!((children.counts().active, children.restarting()), (0, 1));
    children.remove(key);
    assert_eq!((children.counts().specs, children.restarting()), (0, 0));
}

#[test]
fn a_child_is_small() {
    let size = Children::bytes_each();
    assert!(size <= 112, "{size} bytes a child");
}

#[test]
fn the_window_slides_and_includes_its_end() {
    let start = Instant::now();
    let mut window = Window::new(Intensity {
        restarts: 2,
        period: secs(5),
    });
    let mut count = |at: Duration| window.count(start + at);
    assert_eq!(count(secs(0)), Verdict::Within);
    assert_eq!(count(secs(4)), Verdict::Within);
    assert_eq!(count(secs(5)), Verdict::TooMany);
    assert_eq!(count(secs(9) + millis(1)), Verdict::Within);
    assert_eq!(count(secs(10)), Verdict::TooMany);
}

#[test]
fn back_offs_that_were_called_off_do_not_pile_up() {
    let start = Instant::now();
    let key = Key {
        index: 0,
        generation: 0,
    };
    let mut waits = Waits::default();
    for token in 0..10_000 {
        waits.push(start + secs(60), Retry { token, key });
        let next = waits.next(|retry| retry.token == token, 1);
        assert_eq!(next, Some(start + secs(60)));
        assert!(waits.len() <= 67, "{} are kept for one", waits.len());
    }
    assert_eq!(waits.next(|_| false, 0), None);
    assert_eq!(waits.len(), 0);
}

#[test]
fn of_two_back_offs_that_end_together_the_first_drawn_is_first() {
    let start = Instant::now();
    let mut waits = Waits::default();
    for (token, index) in [(2, 0), (1, 9), (3, 4)] {
        let key = Key {
            index,
            generation: 0,
        };
        waits.push(start, Retry { token, key });
    }
    let due = |waits: &mut Waits| waits.pop_due(start).map(|retry| retry.token);
    assert_eq!(
        [(); 4].map(|()| due(&mut waits)),
        [Some(1), Some(2), Some(3), None]
    );
}
