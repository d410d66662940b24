//! Models of the broadcast, through its handles. Messages are counted, so that one dropped twice, or never, shows; a lost
//! wake-up shows as a deadlock, and a message that is read while it is written or dropped as an access that loom refuses.
//! Segments have two slots from a capacity of 8 on, and one below.

use std::pin::pin;

use aqueduct_core::model::{asymmetric, block_on, race_bounded as check, spawn, spawn_both};

use super::error::{RecvError, TryRecvError};
use super::{Builder, Receiver, Sender, channel};
use crate::model::{Census, Message, poll_once};
use crate::overflow::Overflow;

/// Two threads, each of which waits for the other.
const PREEMPTIONS: usize = 2;
/// Three threads that wait.
const FEWER: usize = 1;
/// Two threads that only try.
const MORE: usize = 3;

fn waiting(capacity: usize) -> (Sender<Message>, Receiver<Message>) {
    Builder::new(capacity).overflow(Overflow::Wait).build()
}

/// Receives to the end. What came, and how many were lost.
fn drain(mut rx: Receiver<Message>) -> (Vec<usize>, u64) {
    block_on(async {
        let (mut ids, mut lost) = (Vec::new(), 0);
        loop {
            match rx.recv().await {
                Ok(message) => ids.push(message.id),
                Err(RecvError::Lagged(n)) => lost += n,
                Err(RecvError::Closed) => return (ids, lost),
            }
        }
    })
}

/// I1 to I3: two receivers that wait and read at the same time, and the end. One of them is given the message itself.
///
/// Fails without `is_waited_on` in `push` or in `remove_sender`.
#[test]
fn two_receivers_get_all() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = channel::<Message>(8);
        let second = tx.subscribe();
        let (first, second) = spawn_both(move || drain(rx), move || drain(second));
        for id in 0..2 {
            assert_eq!(tx.send(census.message(id)).ok(), Some(2));
        }
        drop(tx);
        for receiver in [first, second] {
            assert_eq!(receiver.join().unwrap(), (vec![0, 1], 0));
        }
        census.check();
    });
}

/// A message wakes a receiver by itself: the sender stays.
///
/// Fails without `is_waited_on` in `push`, whoever pays for the barrier.
#[test]
fn a_message_wakes_who_waits() {
    fn model() {
        let census = Census::default();
        let (tx, mut rx) = channel::<Message>(1);
        let mut other = tx.subscribe();
        let other = spawn(move || block_on(other.recv()).unwrap().id);
        tx.send(census.message(7)).unwrap();
        assert_eq!(block_on(rx.recv()).unwrap().id, 7);
        assert_eq!(other.join().unwrap(), 7);
        drop((tx, rx));
        census.check();
    }
    check(PREEMPTIONS, model);
    asymmetric(|| check(PREEMPTIONS, model));
}

/// I2: a receiver that holds a segment reads on without the lock.
///
/// Fails where the tail is published with Relaxed, or looked at so.
#[test]
fn who_holds_a_segment_reads_on() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = channel::<Message>(8);
        tx.send(census.message(0)).unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 0);
        let message = census.message(1);
        let sender = spawn(move || {
            tx.send(message).unwrap();
            tx
        });
        if let Ok(message) = rx.try_recv() {
            assert_eq!(message.id, 1);
        }
        drop((sender.join().unwrap(), rx));
        census.check();
    });
}

/// One message wakes all who wait.
///
/// Fails where `push` wakes one, or where who joins the line looks for itself alone.
#[test]
fn a_message_wakes_all_who_wait() {
    check(FEWER, || {
        let (tx, mut rx) = channel(1);
        let mut second = tx.subscribe();
        let (first, second) =
            spawn_both(move || block_on(rx.recv()), move || block_on(second.recv()));
        tx.send(5).unwrap();
        assert_eq!(first.join().unwrap(), Ok(5));
        assert_eq!(second.join().unwrap(), Ok(5));
        drop(tx);
    });
}

