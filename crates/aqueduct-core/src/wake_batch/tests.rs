use std::panic;
use std::sync::{Arc, Mutex};
use std::task::Wake;

use super::*;

/// Writes its number down when it is called, and panics if told to.
struct Note {
    number: usize,
    panics: bool,
    list: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.list.lock().unwrap().push(self.number);
        if self.panics {
            panic!("waker {}", self.number);
        }
    }
}

fn filled(count: usize, panics: &[usize]) -> (WakeBatch, Arc<Mutex<Vec<usize>>>) {
    let list = Arc::new(Mutex::new(Vec::new()));
    let mut batch = WakeBatch::new();
    for number in 0..count {
        batch.push(Waker::from(Arc::new(Note {
            number,
            panics: panics.contains(&number),
            list: list.clone(),
        })));
    }
    (batch, list)
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast().expect("a formatted message")
}

#[test]
fn calls_in_order_and_can_be_filled_again() {
    let (mut batch, list) = filled(WakeBatch::SIZE, &[]);
    assert!(batch.is_full());
    batch.wake_all();
    assert!(!batch.is_full());
    assert_eq!(*list.lock().unwrap(), Vec::from_iter(0..WakeBatch::SIZE));
    assert_eq!(Arc::strong_count(&list), 1, "wakers were dropped");
    for _ in 0..WakeBatch::SIZE {
        batch.push(Waker::noop().clone());
    }
    assert!(batch.is_full());
}

#[test]
#[should_panic(expected = "out of bounds")]
fn a_full_batch_takes_no_more() {
    let (mut batch, _list) = filled(WakeBatch::SIZE, &[]);
    batch.push(Waker::noop().clone());
}

#[test]
fn dropping_wakes() {
    let (batch, list) = filled(3, &[]);
    drop(batch);
    assert_eq!(*list.lock().unwrap(), [0, 1, 2]);
    assert_eq!(Arc::strong_count(&list), 1);
}

#[test]
fn wakers_that_panic_hold_nobody_up() {
    let (mut batch, list) = filled(5, &[1, 3]);
    let panic = panic::catch_unwind(panic::AssertUnwindSafe(move || {
        batch.wake_all();
    }));
    assert_eq!(message(panic.unwrap_err()), "waker 1");
    assert_eq!(*list.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(Arc::strong_count(&list), 1);
}

#[test]
fn a_panic_while_dropping_is_let_out_after_the_last_call() {
    let (batch, list) = filled(4, &[0, 2]);
    let panic = panic::catch_unwind(panic::AssertUnwindSafe(move || drop(batch)));
    assert_eq!(message(panic.unwrap_err()), "waker 0");
    assert_eq!(*list.lock().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn a_caught_panic_leaves_the_rest_to_the_next_call() {
    let (mut batch, list) = filled(3, &[0]);
    let panic = panic::catch_unwind(panic::AssertUnwindSafe(|| batch.wake_all()));
    assert!(panic.is_err());
    assert_eq!(*list.lock().unwrap(), [0]);
    batch.wake_all();
    assert_eq!(*list.lock().unwrap(), [0, 1, 2]);
}

/// What a panic throws may itself panic when it is dropped.
#[test]
fn bombs_that_are_thrown_and_leaked_hold_nobody_up() {
    struct Bomb(Arc<Mutex<usize>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("went off");
        }
    }
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() += 1;
            let bomb = Bomb(self.0.clone());
            mem::forget(self);
            panic::panic_any(bomb);
        }
    }
    let woken = Arc::default();
    let mut batch = WakeBatch::new();
    for _ in 0..5 {
        batch.push(Waker::from(Arc::new(Bomb(Arc::clone(&woken)))));
    }
    let thrown = panic::catch_unwind(panic::AssertUnwindSafe(move || drop(batch)));
    mem::forget(thrown);
    assert_eq!(*woken.lock().unwrap(), 5);
}
