//! Who comes first.

use std::task::Poll;

use aqueduct_channel::error::{TryRecvError, TrySendError};
use aqueduct_channel::{mpmc, mpsc, spmc};

use crate::poll;

#[test]
fn senders_in_line_are_served_in_order() {
    for fair in [false, true] {
        let builder = mpsc::Builder::new(1);
        let (tx, mut rx) = match fair {
            true => builder.fair().build(),
            false => builder.build(),
        };
        tx.try_send(0).unwrap();
        let mut line: Vec<_> = (1..=4).map(|n| Box::pin(tx.send(n))).collect();
        assert!(line.iter_mut().all(|send| poll(send.as_mut()).is_pending()));
        for n in 0..=4 {
            assert_eq!(rx.try_recv(), Ok(n));
            if let Some(next) = line.get_mut(n) {
                assert_eq!(poll(next.as_mut()), Poll::Ready(Ok(())));
            }
        }
    }
}

#[test]
fn receivers_in_line_are_served_in_order() {
    let (tx, rx) = mpmc::channel(4);
    let mut line: Vec<_> = (0..4).map(|_| Box::pin(rx.recv())).collect();
    assert!(line.iter_mut().all(|recv| poll(recv.as_mut()).is_pending()));
    for n in 0..4 {
        tx.try_send(n).unwrap();
        // It is not for newcomers.
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    for recv in line.iter_mut().rev() {
        // A promise is a message, not which one.
        assert!(poll(recv.as_mut()).is_ready());
    }
}

/// With a fair channel nobody overtakes who is in line.
#[test]
fn a_fair_channel_makes_newcomers_wait() {
    let (tx, mut rx) = mpsc::Builder::new(2).fair().build();
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut waiting = Box::pin(tx.reserve_many(2));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(rx.try_recv(), Ok(1));
    let Poll::Ready(Ok(permits)) = poll(waiting.as_mut()) else {
        panic!("it is its turn");
    };
    drop(permits);
    tx.try_send(2).unwrap();

    let (mut tx, rx) = spmc::Builder::new(2).fair().build();
    let mut waiting = Box::pin(rx.recv());
    assert!(poll(waiting.as_mut()).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(poll(waiting.as_mut()), Poll::Ready(Some(1)));
}
