//! Models of the rendezvous. Each names the line whose removal makes it fail.
//!
//! A lost wake-up shows as a deadlock, a message that is taken twice or never as a wrong count.

use std::pin::pin;
use std::task::{Context, Waker};

use aqueduct_core::model::{block_on, race_bounded, spawn, spawn_both};
use aqueduct_core::sync::{Arc, AtomicUsize, Ordering};

use crate::mpmc::{RendezvousReceiver, RendezvousSender, rendezvous};

const PREEMPTIONS: usize = 3;

/// A message that says when it is dropped.
struct Message(Arc<AtomicUsize>);

impl Drop for Message {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Arc<AtomicUsize>, impl Fn() -> Message) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let message = {
        let dropped = dropped.clone();
        move || Message(dropped.clone())
    };
    (dropped, message)
}

fn send<T>(tx: RendezvousSender<T>, value: T) -> impl FnOnce() -> bool {
    move || block_on(tx.send(value)).is_ok()
}

fn recv<T>(rx: RendezvousReceiver<T>) -> impl FnOnce() -> bool {
    move || block_on(rx.recv()).is_some()
}

/// Polls once, with a waker that does nothing, and drops the future.
fn begin<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// Fails without the wake-up of a sender in `Shared::after`, or of a receiver in `Shared::poll_send`; and without
/// the second look for an offer in `Shared::take_or_sit_down`.
#[test]
fn what_is_sent_is_received_and_then_the_end() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let sender = spawn(move || {
            for n in 0..2 {
                block_on(tx.send(n)).unwrap();
            }
        });
        for n in 0..2 {
            assert_eq!(block_on(rx.recv()), Some(n));
        }
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

/// Fails if `Meeting::leave_seat` calls nobody instead.
#[test]
fn a_receiver_that_goes_away_passes_its_call_on() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let (dropped, message) = counted();
        let other = rx.clone();
        let (sender, canceller) = spawn_both(send(tx, message()), move || {
            begin(other.recv()).flatten().is_some()
        });
        let received = block_on(rx.recv()).is_some();
        assert!(received != canceller.join().unwrap());
        assert!(sender.join().unwrap());
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// Fails if `Meeting::withdraw_offer` leaves the calls as they were: the next offer calls nobody then.
#[test]
fn a_sender_that_goes_away_takes_its_message_along() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let (dropped, message) = counted();
        let (other, first) = (tx.clone(), message());
        let (canceller, sender) =
            spawn_both(move || drop(begin(other.send(first))), send(tx, message()));
        let mut received = 0;
        while block_on(rx.recv()).is_some() {
            received += 1;
        }
        canceller.join().unwrap();
        assert!(sender.join().unwrap());
        assert!((1..=2).contains(&received));
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
    });
}

/// Fails if `Meeting::offer` does not ask whether the channel is closed.
#[test]
fn closing_tells_both_sides() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let (dropped, message) = counted();
        let (sender, receiver) = spawn_both(send(tx.clone(), message()), recv(rx.clone()));
        rx.close();
        // The message was handed over before the close, or it came back.
        assert_eq!(sender.join().unwrap(), receiver.join().unwrap());
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// Fails if `Shared::after` does not tell the others of the end (`was_last`).
#[test]
fn a_handed_message_is_drained_before_the_end() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let (dropped, message) = counted();
        let receivers = [recv(rx.clone()), recv(rx)].map(spawn);
        let handed = tx.try_send(message()).is_ok();
        drop(tx);
        let received = receivers.map(|receiver| usize::from(receiver.join().unwrap()));
        assert_eq!(received.iter().sum::<usize>(), usize::from(handed));
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// Fails without `Shared::drain`, as `tx` keeps what the receivers share.
#[test]
fn the_last_receiver_drops_what_was_handed() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = rendezvous();
        let (dropped, message) = counted();
        let receiver = spawn(move || begin(rx.recv()).flatten().is_some());
        let _ = tx.try_send(message());
        receiver.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert!(tx.is_closed());
    });
}
