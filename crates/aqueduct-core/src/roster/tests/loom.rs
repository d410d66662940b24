//! Models of the roster's count. Each names a change that makes it fail.

use ::loom::sync::Arc;
use ::loom::thread;

use super::*;
use crate::model::bounded;

/// Is written when it is dropped, which must come after whatever was done with it.
struct Value(Arc<Shared>);

/// Loom finds out whether it is read and written at once.
struct Shared(UnsafeCell<u32>);

// SAFETY: what the models are there to show.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(0)))
    }

    fn get(&self) -> u32 {
        // SAFETY: loom tells if somebody writes it.
        self.0.with(|value| unsafe { *value })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: loom tells if somebody else has it.
        self.0.0.with_mut(|value| unsafe { *value += 1 });
    }
}

/// Adds a value, and lets go of the second of the two.
fn add<H, T>(roster: &mut Roster<H, T>, header: impl FnOnce() -> H, value: T) -> Held<H, T> {
    roster.add(header, value).split().0
}

/// I3: who frees a block comes after those who had its values.
///
/// Fails if `give_up` subtracts Relaxed, or has no fence; if a block is not counted beforehand.
#[test]
fn two_let_go_and_the_roster_too() {
    bounded(3, || {
        let mut roster = Roster::new();
        let dropped = Shared::new();
        let held: [_; 2] = roster.add(|| (), Value(dropped.clone())).split().into();
        let threads = held.map(|held| {
            thread::spawn(move || {
                let _ = (*held).0.get();
                drop(held);
            })
        });
        drop(roster);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(dropped.get(), 1);
    });
}

/// I1: the roster lets go of a block with room left while its one value is let go of.
///
/// Fails if the roster, when it goes, does not give up what it counted for the room left, or does not say how many are there.
#[test]
fn a_block_with_room_left_is_freed_once() {
    bounded(3, || {
        let mut roster = Roster::new();
        let dropped = Shared::new();
        let held = add(&mut roster, || (), Value(dropped.clone()));
        let other = thread::spawn(move || drop(held.clone()));
        drop(roster);
        other.join().unwrap();
        assert_eq!(dropped.get(), 1);
    });
}

/// I2: a value is read while the roster adds another to its block.
///
/// Fails if `add` writes to a cell that is there.
#[test]
fn a_value_is_read_while_another_is_added() {
    bounded(3, || {
        let mut roster = Roster::new();
        let first = add(&mut roster, || (), 1);
        let other = thread::spawn(move || assert_eq!(*first, 1));
        let second = add(&mut roster, || (), 2);
        assert_eq!(*second, 2);
        other.join().unwrap();
    });
}

/// I3: the roster frees a block that it finds unheld after those who held it.
///
/// Fails if `give_up` has no fence.
#[test]
fn a_block_is_pruned_while_it_is_let_go_of() {
    bounded(3, || {
        let mut roster = Roster::new();
        let dropped = Shared::new();
        let first = add(&mut roster, || (), Value(dropped.clone()));
        let second = add(&mut roster, || (), Value(dropped.clone()));
        // So that the first block is not the last.
        let _third = add(&mut roster, || (), Value(Shared::new()));
        let other = thread::spawn(move || {
            let _ = ((*first).0.get(), (*second).0.get());
            let mut gone = LetGo::new();
            gone.add(first);
            gone.add(second);
        });
        roster.prune();
        let pruned = roster.len() == 1;
        if pruned {
            assert_eq!(dropped.get(), 2);
        }
        other.join().unwrap();
        drop(roster);
        assert_eq!(dropped.get(), 2);
    });
}