/// Receivers at different positions are in one line: who has nothing does not hide a message from the one behind.
#[test]
fn who_is_further_hides_nothing_from_others() {
    check(FEWER, || {
        let (tx, mut rx) = channel::<usize>(4);
        let mut further = tx.subscribe();
        let (further, sender) = spawn_both(
            move || {
                assert_eq!(block_on(further.recv()), Ok(0));
                // It waits for the end.
                block_on(further.recv())
            },
            move || {
                tx.send(0).unwrap();
                tx
            },
        );
        assert_eq!(block_on(rx.recv()), Ok(0));
        drop(sender.join().unwrap());
        assert_eq!(further.join().unwrap(), Err(RecvError::Closed));
    });
}

/// The same, with all of the others on one thread, so that nobody else comes between: a message is sent, and one who has had
/// it is first in line for the next, while another one is about to join for it.
///
/// Fails where who joins the line does not look by itself.
#[test]
fn who_joins_behind_one_that_is_further_looks_by_itself() {
    check(MORE, || {
        let (tx, mut rx) = channel::<usize>(4);
        let mut further = tx.subscribe();
        let behind = spawn(move || block_on(rx.recv()));
        tx.send(0).unwrap();
        assert_eq!(further.try_recv(), Ok(0));
        let mut waits = pin!(further.recv());
        assert!(poll_once(waits.as_mut()).is_pending());
        assert_eq!(behind.join().unwrap(), Ok(0));
    });
}

/// I4, I5: a sender laps a receiver. What it has received and what it has lost add up, in order.
///
/// Fails where `look` takes a tail for granted that is older than the floor it has seen.
#[test]
fn a_lapped_receiver_has_received_or_lost() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = channel(1);
        let messages = [0, 1, 2].map(|id| census.message(id));
        let sender = spawn(move || {
            for message in messages {
                tx.send(message).unwrap();
            }
            tx
        });
        let mut passed = 0;
        for _ in 0..2 {
            match rx.try_recv() {
                Ok(message) => {
                    assert_eq!(message.id as u64, passed);
                    passed += 1;
                }
                Err(TryRecvError::Lagged(lost)) => passed += lost,
                Err(error) => assert_eq!(error, TryRecvError::Empty),
            }
        }
        let tx = sender.join().unwrap();
        drop(tx);
        let (ids, lost) = drain(rx);
        assert_eq!(ids.last(), if passed == 3 { None } else { Some(&2) });
        assert_eq!(passed + ids.len() as u64 + lost, 3);
        census.check();
    });
}

/// I3: two receivers pass a message at the same time, one by leaving.
///
/// Fails where `let_go` counts with Relaxed, or `read` looks with Relaxed.
#[test]
fn one_receives_while_another_leaves() {
    check(MORE, || {
        let census = Census::default();
        let (tx, mut rx) = channel::<Message>(8);
        let leaving = tx.subscribe();
        tx.send(census.message(0)).unwrap();
        tx.send(census.message(1)).unwrap();
        let leaving = spawn(move || drop(leaving));
        assert_eq!(rx.try_recv().unwrap().id, 0);
        leaving.join().unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 1);
        // Everybody has them: they are dropped, although the channel lives.
        census.check();
        drop((tx, rx));
    });
}

/// A segment goes out of use while a receiver is in it, and is used again.
///
/// Fails where `retire` takes a segment of a receiver that is at the floor.
#[test]
fn segments_are_used_again() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = channel(2);
        tx.send(census.message(0)).unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 0);
        let messages = [1, 2, 3].map(|id| census.message(id));
        let sender = spawn(move || {
            for message in messages {
                tx.send(message).unwrap();
            }
        });
        let (ids, lost) = drain(rx);
        assert_eq!(ids.last(), Some(&3));
        assert_eq!(ids.len() as u64 + lost, 3);
        sender.join().unwrap();
        census.check();
    });
}

/// I4: a receiver that is in no segment, and has lost nothing, finds the one it is at.
///
/// Fails where `retire` takes the segment of the slowest receiver.
#[test]
fn a_segment_stays_for_who_comes_to_it() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = channel(8);
        tx.send(census.message(0)).unwrap();
        let messages = [1, 2].map(|id| census.message(id));
        let sender = spawn(move || {
            for message in messages {
                tx.send(message).unwrap();
            }
        });
        assert_eq!(drain(rx), (vec![0, 1, 2], 0));
        sender.join().unwrap();
        census.check();
    });
}

