//! Positions are counted modulo 2⁴⁰. These rings start shortly before that.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::super::*;
use crate::overflow::Options;
use crate::{MemorySpill, Overflow};

const WRAP: u64 = 1 << 40;

fn ring<T, C: Consumers>(options: Options<T>, before: u64) -> SharedRing<T, C> {
    let ring = SharedRing::new(options, false);
    ring.starting_at(WRAP - before);
    ring
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Sends in every way until the ring is full, receives in every way until it is empty; again and again.
#[test]
fn one_receiver_goes_past_the_wrap() {
    for capacity in [1, 2, 3, 4, 7] {
        for before in 0..20 {
            let ring = ring(Options::new(capacity), before);
            let (tx, mut rx) = (Tx::first(ring.clone()), SingleRx::new(ring.clone()));
            let (mut sent, mut received) = (0, 0);
            for lap in 0..12 {
                while ring.room() > 0 {
                    if lap % 2 == 0 {
                        assert_eq!(tx.try_send(sent), Ok(()));
                    } else {
                        tx.try_reserve(1).unwrap();
                        Permit::new(&*ring).send(sent);
                    }
                    sent += 1;
                }
                assert!(tx.try_send(sent).is_err());
                assert!(poll(tx.send(sent)).is_pending());
                assert_eq!(ring.len(), capacity);
                let mut out = Vec::new();
                if lap % 3 == 0 {
                    assert_eq!(rx.pop_many(&mut out, capacity), Pop::Value(capacity));
                } else {
                    while let Pop::Value(value) = rx.try_pop() {
                        out.push(value);
                    }
                }
                for value in out {
                    assert_eq!(value, received);
                    received += 1;
                }
                assert_eq!((ring.len(), ring.room()), (0, capacity));
            }
            assert_eq!((sent, received), (12 * capacity, 12 * capacity));
            drop(tx);
            assert_eq!(rx.pop(), Pop::Ended);
        }
    }
}

/// The same where slots are given back by their stamps, with two receivers, a promise, and an eviction.
#[test]
fn many_receivers_go_past_the_wrap() {
    for capacity in [1, 2, 3, 4, 7] {
        for before in 0..20 {
            let ring = ring(Options::new(capacity), before);
            let (tx, rx) = (Tx::first(ring.clone()), Rx::first(ring.clone()));
            let other = rx.clone();
            let mut sent = 0;
            for _ in 0..12 {
                let mut waiting = Box::pin(other.recv());
                let mut cx = Context::from_waker(Waker::noop());
                assert!(waiting.as_mut().poll(&mut cx).is_pending());
                for n in sent..sent + capacity {
                    assert_eq!(tx.try_send(n), Ok(()));
                }
                // The first message is promised.
                assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(Some(sent)));
                assert_eq!(tx.try_send(sent + capacity), Ok(()));
                let oldest = sent + 1;
                assert_eq!(tx.force_send(sent + capacity + 1), Ok(Some(oldest)));
                for n in oldest + 1..=sent + capacity + 1 {
                    assert_eq!(rx.try_recv(), Pop::Value(n));
                }
                assert_eq!(rx.try_recv(), Pop::Empty);
                sent += capacity + 2;
            }
            drop(tx);
            assert_eq!(rx.try_recv(), Pop::Ended);
        }
    }
}

/// What is inside when the last handle goes is dropped, on both sides of the wrap.
#[test]
fn a_ring_is_dropped_at_the_wrap() {
    let message = std::sync::Arc::new(());
    for before in 0..6 {
        let ring = ring::<_, Single>(Options::new(4), before);
        let tx = Tx::first(ring);
        for _ in 0..4 {
            tx.try_send(message.clone()).unwrap();
        }
        assert_eq!(std::sync::Arc::strong_count(&message), 5);
        drop(tx);
        assert_eq!(std::sync::Arc::strong_count(&message), 1);
    }
}

/// Spilling asks how far the two are apart.
#[test]
fn spilling_goes_past_the_wrap() {
    for before in 0..8 {
        let mut options = Options::new(2);
        options.spill(MemorySpill::new(2));
        let ring = ring::<_, Single>(options, before);
        let (tx, mut rx) = (Tx::first(ring.clone()), SingleRx::new(ring.clone()));
        for lap in 0..6 {
            for n in 0..4 {
                assert_eq!(tx.try_send(4 * lap + n), Ok(()));
            }
            assert!(tx.try_send(0).is_err());
            for n in 0..4 {
                assert_eq!(rx.try_pop(), Pop::Value(4 * lap + n));
            }
        }
        assert_eq!(ring.overflow_policy(), Overflow::Spill);
    }
}
