//! Models of the gate. Each says what it guards, and names a change that makes it fail. A wake that is lost shows as a
//! deadlock.

use std::future::poll_fn;

use ::loom::thread;
use aqueduct_core::model::{block_on, bounded};
use aqueduct_core::sync::Arc;

use super::*;

fn now() -> Duration {
    Duration::ZERO
}

fn entry(partition: usize) -> Entry {
    Entry {
        partition,
        priority: Priority::Normal,
        deadline: None,
        since: Duration::ZERO,
    }
}

/// As a future that acquires.
fn acquire(gate: &Gate, partition: usize) {
    if gate.take(partition) {
        return;
    }
    let key = gate.join(entry(partition)).expect("there is room in line");
    gate.serve(now());
    let got = block_on(poll_fn(|cx| gate.poll(key, cx)));
    assert_eq!(got, Ok(()));
}

fn is_back(gate: &Gate, limit: usize) {
    let state = gate.state();
    assert_eq!((state.in_flight(), state.limit()), (0, limit));
    assert!(!state.is_waited_on());
    assert_eq!(gate.queued(), 0);
}

/// A permit that is given back while another waits for it is not lost.
///
/// Fails without the `serve` after `join`, and if `give_back` looks for `waiting` before it subtracts.
#[test]
fn one_permit_goes_round() {
    bounded(3, || {
        let gate = Arc::new(Gate::new(1, Queue::fifo(2), &[]));
        let other = gate.clone();
        let thread = thread::spawn(move || {
            acquire(&other, 0);
            other.give_back(0, now);
        });
        acquire(&gate, 0);
        assert!(gate.state().in_flight() <= 1);
        gate.give_back(0, now);
        thread.join().unwrap();
        is_back(&gate, 1);
    });
}

/// Never more than the limit are in, also when it is raised and lowered meanwhile; and a raise lets in who waits.
#[test]
fn a_raise_is_not_missed() {
    bounded(3, || {
        let gate = Arc::new(Gate::new(1, Queue::fifo(2), &[]));
        assert!(gate.take(0));
        let other = gate.clone();
        let thread = thread::spawn(move || {
            acquire(&other, 0);
            other.give_back(0, now);
        });
        gate.set_limit(2, now);
        // Who waits must get in without the first being given back.
        thread.join().unwrap();
        gate.give_back(0, now);
        is_back(&gate, 2);
    });
}

/// One who goes away hands on what it was granted.
#[test]
fn who_goes_away_hands_on() {
    bounded(3, || {
        let gate = Arc::new(Gate::new(1, Queue::fifo(2), &[]));
        assert!(gate.take(0));
        let first = gate.join(entry(0)).unwrap();
        let second = gate.clone();
        let thread = thread::spawn(move || {
            acquire(&second, 0);
            second.give_back(0, now);
        });
        let other = gate.clone();
        let back = thread::spawn(move || {
            other.give_back(0, now);
        });
        gate.leave(first, now);
        thread.join().unwrap();
        back.join().unwrap();
        is_back(&gate, 1);
    });
}

/// A partition's share that comes back is found by who waits for it, though the limit as a whole is exceeded.
///
/// Fails if `give_back` gives the word back before the share.
#[test]
fn a_share_that_comes_back_is_not_missed() {
    bounded(3, || {
        let gate = Arc::new(Gate::new(2, Queue::fifo(2), &[0.5, 0.5]));
        // Partition 1 has borrowed, so that partition 0's own permit makes three.
        assert!(gate.take(1) && gate.take(1) && gate.take(0));
        let other = gate.clone();
        let thread = thread::spawn(move || {
            acquire(&other, 0);
            other.give_back(0, now);
        });
        gate.give_back(0, now);
        thread.join().unwrap();
        gate.give_back(1, now);
        gate.give_back(1, now);
        is_back(&gate, 2);
    });
}
