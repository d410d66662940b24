//! Who was served and goes away passes on what it was given.

use super::*;

/// A sender that was promised room and is dropped: the room goes to the next in line.
///
/// Fails where `sender_left` does not give the promise back, or does not serve.
#[test]
fn a_dropped_send_passes_its_room_on() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        tx.try_send(census.message(0)).unwrap();
        let mut first = Box::pin(tx.send(census.message(1)));
        assert!(poll_once(first.as_mut()).is_pending());
        let mut second = Box::pin(tx.send(census.message(2)));
        assert!(poll_once(second.as_mut()).is_pending());
        let receiver = spawn(move || {
            assert_eq!(rx.try_recv().unwrap().id, 0);
            rx
        });
        drop(first);
        assert!(block_on(second).is_ok());
        let mut rx = receiver.join().unwrap();
        drop(tx);
        assert_eq!(drain(&mut rx), [2]);
        drop(rx);
        census.check();
    });
}

/// A receiver that was promised a message and is dropped: the message goes to the next in line.
///
/// Fails where `receiver_left` does not give the promise back, or does not serve.
#[test]
fn a_dropped_receive_passes_its_message_on() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel::<Message>(1);
        let mut first = Box::pin(rx.recv());
        assert!(poll_once(first.as_mut()).is_pending());
        let mut second = Box::pin(rx.recv());
        assert!(poll_once(second.as_mut()).is_pending());
        let (sender, message) = (tx.clone(), census.message(0));
        let sender = spawn(move || sender.try_send(message).unwrap());
        drop(first);
        assert_eq!(block_on(second).unwrap().id, 0);
        sender.join().unwrap();
        drop((tx, rx));
        census.check();
    });
}

/// The same for a receiver with a place that it keeps between polls.
///
/// Fails where `Rx::drop` gives the place up after its count.
#[test]
fn a_dropped_stream_passes_its_message_on() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel::<Message>(1);
        let mut first = rx.clone();
        assert!(poll_once(Box::pin(poll_fn(|cx| first.poll_recv(cx))).as_mut()).is_pending());
        let message = census.message(0);
        let sender = tx.clone();
        let (second, sender) = spawn_both(
            move || assert_eq!(block_on(rx.recv()).unwrap().id, 0),
            move || assert!(sender.try_send(message).is_ok()),
        );
        drop(first);
        second.join().unwrap();
        sender.join().unwrap();
        drop(tx);
        census.check();
    });
}

/// A receiver that closed takes the message that one who went away was promised, or sees the end.
///
/// Fails where `receiver_left` does not serve.
#[test]
fn a_dropped_receive_tells_of_the_end() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel::<Message>(1);
        let mut first = Box::pin(rx.recv());
        assert!(poll_once(first.as_mut()).is_pending());
        tx.try_send(census.message(0)).unwrap();
        let other = rx.clone();
        let second = spawn(move || drain_shared(&other));
        drop(tx);
        drop(first);
        assert_eq!(second.join().unwrap(), [0]);
        drop(rx);
        census.check();
    });
}
