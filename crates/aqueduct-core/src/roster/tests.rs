use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use super::*;

/// Counts itself while it lives.
struct Counted(u32, Rc<Cell<usize>>);

impl Counted {
    fn new(number: u32, alive: &Rc<Cell<usize>>) -> Self {
        alive.set(alive.get() + 1);
        Self(number, alive.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.set(self.1.get() - 1);
    }
}

/// Adds a value, and lets go of the second of the two.
fn add<H, T>(roster: &mut Roster<H, T>, header: impl FnOnce() -> H, value: T) -> Held<H, T> {
    roster.add(header, value).split().0
}

fn numbers(roster: &Roster<(), Counted>) -> Vec<u32> {
    roster.iter().map(|counted| counted.0).collect()
}

#[test]
fn values_are_listed_in_the_order_of_adding_and_stay_where_they_are() {
    let mut roster = Roster::new();
    assert!(roster.is_empty());
    let held: Vec<Held<(), u32>> = (0..100).map(|n| add(&mut roster, || (), n)).collect();
    let places: Vec<*const u32> = held.iter().map(|held| &raw const **held).collect();
    assert_eq!(
        Vec::from_iter(roster.iter().copied()),
        Vec::from_iter(0..100)
    );
    assert_eq!(roster.len(), 100);
    for (number, held) in held.iter().enumerate() {
        assert_eq!(
            (**held as usize, &raw const **held),
            (number, places[number])
        );
    }
}

#[test]
fn a_block_has_one_header_and_blocks_grow() {
    let mut roster = Roster::new();
    let mut made = 0;
    let held = Vec::from_iter((0..30).map(|n| {
        let header = || {
            made += 1;
            made
        };
        add(&mut roster, header, n)
    }));
    let headers = Vec::from_iter(held.iter().map(|held| *held.header()));
    let sizes: Vec<usize> = headers.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    assert_eq!(sizes, [2, 4, 8, 8, 8]);
}

#[test]
fn a_value_lives_while_it_is_listed_or_anything_in_its_block_is_held() {
    let alive = Rc::default();
    let mut roster = Roster::new();
    let mut held = Vec::from_iter((0..6).map(|n| add(&mut roster, || (), Counted::new(n, &alive))));
    assert_eq!(alive.get(), 6);
    let last = held.pop().unwrap();
    drop(held);
    assert_eq!(alive.get(), 6, "they are listed");
    drop(roster);
    assert_eq!(
        (alive.get(), (*last).0),
        (4, 5),
        "one of the second block is held"
    );
    let again = last.clone();
    drop(last);
    assert_eq!((alive.get(), (*again).0), (4, 5));
    drop(again);
    assert_eq!(alive.get(), 0);
}

#[test]
fn room_that_was_never_used_keeps_nothing_alive() {
    let alive = Rc::default();
    for count in 0..20 {
        for held_first in [false, true] {
            let mut roster = Roster::new();
            let held = Vec::from_iter(
                (0..count).map(|n| add(&mut roster, || (), Counted::new(n, &alive))),
            );
            if held_first {
                drop(held);
                drop(roster);
            } else {
                drop(roster);
                drop(held);
            }
            assert_eq!(alive.get(), 0);
        }
    }
}

#[test]
fn pruning_lets_go_of_blocks_of_which_nothing_is_held() {
    let alive = Rc::default();
    let mut roster = Roster::new();
    // Blocks of 0..2, 2..6, 6..14, 14..22, 22..
    let mut held =
        Vec::from_iter((0..23).map(|n| Some(add(&mut roster, || (), Counted::new(n, &alive)))));
    roster.prune();
    assert_eq!(roster.len(), 23);
    for (number, held) in held.iter_mut().enumerate() {
        if ![3, 14].contains(&number) {
            *held = None;
        }
    }
    assert_eq!(alive.get(), 23, "all are listed");
    roster.prune();
    let left = Vec::from_iter((2..6).chain(14..23));
    assert_eq!((numbers(&roster), roster.len()), (left, 13));
    assert_eq!(alive.get(), 13);
    held.clear();
    roster.prune();
    assert_eq!((numbers(&roster), alive.get()), (vec![22], 1));
    let header = || unreachable!("there is room");
    let next = add(&mut roster, header, Counted::new(23, &alive));
    assert_eq!(((*next).0, numbers(&roster)), (23, vec![22, 23]));
    Roster::<(), Counted>::new().prune();
}

#[test]
fn many_are_let_go_of_together() {
    let alive = Rc::default();
    let mut roster = Roster::new();
    let mut held =
        Vec::from_iter((0..23).map(|n| add(&mut roster, || (), Counted::new(n, &alive))));
    drop(roster);
    // Forth and back, so that blocks come again.
    held.extend(held.clone().into_iter().rev());
    let mut gone = LetGo::default();
    let back = held.split_off(23);
    held.into_iter().for_each(|held| gone.add(held));
    assert_eq!(alive.get(), 23);
    back.into_iter().for_each(|held| gone.add(held));
    assert_eq!(alive.get(), 2, "the first block was the last");
    drop(gone);
    assert_eq!(alive.get(), 0);
    drop(LetGo::<(), Counted>::new());
}

#[test]
fn values_may_be_held_and_let_go_on_other_threads() {
    let mut roster: Roster<(), Arc<u32>> = Roster::default();
    let value = Arc::new(7);
    let held = Vec::from_iter((0..64).map(|_| add(&mut roster, || (), value.clone())));
    thread::scope(|scope| {
        for held in held {
            scope.spawn(move || assert_eq!(**held.clone(), 7));
        }
        scope.spawn(move || drop(roster));
    });
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn what_is_held_shows_as_the_value() {
    let mut roster = Roster::new();
    let held = add(&mut roster, || (), "value");
    assert_eq!(
        (format!("{held:?}"), format!("{roster:?}")),
        (r#""value""#.into(), r#"["value"]"#.into())
    );
}

#[test]
fn a_value_is_given_out_twice() {
    let alive = Rc::default();
    let mut roster = Roster::new();
    let (first, second) = roster.add(|| (), Counted::new(1, &alive)).split();
    assert!(std::ptr::eq(&*first, &*second));
    drop(roster);
    drop(first);
    assert_eq!((alive.get(), (*second).0), (1, 1));
    drop(second);
    assert_eq!(alive.get(), 0);
    let pair = Roster::new().add(|| 7, Counted::new(2, &alive));
    assert_eq!((alive.get(), (**pair).0, *pair.header()), (1, 2, 7));
    drop(pair);
    assert_eq!(alive.get(), 0);
}

#[test]
fn who_holds_a_value_has_one_pointer() {
    assert_eq!(size_of::<Option<Held<(), u8>>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Pair<(), u8>>>(), size_of::<usize>());
}

#[test]
fn those_that_are_wanted_may_be_held_later() {
    let alive = Rc::default();
    let mut roster = Roster::new();
    (0..7).for_each(|n| drop(roster.add(|| (), Counted::new(n, &alive))));
    let held = roster.hold(|counted| counted.0.is_multiple_of(3));
    assert_eq!(
        Vec::from_iter(held.iter().map(|held| (**held).0)),
        [0, 3, 6]
    );
    drop(roster);
    assert_eq!(alive.get(), 7);
    drop(held);
    assert_eq!(alive.get(), 0);
}

#[test]
fn a_destructor_that_panics_while_pruning_leaves_the_roster_in_order_and_a_block_leaked() {
    struct Bomb(bool, #[allow(dead_code)] Counted);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.0, "a bomb");
        }
    }
    let alive = Rc::default();
    let mut roster = Roster::new();
    for n in 0..3 {
        drop(roster.add(|| (), Bomb(n == 0, Counted::new(n, &alive))));
    }
    let prunes = std::panic::AssertUnwindSafe(|| roster.prune());
    assert!(std::panic::catch_unwind(prunes).is_err());
    assert_eq!((roster.len(), roster.iter().count()), (1, 1));
    drop(roster.add(
        || unreachable!("there is room"),
        Bomb(false, Counted::new(3, &alive)),
    ));
    assert_eq!(roster.iter().count(), 2);
    roster.prune();
    drop(roster);
    assert!(alive.get() <= 1, "no more than what lay beside the bomb");
}