/// I5: what is before the floor is lost, also to who holds the segment that it is in.
///
/// Fails where the floor is not stored.
#[test]
fn what_is_before_the_floor_is_lost() {
    check(FEWER, || {
        let (tx, mut rx) = channel(8);
        tx.send(0).unwrap();
        assert_eq!(rx.try_recv(), Ok(0));
        let sender = spawn(move || {
            for id in 1..=9 {
                tx.send(id).unwrap();
            }
            tx
        });
        let tx = sender.join().unwrap();
        assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(1)));
        assert_eq!(rx.try_recv(), Ok(2));
        drop(tx);
    });
}

/// Who subscribes sees all that is sent from then on.
///
/// Fails where `subscribe` looks for the tail outside of the lock.
#[test]
fn subscribing_while_a_message_is_sent() {
    check(MORE, || {
        let census = Census::default();
        let (tx, rx) = channel::<Message>(8);
        let mut late = None;
        let sending = tx.clone();
        let messages = [0, 1].map(|id| census.message(id));
        let sender = spawn(move || {
            let mut counts = Vec::new();
            for message in messages {
                counts.push(sending.send(message).unwrap());
            }
            counts
        });
        late.replace(tx.subscribe());
        let counts = sender.join().unwrap();
        drop(tx);
        let (ids, lost) = drain(late.take().unwrap());
        let from = counts.iter().filter(|count| **count == 1).count();
        assert_eq!((ids, lost), ((from..2).collect(), 0));
        drop(rx);
        census.check();
    });
}

/// I6 and the mark: a sender waits for two receivers, one after the other.
///
/// Fails without the mark, without `serve_senders` in `Moved`, and where the mark is set by a store.
#[test]
fn a_sender_waits_for_the_slowest() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = waiting(1);
        let second = tx.subscribe();
        let (first, second) = spawn_both(move || drain(rx), move || drain(second));
        for id in 0..2 {
            assert_eq!(block_on(tx.send_wait(census.message(id))).ok(), Some(2));
        }
        drop(tx);
        for receiver in [first, second] {
            assert_eq!(receiver.join().unwrap(), (vec![0, 1], 0));
        }
        census.check();
    });
}

/// The same with one receiver, which does not stop for the end: every move tells.
#[test]
fn a_sender_waits_for_one() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = waiting(1);
        let messages = [0, 1, 2].map(|id| census.message(id));
        let sender = spawn(move || {
            for message in messages {
                assert!(block_on(tx.send_wait(message)).is_ok());
            }
            tx
        });
        for id in 0..3 {
            assert_eq!(block_on(rx.recv()).unwrap().id, id);
        }
        drop((sender.join().unwrap(), rx));
        census.check();
    });
}

/// The least of it: a receiver that moves tells who waits for that, and only the mark says so.
///
/// Fails without the mark, without `serve_senders` in `Moved`, where the mark is set by a store, and where the receiver looks
/// for it before its exchange.
#[test]
fn a_move_tells_who_waits() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = waiting(1);
        assert!(tx.try_send(census.message(0)).is_ok());
        let message = census.message(1);
        let sender = spawn(move || assert!(block_on(tx.send_wait(message)).is_ok()));
        assert_eq!(rx.try_recv().unwrap().id, 0);
        // It never moves again.
        sender.join().unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 1);
        drop(rx);
        census.check();
    });
}

/// The receiver that holds a sender back goes away; another one stays, and is ahead.
///
/// Fails without `serve_senders` in `receiver_left`.
#[test]
fn who_holds_senders_back_goes_away() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = waiting(1);
        let idle = tx.subscribe();
        assert!(tx.try_send(census.message(0)).is_ok());
        assert_eq!(rx.try_recv().unwrap().id, 0);
        let idle = spawn(move || drop(idle));
        assert_eq!(block_on(tx.send_wait(census.message(1))).ok(), Some(1));
        assert_eq!(rx.try_recv().unwrap().id, 1);
        idle.join().unwrap();
        drop((tx, rx));
        census.check();
    });
}

