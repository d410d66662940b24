//! Eviction and spilling.

use super::*;
use crate::{MemorySpill, Overflow};

/// Eviction takes each message once, in order, against a receiver that takes it too; and nobody is left asleep.
///
/// Fails where `force` does not tell the receivers; where eviction takes what is not full.
#[test]
fn the_oldest_goes_once() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::Builder::new(1).overflow(Overflow::DropOldest).build();
        tx.try_send(census.message(0)).unwrap();
        let messages = census.clone();
        let sender = spawn(move || {
            tx.try_send(messages.message(1)).unwrap();
            tx.stats().dropped as usize
        });
        let received = drain_shared(&rx);
        assert!(received.is_sorted());
        assert_eq!(received.last(), Some(&1), "the newest stays");
        assert_eq!(received.len() + sender.join().unwrap(), 2);
        drop(rx);
        census.check();
    });
}

/// Two senders that evict: each message is received, or handed to one of them.
///
/// Fails where `force` gives up for want of a message while another makes room.
#[test]
fn two_senders_force() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let force = |id| {
            let (tx, message) = (tx.clone(), census.message(id));
            spawn(move || tx.force_send(message).unwrap().is_some())
        };
        let senders = [force(0), force(1)];
        let evicted = senders.map(|sender| usize::from(sender.join().unwrap()));
        let dropped = tx.stats().dropped as usize;
        drop(tx);
        assert_eq!(
            drain_shared(&rx).len() + evicted[0] + evicted[1] + dropped,
            2
        );
        drop(rx);
        census.check();
    });
}

/// I6: what is spilled comes after what is in the ring, and before what is sent later.
///
/// Fails where `claim` does not look at the flags; where `pop_spilled` does not look at the ring under the lock.
#[test]
fn spilling_keeps_the_order() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::Builder::new(1).spill(MemorySpill::new(1)).build();
        let messages = census.clone();
        let sender = spawn(move || {
            (0..4)
                .filter(|id| tx.try_send(messages.message(*id)).is_ok())
                .collect::<Vec<_>>()
        });
        assert_eq!(drain(&mut rx), sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// I6 and closing: a message that is being spilled while the channel closes is received, or comes back.
///
/// Fails where SPILLING is set after CLOSED, as when it is set without asking for that in the same change.
#[test]
fn closing_loses_nothing_that_is_spilled() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::Builder::new(1).spill(MemorySpill::new(2)).build();
        tx.try_send(census.message(0)).unwrap();
        let message = census.message(1);
        let sender = spawn(move || usize::from(tx.try_send(message).is_ok()));
        rx.close();
        let received = drain(&mut rx).len();
        assert_eq!(received, 1 + sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// A sender that waits while both queues are full sleeps, and is woken when a message leaves.
///
/// Fails without `room_was_made` in `pop_spilled`; where a waiter is told to try again though nothing has left.
#[test]
fn a_full_second_queue_makes_senders_wait() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::Builder::new(1).spill(MemorySpill::new(1)).build();
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        let message = census.message(2);
        let sender = spawn(move || assert!(block_on(tx.send(message)).is_ok()));
        assert_eq!(drain(&mut rx), [0, 1, 2]);
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}

/// Two receivers, one message in the ring and one spilled: both are received and both receivers see the end.
///
/// Fails without the `notify` in `pop_spilled`, and where one who waits is told of a spilled message while another
/// holds the promise of one in the ring.
#[test]
fn two_receivers_drain_what_was_spilled() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = mpmc::Builder::new(1).spill(MemorySpill::new(1)).build();
        let other = rx.clone();
        let receiver = spawn(move || drain_shared(&other));
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        drop(tx);
        let own = drain_shared(&rx);
        assert_eq!(sorted([own, receiver.join().unwrap()]), [0, 1]);
        drop(rx);
        census.check();
    });
}

/// A message was promised to one who does not come for it, and one is spilled: the other who waits sleeps until the
/// promise is given back.
///
/// Fails where `fulfil_receive` tells of a spilled message while the ring is not empty.
#[test]
fn a_promise_keeps_the_spilled_message_back() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::Builder::<Message>::new(1)
            .spill(MemorySpill::new(1))
            .build();
        let mut first = Box::pin(rx.recv());
        assert!(poll_once(first.as_mut()).is_pending());
        let other = rx.clone();
        let second = spawn(move || vec![block_on(other.recv()).unwrap().id]);
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        let own = vec![block_on(first).unwrap().id];
        assert_eq!(sorted([own, second.join().unwrap()]), [0, 1]);
        drop((tx, rx));
        census.check();
    });
}
