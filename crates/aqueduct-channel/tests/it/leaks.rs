//! Leaked futures, permits and handles cost their place or room, and nothing worse; so do messages that panic.

use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use aqueduct_channel::error::TrySendError;
use aqueduct_channel::{Overflow, broadcast, mpmc, mpsc, spmc, spsc};

use crate::poll;

#[test]
fn leaked_futures_that_wait() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut leaked = Box::pin(tx.send(2));
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    // The leaked one is given room that it never uses; the next is served.
    let mut next = Box::pin(tx.send(3));
    assert!(poll(next.as_mut()).is_pending());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    assert_eq!(poll(next.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(tx.capacity(), 1);

    let (tx, rx) = mpmc::channel(2);
    let mut leaked = Box::pin(rx.recv());
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    let mut next = Box::pin(rx.recv());
    assert!(poll(next.as_mut()).is_pending());
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    assert!(poll(next.as_mut()).is_ready());
    // One message belongs to the leaked receiver. It is dropped with the channel.
    assert_eq!(rx.len(), 1);
}

/// A leaked receive keeps its receiver, and costs a wake; a leaked send its room.
#[test]
fn leaked_futures_of_a_broadcast() {
    let (tx, mut rx) = broadcast::channel(1);
    let mut other = tx.subscribe();
    let mut leaked = Box::pin(async move { rx.recv().await });
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    for n in 0..3 {
        assert_eq!(tx.send(n), Ok(2));
        assert_eq!(other.try_recv(), Ok(n));
    }

    let (tx, mut rx) = broadcast::Builder::new(2).overflow(Overflow::Wait).build();
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let mut leaked = Box::pin(tx.send_wait(2));
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    let mut next = Box::pin(tx.send_wait(3));
    assert!(poll(next.as_mut()).is_pending());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(0), Ok(1)));
    assert_eq!(poll(next.as_mut()), Poll::Ready(Ok(1)));
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn leaked_futures_outlive_their_channel() {
    let message = Arc::new(());
    let (tx, rx) = mpmc::channel::<Arc<()>>(1);
    let mut leaked = Box::pin({
        let rx = rx.clone();
        async move { rx.recv().await }
    });
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    tx.try_send(message.clone()).unwrap();
    drop((tx, rx));
    // The leaked receiver keeps the channel.
    assert_eq!(Arc::strong_count(&message), 2);

    let (mut tx, mut rx) = spsc::channel::<u8>(1);
    tx.try_send(1).unwrap();
    let mut leaked = Box::pin(tx.send(2));
    assert!(poll(leaked.as_mut()).is_pending());
    forget(leaked);
    assert_eq!(rx.try_recv(), Ok(1));
    tx.try_send(3).unwrap();
    assert_eq!(rx.try_recv(), Ok(3));
}

#[test]
fn leaked_permits_and_handles() {
    let (mut tx, mut rx) = spsc::channel(2);
    forget(tx.try_reserve().unwrap());
    tx.try_send(1).unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
    drop(tx);
    assert!(rx.try_recv().is_err());

    let (mut tx, rx) = spmc::channel(2);
    forget(tx.try_reserve_many(1).unwrap());
    tx.try_send(1).unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    forget(rx.clone());
    drop(rx);
    assert!(!tx.is_closed(), "the leaked receiver is one");
    tx.close();

    let (tx, rx) = mpsc::channel::<u8>(1);
    forget(rx);
    tx.try_send(1).unwrap();
    forget(tx.clone());
    assert_eq!(tx.strong_count(), 2);
}

/// Counts itself, and panics when it is dropped while it is armed.
struct Bomb(Arc<AtomicUsize>, bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(!self.1, "a bomb");
    }
}

macro_rules! drops_all {
    ($kind:ident) => {
        for armed in 0..4 {
            let dropped = Arc::new(AtomicUsize::new(0));
            #[allow(unused_mut, reason = "kinds differ in what takes &mut")]
            let (mut tx, rx) = $kind::channel(4);
            for n in 0..4 {
                let sent = tx.try_send(Bomb(dropped.clone(), n == armed));
                assert!(sent.is_ok());
            }
            assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
            assert!(tx.is_closed());
            drop(tx);
            assert_eq!(dropped.load(Ordering::Relaxed), 4);
        }
    };
}

#[test]
fn a_message_that_panics_is_the_only_one_that_does() {
    drops_all!(spsc);
    drops_all!(mpsc);
    drops_all!(spmc);
    drops_all!(mpmc);
}

#[test]
fn a_batch_that_panics_sends_what_it_gave_or_nothing() {
    let (tx, mut rx) = mpsc::channel(8);
    let mut batch = (0..4).inspect(|n| assert_ne!(*n, 2, "the third"));
    let sent = AssertUnwindSafe(|| poll(tx.send_many(&mut batch)).is_ready());
    assert!(catch_unwind(sent).is_err());
    // The room that was promised to the batch is given back.
    assert_eq!(tx.capacity() + rx.len(), 8);
    let _ = rx.try_recv_many(&mut Vec::new(), 8);
    for n in 0..8 {
        tx.try_send(n).unwrap();
    }
}