/// The last receiver goes away while a sender waits for it.
///
/// Fails without `serve_senders` in `receiver_left`.
#[test]
fn the_last_receiver_goes_away() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, rx) = waiting(1);
        assert!(tx.try_send(census.message(0)).is_ok());
        let leaving = spawn(move || drop(rx));
        assert!(block_on(tx.send_wait(census.message(1))).is_err());
        leaving.join().unwrap();
        drop(tx);
        census.check();
    });
}

/// The last receiver goes away while more senders wait than there is room for: all of them are told.
///
/// Fails where `promise_room` does not look whether there are receivers: then the first is promised the room, finds nobody,
/// and the second is told of nothing.
#[test]
fn the_last_receiver_goes_away_from_a_line() {
    check(FEWER, || {
        let census = Census::default();
        let (tx, rx) = waiting(1);
        assert!(tx.try_send(census.message(0)).is_ok());
        let mut first = Box::pin(tx.send_wait(census.message(1)));
        assert!(poll_once(first.as_mut()).is_pending());
        let leaving = spawn(move || drop(rx));
        assert!(block_on(tx.send_wait(census.message(2))).is_err());
        assert!(block_on(first).is_err());
        leaving.join().unwrap();
        drop(tx);
        census.check();
    });
}

/// Room that was promised to a sender that gives up goes to the next.
///
/// Fails where `left` does not give back, or `give_back` does not serve.
#[test]
fn a_sender_that_gives_up_passes_its_room_on() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (tx, mut rx) = waiting(1);
        assert!(tx.try_send(census.message(0)).is_ok());
        let (other, message) = (tx.clone(), census.message(1));
        let gives_up = census.message(2);
        let mut first = Box::pin(tx.send_wait(gives_up));
        assert!(poll_once(first.as_mut()).is_pending());
        let other = spawn(move || assert!(block_on(other.send_wait(message)).is_ok()));
        let receiver = spawn(move || {
            assert_eq!(block_on(rx.recv()).unwrap().id, 0);
            rx
        });
        drop(first);
        other.join().unwrap();
        let mut rx = receiver.join().unwrap();
        assert_eq!(rx.try_recv().unwrap().id, 1);
        drop((tx, rx));
        census.check();
    });
}

/// Two senders share a channel: what they send has one order.
///
/// Fails where `push` publishes outside of the lock.
#[test]
fn two_senders_have_one_order() {
    check(MORE, || {
        let (tx, rx) = channel(4);
        let mut second = tx.subscribe();
        let other = tx.clone();
        let other = spawn(move || assert_eq!(other.send(0), Ok(2)));
        tx.send(1).unwrap();
        other.join().unwrap();
        let mut first = rx;
        for _ in 0..2 {
            assert_eq!(first.try_recv().unwrap(), second.try_recv().unwrap());
        }
    });
}

/// `closed` ends when the last receiver goes.
///
/// Fails where `receiver_left` tells nobody, or `closed` does not look after it got in line.
#[test]
fn closed_is_told_of_the_last_receiver() {
    check(PREEMPTIONS, || {
        let (tx, rx) = channel::<()>(1);
        let second = tx.subscribe();
        let leaving = spawn(move || drop(rx));
        drop(second);
        block_on(tx.closed());
        leaving.join().unwrap();
    });
}

/// A receive that is dropped leaves the line, and the next one is woken.
#[test]
fn a_dropped_receive_is_forgotten() {
    check(PREEMPTIONS, || {
        let (tx, mut rx) = channel(1);
        let sender = spawn(move || {
            tx.send(5).unwrap();
            tx
        });
        let first = {
            let mut recv = pin!(rx.recv());
            poll_once(recv.as_mut())
        };
        let received = match first {
            std::task::Poll::Ready(received) => received,
            std::task::Poll::Pending => block_on(rx.recv()),
        };
        assert_eq!(received, Ok(5));
        drop(sender.join().unwrap());
    });
}
