//! How long one who waits may be passed over.
//!
//! A newcomer gets in between the moment in which a slot or a message appears and that in which somebody in line is
//! told. These tests hold that moment open.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::super::*;
use crate::error::TrySendError;
use crate::overflow::Options;

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Takes the oldest message out, and tells nobody yet.
fn pop_quietly(ring: &Ring<usize, Single>, head: &mut u64) {
    // SAFETY: I1: this is the receiver, and the ring is full.
    unsafe { ring.head.slots.read(*head) };
    *head += 1;
    ring.head.word.store_position(*head);
}

#[test]
fn a_sender_is_passed_over_for_one_capacity() {
    for capacity in [1, 2, 5] {
        let ring: SharedRing<usize, Single> = SharedRing::new(Options::new(capacity), false);
        let tx = Tx::first(ring.clone());
        let mut head = 0;
        for n in 0..capacity {
            tx.try_send(n).unwrap();
        }
        let mut waiting = Box::pin(tx.send(100));
        assert!(poll(waiting.as_mut()).is_pending());
        for n in 0..capacity {
            pop_quietly(&ring, &mut head);
            assert_eq!(tx.try_send(n), Ok(()), "a newcomer may get in");
            ring.room_was_made();
        }
        pop_quietly(&ring, &mut head);
        assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)), "it was enough");
        ring.room_was_made();
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(Ok(())));
        // With nobody in line newcomers are let in again.
        pop_quietly(&ring, &mut head);
        assert_eq!(tx.try_send(0), Ok(()));
    }
}

/// Puts a message in, and tells nobody yet.
fn push_quietly(ring: &Ring<usize, Many>, value: usize) {
    let (position, _) = ring.claim_many(1).expect("there is room");
    // SAFETY: I1: just claimed.
    unsafe { ring.write_unseen(position, value) };
}

#[test]
fn a_receiver_is_passed_over_for_one_capacity() {
    for capacity in [1, 2, 5] {
        let ring: SharedRing<usize, Many> = SharedRing::new(Options::new(capacity), false);
        let rx = Rx::first(ring.clone());
        let mut waiting = Box::pin(rx.recv());
        assert!(poll(waiting.as_mut()).is_pending());
        for n in 0..capacity {
            push_quietly(&ring, n);
            assert_eq!(rx.try_recv(), Pop::Value(n), "a newcomer may get in");
            Many::notify(&ring);
        }
        push_quietly(&ring, 100);
        assert_eq!(rx.try_recv(), Pop::Empty, "it was enough");
        Many::notify(&ring);
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(Some(100)));
        // With nobody in line newcomers are let in again.
        push_quietly(&ring, 0);
        assert_eq!(rx.try_recv(), Pop::Value(0));
    }
}

/// In a fair channel nobody is passed over at all, but in the moment in which one gets in line.
#[test]
fn nobody_is_passed_over_in_a_fair_channel() {
    let ring: SharedRing<usize, Single> = SharedRing::new(Options::new(2), true);
    let tx = Tx::first(ring.clone());
    let mut head = 0;
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut waiting = Box::pin(tx.send(2));
    assert!(poll(waiting.as_mut()).is_pending());
    pop_quietly(&ring, &mut head);
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    ring.room_was_made();
    assert_eq!(poll(waiting.as_mut()), Poll::Ready(Ok(())));
}
