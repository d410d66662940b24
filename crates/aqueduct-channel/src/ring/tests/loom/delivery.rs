//! Each message is received once, and nobody stays asleep.

use super::*;

fn send(tx: &mpsc::Sender<Message>, census: &Census, id: usize) -> JoinHandle<()> {
    let (tx, message) = (tx.clone(), census.message(id));
    spawn(move || assert!(block_on(tx.send(message)).is_ok()))
}

fn send_shared(tx: &mpmc::Sender<Message>, census: &Census, id: usize) -> JoinHandle<()> {
    let (tx, message) = (tx.clone(), census.message(id));
    spawn(move || assert!(block_on(tx.send(message)).is_ok()))
}

/// I1, I2 and "who wakes whom" with one receiver: two senders for one slot, of which one may wait.
///
/// Fails without `room_was_made` in `pop_ready`, without `notify` in `close`; where `fulfil_send` serves
/// without a promise.
#[test]
fn two_senders_wait_for_one_slot() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        let sender = send(&tx, &census, 0);
        let sent = tx.try_send(census.message(1)).is_ok();
        drop(tx);
        let received = sorted([drain(&mut rx)]);
        assert_eq!(received, if sent { vec![0, 1] } else { vec![0] });
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}

/// As above, where slots are given back by their stamps.
///
/// Fails without `room_was_made` in `take`; without `serve_receivers` in `notify`.
#[test]
fn two_senders_wait_for_one_shared_slot() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let sender = send_shared(&tx, &census, 0);
        let sent = tx.try_send(census.message(1)).is_ok();
        drop(tx);
        let received = sorted([drain_shared(&rx)]);
        assert_eq!(received, if sent { vec![0, 1] } else { vec![0] });
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}

/// A message wakes the receiver by itself: the sender stays, and nothing is closed.
///
/// Fails without `notify` in `write`, for either kind.
#[test]
fn a_message_wakes_the_receiver() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(1);
        let sender = send(&tx, &census, 0);
        assert_eq!(block_on(rx.recv()).unwrap().id, 0);
        sender.join().unwrap();
        drop((tx, rx));
        census.check();
    });
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let sender = send_shared(&tx, &census, 0);
        assert_eq!(block_on(rx.recv()).unwrap().id, 0);
        sender.join().unwrap();
        drop((tx, rx));
        census.check();
    });
}

/// I2: a head that one sender saw and noted is good for another, which thereby knows that the slots are free.
///
/// Fails where `see_head` loads what others noted with Relaxed.
#[test]
fn a_head_that_was_noted_frees_slots_for_all() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        let senders = [2, 3].map(|id| {
            let (tx, message) = (tx.clone(), census.message(id));
            spawn(move || usize::from(tx.try_send(message).is_ok()))
        });
        assert_eq!(rx.try_recv().unwrap().id, 0);
        let sent = senders.map(|sender| sender.join().unwrap());
        drop(tx);
        assert_eq!(drain(&mut rx).len(), 1 + sent[0] + sent[1]);
        drop(rx);
        census.check();
    });
}

/// `try_recv`: once a send has returned, there is a message, also while an earlier claim is still being written.
///
/// Fails where `try_pop` takes Lagging for Empty.
#[test]
fn try_recv_waits_out_a_laggard() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        let laggard = send(&tx, &census, 0);
        tx.try_send(census.message(1)).unwrap();
        assert!(rx.try_recv().is_ok());
        laggard.join().unwrap();
        assert!(rx.try_recv().is_ok());
        drop((tx, rx));
        census.check();
    });
}

/// As above, with many receivers.
///
/// Fails where `try_pop` takes Lagging for Empty.
#[test]
fn a_shared_try_recv_waits_out_a_laggard() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(2);
        let laggard = send_shared(&tx, &census, 0);
        tx.try_send(census.message(1)).unwrap();
        assert!(rx.try_recv().is_ok());
        laggard.join().unwrap();
        assert!(rx.try_recv().is_ok());
        drop((tx, rx));
        census.check();
    });
}

/// I1 and I5 with many receivers: a slot is written again only when its reader is done with it.
///
/// Fails without `wait_until_free`, or with a Relaxed stamp in `take`.
#[test]
fn a_slot_is_free_when_its_reader_is_done() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(2);
        tx.try_send(census.message(0)).unwrap();
        tx.try_send(census.message(1)).unwrap();
        let receiver = {
            let rx = rx.clone();
            spawn(move || usize::from(rx.try_recv().is_ok()))
        };
        let own = usize::from(rx.try_recv().is_ok());
        let sent = usize::from(tx.try_send(census.message(2)).is_ok());
        drop(tx);
        assert_eq!(own + receiver.join().unwrap(), 2);
        assert_eq!(drain_shared(&rx).len(), sent);
        drop(rx);
        census.check();
    });
}

/// I3: two receivers that wait get a message each, or the end.
///
/// Fails where `fulfil_receive` looks at the head without what is owed there; without `serve_receivers` in
/// `Many::close` or in `take_and_tell`.
#[test]
fn two_receivers_share_and_both_see_the_end() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(2);
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

/// The same for receivers that are polled as streams and keep a place in line.
///
/// Fails where `poll_slow` forgets the place.
#[test]
fn two_streams_share_and_both_see_the_end() {
    fn drain_stream(mut rx: mpmc::Receiver<Message>) -> Vec<usize> {
        block_on(async {
            let mut ids = Vec::new();
            while let Some(message) = poll_fn(|cx| rx.poll_recv(cx)).await {
                ids.push(message.id);
            }
            ids
        })
    }

    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = mpmc::channel(1);
        let other = rx.clone();
        let receiver = spawn(move || drain_stream(other));
        tx.try_send(census.message(0)).unwrap();
        drop(tx);
        let own = drain_stream(rx);
        assert_eq!(sorted([own, receiver.join().unwrap()]), [0]);
        census.check();
    });
}

/// A batch is claimed in one piece and told of once: that is enough for the receiver, and what a waiting one needs.
///
/// Fails without the `notify` at the end of `send_batch`.
#[test]
fn a_batch_arrives() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = mpsc::channel(2);
        let messages = census.clone();
        let sender = spawn(move || {
            let batch = (0..2).map(|id| messages.message(id));
            assert_eq!(block_on(tx.send_many(batch)), Ok(2));
        });
        assert_eq!(drain(&mut rx), [0, 1]);
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}
