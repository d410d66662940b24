//! Closing, by either side: what `Ok` was said of is received, and everybody is told.

use super::*;

/// I4: a claim and closing are changes of one word, so that what was claimed before is received and the rest refused.
///
/// Fails where `claim` does not look at the flags, or `is_over` not at how far the tail is.
#[test]
fn ok_means_received_also_while_closing() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        let senders = [0, 1].map(|id| {
            let (tx, message) = (tx.clone(), census.message(id));
            spawn(move || usize::from(tx.try_send(message).is_ok()))
        });
        rx.close();
        let received = drain(&mut rx).len();
        let sent = senders.map(|sender| sender.join().unwrap());
        assert_eq!(received, sent[0] + sent[1]);
        drop((tx, rx));
        census.check();
    });
}

/// Two receivers, the other of which waits, and is told by who takes the last message.
///
/// Fails without `serve_receivers` in `take_and_tell`.
#[test]
fn closing_tells_the_other_receiver() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let other = rx.clone();
        let receiver = spawn(move || drain_shared(&other));
        tx.try_send(census.message(0)).unwrap();
        rx.close();
        let received = drain_shared(&rx).len() + receiver.join().unwrap().len();
        assert_eq!(received, 1);
        drop((tx, rx));
        census.check();
    });
}

/// I4 with many receivers.
///
/// Fails where `claim` does not look at the flags, or `is_over` not at how far the tail is.
#[test]
fn ok_means_received_by_one_of_many() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let message = census.message(0);
        let sender = spawn(move || usize::from(tx.try_send(message).is_ok()));
        rx.close();
        let received = drain_shared(&rx).len();
        assert_eq!(received, sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// A sender that waits for room is told that there will be none, and its message comes back.
///
/// Fails without `serve_senders` in `close`.
#[test]
fn closing_tells_a_waiting_sender() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(census.message(0)).unwrap();
        let message = census.message(1);
        let sender = spawn(move || assert!(block_on(tx.send(message)).is_err()));
        rx.close();
        // Before a receive makes room, and so tells those in line as well.
        sender.join().unwrap();
        assert_eq!(drain(&mut rx), [0]);
        drop(rx);
        census.check();
    });
}

/// Those who wait for the channel to close are told, whenever they come.
///
/// Fails where `watchers` asks before it takes the lock, or `close` does not serve them.
#[test]
fn closing_tells_watchers() {
    check(MORE, || {
        let (tx, mut rx) = mpsc::channel::<()>(1);
        let watcher = spawn(move || block_on(tx.closed()));
        rx.close();
        watcher.join().unwrap();
    });
}

/// Nothing is leaked or dropped twice by a receiver that goes away while a message is being written.
///
/// Fails where `SingleRx::drop` does not drain and `Ring::drop` neither.
#[test]
fn a_dropped_receiver_leaves_nothing_behind() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpsc::channel(1);
        let messages = census.clone();
        let sender = spawn(move || {
            block_on(async {
                for id in 0..2 {
                    if tx.send(messages.message(id)).await.is_err() {
                        break;
                    }
                }
            });
        });
        drop(rx);
        sender.join().unwrap();
        census.check();
    });
}

/// The last of several receivers closes, and a waiting sender is told.
///
/// Fails where `Rx::drop` closes by no count, or another.
#[test]
fn the_last_receiver_closes() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        tx.try_send(census.message(0)).unwrap();
        let message = census.message(1);
        let other = rx.clone();
        let (sender, receiver) = spawn_both(
            move || assert!(block_on(tx.send(message)).is_err()),
            move || drop(other),
        );
        drop(rx);
        receiver.join().unwrap();
        sender.join().unwrap();
        census.check();
    });
}
