//! Models of the ring between one sender and one receiver. Each says which claim of `ring.rs` it guards, and names
//! changes that make it fail.

use aqueduct_core::model::{block_on, race_bounded as check, spawn};

use super::super::*;
use crate::MemorySpill;
use crate::error::{SendError, TryRecvError, TrySendError};
use crate::model::{Census, Message};

/// Few threads and few steps: three are affordable but where sides wait for each other again and again.
const PREEMPTIONS: usize = 3;
const FEWER: usize = 2;

/// Receives to the end, and says what came.
fn drain(rx: &mut Receiver<Message>) -> Vec<usize> {
    block_on(async {
        let mut ids = Vec::new();
        while let Some(message) = rx.recv().await {
            ids.push(message.id);
        }
        ids
    })
}

/// I1, and the handshakes of both wait cells: each message arrives once and in order, and nobody stays asleep.
///
/// Fails without the `notify` in `Rx::advance`, in `Tx::publish` or in `Tx::drop`; with a Relaxed `tail` or `head`.
#[test]
fn messages_arrive_in_order() {
    check(FEWER, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(1);
        let messages = census.clone();
        let sender = spawn(move || {
            block_on(async {
                for id in 0..2 {
                    assert!(tx.send(messages.message(id)).await.is_ok());
                }
            });
        });
        assert_eq!(drain(&mut rx), [0, 1]);
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}

/// Closing: what `Ok` was said of is received by a receiver that closes and drains; the rest came back.
///
/// Fails where `settle` believes that all is received, or that nothing is; where `end` does not look once more after
/// SAW; where it says the end without FINAL.
#[test]
fn ok_means_received_also_while_closing() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(2);
        let messages = census.clone();
        let sender = spawn(move || {
            (0..3)
                .filter(|id| match tx.try_send(messages.message(*id)) {
                    Ok(()) => true,
                    Err(TrySendError::Closed(message) | TrySendError::Full(message)) => {
                        assert_eq!(message.id, *id);
                        false
                    }
                })
                .collect::<Vec<_>>()
        });
        rx.close();
        let received = drain(&mut rx);
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
        assert_eq!(received, sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// Closing, with a batch that is published at once: a part of it may be received and the rest come back.
///
/// Fails where `settle` answers for one message only.
#[test]
fn a_batch_is_received_or_comes_back() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(2);
        let messages = census.clone();
        let sender = spawn(move || {
            let mut left = (0..2).map(|id| messages.message(id));
            match tx.try_send_many(&mut left) {
                Ok(sent) => assert!(sent == 2 && left.next().is_none()),
                Err(SendError(back)) => {
                    return back.into_iter().chain(left).map(|m| m.id).collect();
                }
            }
            Vec::new()
        });
        rx.close();
        let mut seen = drain(&mut rx);
        seen.extend(sender.join().unwrap());
        assert_eq!(seen, [0, 1]);
        drop(rx);
        census.check();
    });
}

/// A sender that waits for room is woken by closing, and its message comes back.
///
/// Fails without the `notify` in `Rx::close`.
#[test]
fn closing_wakes_a_waiting_sender() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(1);
        tx.try_send(census.message(0)).unwrap();
        let message = census.message(1);
        let sender = spawn(move || assert!(block_on(tx.send(message)).is_err()));
        rx.close();
        sender.join().unwrap();
        assert_eq!(drain(&mut rx), [0]);
        drop(rx);
        census.check();
    });
}

/// A sender that waits for the channel to close is woken by closing.
///
/// Fails without the `notify` in `Rx::close`.
#[test]
fn closing_wakes_who_waits_for_it() {
    check(PREEMPTIONS, || {
        let (mut tx, mut rx) = channel::<()>(1);
        let sender = spawn(move || block_on(tx.closed()));
        rx.close();
        sender.join().unwrap();
    });
}

