//! The gate, which makes newcomers get in line.

use super::*;

/// A gate that is set while somebody waits is open when nobody does: no sender stays outside or asleep.
///
/// Fails where the gate is not opened when the line is drained.
#[test]
fn a_fair_line_of_senders_moves() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::Builder::new(1).fair().build();
        tx.try_send(census.message(0)).unwrap();
        let (sender, message) = (tx.clone(), census.message(1));
        let sender = spawn(move || assert!(block_on(sender.send(message)).is_ok()));
        let sent = tx.try_send(census.message(2)).is_ok();
        assert!(!sent, "there was no room");
        drop(tx);
        assert_eq!(drain(&mut rx), [0, 1]);
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}

/// The same at the head.
///
/// Fails where the gate is not opened when the line is drained.
#[test]
fn a_fair_line_of_receivers_moves() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::Builder::new(1).fair().build();
        let other = rx.clone();
        let receiver = spawn(move || drain_shared(&other));
        tx.try_send(census.message(0)).unwrap();
        drop(tx);
        let own = drain_shared(&rx);
        assert_eq!(sorted([own, receiver.join().unwrap()]), [0]);
        drop(rx);
        census.check();
    });
}

/// A waiter for whom the gate was set goes away while its room is made: the gate is open afterwards.
///
/// Fails where `sender_left` does not serve, or `serve_and` says nothing of a drained line.
#[test]
fn a_gate_opens_when_its_waiter_leaves() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::Builder::new(1).fair().build();
        tx.try_send(census.message(0)).unwrap();
        let mut waiter = Box::pin(tx.send(census.message(1)));
        assert!(poll_once(waiter.as_mut()).is_pending());
        let receiver = spawn(move || {
            assert_eq!(rx.try_recv().unwrap().id, 0);
            rx
        });
        drop(waiter);
        let mut rx = receiver.join().unwrap();
        tx.try_send(census.message(2)).unwrap();
        drop(tx);
        assert_eq!(drain(&mut rx), [2]);
        drop(rx);
        census.check();
    });
}

/// The same at the head: afterwards a newcomer finds the message.
///
/// Fails where `receiver_left` does not serve.
#[test]
fn a_gate_at_the_head_opens_when_its_waiter_leaves() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::Builder::new(1).fair().build();
        let mut waiter = Box::pin(rx.recv());
        assert!(poll_once(waiter.as_mut()).is_pending());
        let message = census.message(0);
        let sender = spawn(move || tx.try_send(message).unwrap());
        drop(waiter);
        sender.join().unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 0);
        drop(rx);
        census.check();
    });
}
