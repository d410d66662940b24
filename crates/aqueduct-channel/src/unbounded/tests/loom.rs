//! Models of waiting in an unbounded channel; those of the list are its own. A lost wake-up shows as a deadlock.

use aqueduct_core::model::{asymmetric, block_on, race_bounded, spawn, spawn_both};

use crate::{mpmc, mpsc};

const PREEMPTIONS: usize = 2;

/// Receives one message, or the end. Says how many.
fn receive(rx: mpmc::UnboundedReceiver<usize>) -> usize {
    usize::from(block_on(rx.recv()).is_some())
}

/// Two in line, two messages, senders that stay: each receiver gets one.
///
/// Fails without `notify` in `send`; and, whoever pays, without the look after getting in line, or where who finds a
/// message does not wake the next although there may be more.
#[test]
fn two_receivers_get_a_message_each() {
    fn model() {
        let (tx, rx) = mpmc::unbounded_channel();
        let (other_rx, other_tx) = (rx.clone(), tx.clone());
        let (other, sender) =
            spawn_both(move || receive(other_rx), move || other_tx.send(1).unwrap());
        tx.send(2).unwrap();
        assert!(block_on(rx.recv()).is_some());
        assert_eq!(other.join().unwrap(), 1);
        sender.join().unwrap();
        drop(tx);
    }
    // Four threads: one preemption each way is some seconds, two are minutes.
    race_bounded(1, model);
    asymmetric(|| race_bounded(1, model));
}

/// The end reaches all that are in line.
///
/// Fails where `close` tells one of them.
#[test]
fn the_end_reaches_all_in_line() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = mpmc::unbounded_channel::<usize>();
        let others = [rx.clone(), rx].map(|rx| spawn(move || receive(rx)));
        drop(tx);
        for other in others {
            assert_eq!(other.join().unwrap(), 0);
        }
    });
}

/// One receiver, a sender that sends and goes: both messages, and then the end.
///
/// Fails without `notify` in `send` or in `close`.
#[test]
fn one_receiver_gets_all_and_the_end() {
    race_bounded(PREEMPTIONS, || {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let sender = spawn(move || {
            tx.send(1).unwrap();
            tx.send(2).unwrap();
        });
        let mut sum = 0;
        while let Some(n) = block_on(rx.recv()) {
            sum += n;
        }
        assert_eq!(sum, 3);
        sender.join().unwrap();
    });
}
