//! A sender that finds others in line, and lets tasks run before it joins them.

use std::pin::Pin;
use std::sync::atomic::AtomicUsize as Count;
use std::task::{Context, Poll, Wake, Waker};

use super::super::send::TURNS;
use super::super::*;
use crate::error::SendError;
use crate::overflow::Options;

#[derive(Default)]
struct Wakes(Count);

impl Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

type Shared = SharedRing<String, Single>;

/// A full ring of one message, whose senders have found that waiting a little brings room.
fn full(fair: bool) -> (Shared, Tx<String, Single>, SingleRx<String>) {
    let ring: Shared = SharedRing::new(Options::new(1), fair);
    ring.with_chase(|chase| (0..8).for_each(|_| chase.note(true)));
    let (tx, rx) = (Tx::first(ring.clone()), SingleRx::new(ring.clone()));
    tx.try_send("first".into()).unwrap();
    (ring, tx, rx)
}

/// A sender that is in line.
macro_rules! in_line {
    ($tx:ident, $name:ident) => {
        let other = $tx.clone();
        let mut $name = Box::pin(other.send("in line".into()));
        assert!(poll($name.as_mut(), &std::sync::Arc::default()).is_pending());
    };
}

fn poll<F: Future>(future: Pin<&mut F>, wakes: &std::sync::Arc<Wakes>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

#[test]
fn it_asks_to_be_polled_again_and_then_gets_in_line() {
    let (ring, tx, mut rx) = full(false);
    in_line!(tx, first);
    let wakes = std::sync::Arc::default();
    let mut send = Box::pin(tx.send("second".into()));
    for turn in 1..=usize::from(TURNS) {
        assert!(poll(send.as_mut(), &wakes).is_pending());
        assert_eq!(wakes.0.load(Ordering::Relaxed), turn);
        assert_eq!(ring.stats().senders_waiting, 1);
    }
    assert!(poll(send.as_mut(), &wakes).is_pending());
    assert_eq!(wakes.0.load(Ordering::Relaxed), usize::from(TURNS));
    assert_eq!(ring.stats().senders_waiting, 2);

    assert_eq!(rx.try_pop(), Pop::Value("first".into()));
    assert_eq!(poll(first.as_mut(), &wakes), Poll::Ready(Ok(())));
    assert_eq!(rx.try_pop(), Pop::Value("in line".into()));
    assert_eq!(wakes.0.load(Ordering::Relaxed), usize::from(TURNS) + 1);
    assert_eq!(poll(send.as_mut(), &wakes), Poll::Ready(Ok(())));
    assert_eq!(rx.try_pop(), Pop::Value("second".into()));
}

#[test]
fn it_finds_room_that_came_meanwhile_at_whichever_turn() {
    for polls in 1..=TURNS {
        let (_, tx, mut rx) = full(false);
        in_line!(tx, first);
        let wakes = std::sync::Arc::default();
        let mut send = Box::pin(tx.send("second".into()));
        for _ in 0..polls {
            assert!(poll(send.as_mut(), &wakes).is_pending());
        }
        drop(first);
        rx.try_pop();
        assert_eq!(poll(send.as_mut(), &wakes), Poll::Ready(Ok(())));
        assert_eq!(rx.try_pop(), Pop::Value("second".into()));
    }
}

#[test]
fn it_learns_that_the_channel_was_closed_at_whichever_turn() {
    for polls in 0..=TURNS + 1 {
        let (ring, tx, _rx) = full(false);
        in_line!(tx, first);
        let wakes = std::sync::Arc::default();
        let mut send = Box::pin(tx.send("second".into()));
        for _ in 0..polls {
            assert!(poll(send.as_mut(), &wakes).is_pending());
        }
        ring.close();
        let sent = poll(send.as_mut(), &wakes);
        assert_eq!(sent, Poll::Ready(Err(SendError("second".into()))));
    }
}

#[test]
fn dropped_at_whichever_turn_it_leaves_no_trace() {
    for polls in 0..=TURNS + 1 {
        let (ring, tx, mut rx) = full(false);
        in_line!(tx, first);
        let wakes = std::sync::Arc::default();
        let mut send = Box::pin(tx.send("second".into()));
        for _ in 0..polls {
            assert!(poll(send.as_mut(), &wakes).is_pending());
        }
        drop(send);
        assert_eq!(ring.stats().senders_waiting, 1);
        drop(first);
        assert_eq!(rx.try_pop(), Pop::Value("first".into()));
        assert_eq!(rx.try_pop(), Pop::Empty);
        assert_eq!(ring.room(), 1);
    }
}

#[test]
fn in_a_fair_channel_it_gets_in_line_at_once() {
    let (ring, tx, _rx) = full(true);
    in_line!(tx, first);
    let wakes = std::sync::Arc::default();
    let mut send = Box::pin(tx.send("second".into()));
    assert!(poll(send.as_mut(), &wakes).is_pending());
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    assert_eq!(ring.stats().senders_waiting, 2);
}

#[test]
fn with_nobody_in_line_it_gets_in_line_at_once() {
    let (ring, tx, _rx) = full(false);
    let wakes = std::sync::Arc::default();
    let mut send = Box::pin(tx.send("second".into()));
    assert!(poll(send.as_mut(), &wakes).is_pending());
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    assert_eq!(ring.stats().senders_waiting, 1);
}

#[test]
fn where_it_brings_nothing_it_is_given_up() {
    let (ring, tx, _rx) = full(false);
    in_line!(tx, first);
    let wakes = std::sync::Arc::default();
    for _ in 0..20 {
        let mut send = Box::pin(tx.send("lost".into()));
        while ring.stats().senders_waiting == 1 {
            assert!(poll(send.as_mut(), &wakes).is_pending());
        }
    }
    let before = wakes.0.load(Ordering::Relaxed);
    let mut send = Box::pin(tx.send("second".into()));
    assert!(poll(send.as_mut(), &wakes).is_pending());
    assert_eq!(ring.stats().senders_waiting, 2);
    assert_eq!(wakes.0.load(Ordering::Relaxed), before);
}
