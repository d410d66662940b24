//! Models of the cell of an ask: exactly one outcome, and a message that comes back is handed to exactly one.

use std::future::poll_fn;
use std::task::{Context, Waker};

use aqueduct_core::model::{block_on, race, race_bounded, spawn, spawn_both};
use aqueduct_core::sync::Arc;

use super::*;

type Ask = Cell<u8, &'static str>;

fn message() -> Returned {
    Box::new(9_u8)
}

fn wait(cell: &Ask) -> Outcome<u8, &'static str> {
    block_on(poll_fn(|cx| cell.poll(cx)))
}

/// An answer that comes while the asker goes to sleep wakes it.
///
/// Fails if `poll` puts the waker in without looking at the state again.
#[test]
fn answer_against_sleep() {
    race(|| {
        let cell = Arc::new(Ask::new());
        let other = cell.clone();
        let answers = spawn(move || assert_eq!(other.answer(1), Ok(())));
        assert!(matches!(wait(&cell), Outcome::Answered(1)));
        answers.join().unwrap();
    });
}

/// K1: of an answer and a message that comes back one counts, and the asker has that one.
///
/// Fails if `end` looks and changes under two locks.
#[test]
fn answer_against_unsent() {
    race_bounded(3, || {
        let cell = Arc::new(Ask::new());
        let (one, two) = (cell.clone(), cell.clone());
        let (answers, returns) = spawn_both(
            move || one.answer(1).is_ok(),
            move || two.unsent(message(), "closed").is_ok(),
        );
        let answered = match wait(&cell) {
            Outcome::Answered(1) => true,
            Outcome::Unsent(message, "closed") => {
                assert_eq!(*message.downcast::<u8>().unwrap(), 9);
                false
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(answers.join().unwrap(), answered);
        assert_eq!(returns.join().unwrap(), !answered);
    });
}

/// K2: a message that comes back while the asker goes is the asker's, or comes back to who brought it.
///
/// Fails if `leave` looks and changes under two locks.
#[test]
fn unsent_against_leaving() {
    race(|| {
        let cell = Arc::new(Ask::new());
        let other = cell.clone();
        let returns = spawn(move || other.unsent(message(), "closed").err().map(drop));
        let left = matches!(cell.leave(), Some(Outcome::Unsent(..)));
        let came_back = returns.join().unwrap().is_some();
        assert!(left != came_back, "{left} {came_back}");
    });
}

/// A dropped reply against an asker that has waited, and goes.
#[test]
fn lost_against_leaving() {
    race(|| {
        let cell = Arc::new(Ask::new());
        let other = cell.clone();
        let _ = cell.poll(&mut Context::from_waker(Waker::noop()));
        let loses = spawn(move || other.lose());
        assert!(matches!(cell.leave(), None | Some(Outcome::Lost)));
        loses.join().unwrap();
        assert!(!cell.is_waiting());
    });
}