/// Either side goes away at any time: nothing is leaked or dropped twice, and a waiting sender is told.
///
/// Fails where `Rx::drop` does not drain, or drains without closing.
#[test]
fn a_dropped_receiver_leaves_nothing_behind() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(1);
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
        drop(rx.try_recv());
        drop(rx);
        sender.join().unwrap();
        census.check();
    });
}

/// I4: a permit that was given before closing is waited for, and what it sends is received; one that would come
/// after is refused. The receiver is woken when the permit goes.
///
/// Fails without the barrier in `reserve`, where `end` ignores `reserved`, and without the `notify` in `set_reserved`.
#[test]
fn closing_waits_for_permits() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(1);
        let messages = census.clone();
        let sender = spawn(move || {
            block_on(async {
                match tx.reserve().await {
                    Ok(permit) => {
                        permit.send(messages.message(0));
                        1
                    }
                    Err(SendError(())) => 0,
                }
            })
        });
        rx.close();
        let received = drain(&mut rx).len();
        assert_eq!(received, sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// I4: a permit that is dropped unused lets a closed receiver end.
///
/// Fails without the `notify` in `set_reserved`.
#[test]
fn a_dropped_permit_lets_the_receiver_end() {
    check(PREEMPTIONS, || {
        let (mut tx, mut rx) = channel::<()>(1);
        let permit = tx.try_reserve().unwrap();
        rx.close();
        let receiver = spawn(move || assert!(block_on(rx.recv()).is_none()));
        drop(permit);
        receiver.join().unwrap();
    });
}

/// I2: a receiver that is dropped while permits are out touches no slot that the sender may have back.
///
/// Fails where `Rx::drop` looks once more after FINAL.
#[test]
fn a_receiver_is_dropped_while_permits_send() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = channel(2);
        let mut permits = tx.try_reserve_many(2).unwrap();
        rx.close();
        let receiver = spawn(move || drop(rx));
        permits.send(census.message(0)).unwrap();
        permits.send(census.message(1)).unwrap();
        drop(permits);
        receiver.join().unwrap();
        drop(tx);
        census.check();
    });
}

/// Spilled messages come after those in the ring and before those that are sent later, and closing loses none.
///
/// Fails where `look` does not ask whether something is spilled; where `pop_slow` takes from the second queue without
/// a look at the ring; where `finish` does not ask whether that is empty.
#[test]
fn spilling_keeps_the_order() {
    check(FEWER, || {
        let census = Census::default();
        let (mut tx, mut rx) = Builder::new(1).spill(MemorySpill::new(1)).build();
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

/// As above, with a receiver that closes meanwhile.
///
/// Fails where FINAL is set without the second queue's lock, or a spill does not ask for it under that lock.
#[test]
fn closing_loses_nothing_that_was_spilled() {
    check(PREEMPTIONS, || {
        let census = Census::default();
        let (mut tx, mut rx) = Builder::new(1).spill(MemorySpill::new(2)).build();
        let messages = census.clone();
        let sender = spawn(move || {
            (0..3)
                .filter(|id| tx.try_send(messages.message(*id)).is_ok())
                .collect::<Vec<_>>()
        });
        rx.close();
        assert_eq!(drain(&mut rx), sender.join().unwrap());
        drop(rx);
        census.check();
    });
}

/// A sender that waits while the second queue is full is woken when a message leaves it.
///
/// Fails without the `notify` in `pop_slow`.
#[test]
fn a_full_second_queue_makes_the_sender_wait() {
    check(FEWER, || {
        let census = Census::default();
        let (mut tx, mut rx) = Builder::new(1).spill(MemorySpill::new(1)).build();
        let messages = census.clone();
        let sender = spawn(move || {
            block_on(async {
                for id in 0..3 {
                    assert!(tx.send(messages.message(id)).await.is_ok());
                }
            });
        });
        assert_eq!(drain(&mut rx), [0, 1, 2]);
        sender.join().unwrap();
        drop(rx);
        census.check();
    });
}
