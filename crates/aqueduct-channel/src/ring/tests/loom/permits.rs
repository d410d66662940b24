//! Room that was promised.

use super::*;

/// I4: what is owed when the channel closes may be sent, and is received; the receiver waits for it.
///
/// Fails where `is_over` does not look at what is owed, and without the `notify` in `unreserve`.
#[test]
fn closing_waits_for_permits() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        let messages = census.clone();
        let sender = spawn(move || match block_on(tx.reserve_many(2)) {
            Ok(mut permits) => {
                permits.next().unwrap().send(messages.message(0));
                1
            }
            Err(_) => 0,
        });
        rx.close();
        let received = drain(&mut rx).len();
        assert_eq!(received, sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// As above with two receivers, both of which wait for a permit that is sent, or dropped.
///
/// Fails without the `notify` in `unreserve`; without `serve_receivers` in `take_and_tell`.
#[test]
fn all_receivers_wait_for_permits() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(2);
        let other = rx.clone();
        let receiver = spawn(move || drain_shared(&other).len());
        let mut permits = tx.try_reserve_many(2).unwrap();
        rx.close();
        permits.next().unwrap().send(census.message(0));
        drop(permits);
        assert_eq!(drain_shared(&rx).len() + receiver.join().unwrap(), 1);
        drop((tx, rx));
        census.check();
    });
}

/// I2: permits and sends together never hold more than the capacity.
///
/// Fails where `claim` ignores what is owed, and where `reserve` does.
#[test]
fn permits_hold_room() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        let (sender, message) = (tx.clone(), census.message(0));
        let sending = spawn(move || usize::from(sender.try_send(message).is_ok()));
        let reserved = match tx.try_reserve() {
            Ok(permit) => {
                permit.send(census.message(1));
                1
            }
            Err(_) => 0,
        };
        assert_eq!(reserved + sending.join().unwrap(), 1);
        drop(tx);
        assert_eq!(drain(&mut rx).len(), 1);
        drop(rx);
        census.check();
    });
}

/// A permit that is dropped gives its room to who waits for it.
///
/// Fails without `room_was_made` in `unreserve`.
#[test]
fn a_dropped_permit_serves_the_line() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        let permit = tx.clone().try_reserve_owned().unwrap();
        let message = census.message(0);
        let sender = spawn(move || assert!(block_on(tx.send(message)).is_ok()));
        drop(permit);
        sender.join().unwrap();
        assert_eq!(drain(&mut rx), [0]);
        drop(rx);
        census.check();
    });
}

/// Room is put by for a request of several, and given back when its future is dropped: a later sender gets it.
///
/// Fails where `sender_left` does not give back what was promised in part.
#[test]
fn a_dropped_request_gives_back_what_was_put_by() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        let mut request = Box::pin(tx.reserve_many(2));
        assert!(poll_once(request.as_mut()).is_pending());
        let (sender, message) = (tx.clone(), census.message(2));
        let sending = spawn(move || assert!(block_on(sender.send(message)).is_ok()));
        assert_eq!(rx.try_recv().unwrap().id, 0);
        drop(request);
        sending.join().unwrap();
        drop(tx);
        assert_eq!(drain(&mut rx), [1, 2]);
        drop(rx);
        census.check();
    });
}
