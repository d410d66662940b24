//! What the documentation promises, one by one.

use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};

use crate::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use crate::mpmc::{RendezvousReceiver, rendezvous};

/// Polls a future once; it must not be ready.
async fn pend(mut future: Pin<&mut impl Future>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

fn assert_empty<T>(rx: &RendezvousReceiver<T>) {
    assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty));
}

#[tokio::test]
async fn a_send_is_over_when_its_message_was_taken() {
    let (tx, rx) = rendezvous();
    let mut send = pin!(tx.send(1));
    pend(send.as_mut()).await;
    assert_eq!(tx.stats().senders_waiting, 1);
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(send.now_or_never(), Some(Ok(())));
    let stats = rx.stats();
    assert_eq!((stats.sent, stats.received, stats.len), (1, 1, 0));
}

#[tokio::test]
async fn both_lines_are_first_come_first_served() {
    let (tx, rx) = rendezvous();
    let mut receivers: Vec<_> = (0..3).map(|_| Box::pin(rx.recv())).collect();
    for receiver in &mut receivers {
        pend(receiver.as_mut()).await;
    }
    let mut senders: Vec<_> = (0..4).map(|n| Box::pin(tx.send(n))).collect();
    for sender in &mut senders {
        pend(sender.as_mut()).await;
    }
    // The fourth offer is free, and a newcomer who takes one takes the oldest.
    assert_eq!(rx.try_recv(), Ok(0));
    assert_empty(&rx);
    for (receiver, message) in receivers.iter_mut().zip(1..) {
        assert_eq!(receiver.await, Some(message));
    }
    for sender in senders {
        assert_eq!(sender.await, Ok(()));
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_called_keeps_waiting() {
    let (tx, rx) = rendezvous();
    let (mut first, mut second) = (pin!(rx.recv()), pin!(rx.recv()));
    pend(first.as_mut()).await;
    pend(second.as_mut()).await;
    let mut send = pin!(tx.send(1));
    pend(send.as_mut()).await;
    // Called is the first alone, however the second comes by.
    pend(second.as_mut()).await;
    assert_eq!(first.now_or_never(), Some(Some(1)));
}

#[tokio::test]
async fn a_call_is_passed_on_by_who_goes_away() {
    let (tx, rx) = rendezvous();
    let mut first = Box::pin(rx.recv());
    let mut second = receive_one(rx.clone());
    pend(first.as_mut()).await;
    tokio::task::yield_now().await;
    let mut send = pin!(tx.send(1));
    pend(send.as_mut()).await;
    drop(first);
    assert_eq!((&mut second).await.unwrap(), Some(1));
    assert_eq!(send.await, Ok(()));
}

fn receive_one<T: Send + 'static>(rx: RendezvousReceiver<T>) -> tokio::task::JoinHandle<Option<T>> {
    tokio::spawn(async move { rx.recv().await })
}

#[tokio::test]
async fn a_sender_that_goes_away_takes_its_message_and_its_call_along() {
    let (tx, rx) = rendezvous();
    let (mut first, mut second) = (pin!(rx.recv()), pin!(rx.recv()));
    pend(first.as_mut()).await;
    pend(second.as_mut()).await;
    let message = std::sync::Arc::new(());
    let mut send = Box::pin(tx.send(message.clone()));
    pend(send.as_mut()).await;
    drop(send);
    assert_eq!(std::sync::Arc::strong_count(&message), 1);
    // Called in vain, the first has not lost its place.
    pend(first.as_mut()).await;
    let mut send = pin!(tx.send(message.clone()));
    pend(send.as_mut()).await;
    pend(second.as_mut()).await;
    assert!(first.await.is_some());
}

#[tokio::test]
async fn try_send_wants_a_receiver_that_was_not_called() {
    let (tx, rx) = rendezvous();
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    let mut recv = pin!(rx.recv());
    pend(recv.as_mut()).await;
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    let stats = tx.stats();
    assert_eq!((stats.sent, stats.received, stats.len), (1, 0, 1));
    assert_empty(&rx);
    assert_eq!(recv.await, Some(2));
    rx.close();
    assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)));
}

#[tokio::test]
async fn a_handed_message_outlives_its_receiver() {
    let (tx, rx) = rendezvous();
    let message = std::sync::Arc::new(());
    for _ in 0..2 {
        let mut recv = Box::pin(rx.recv());
        pend(recv.as_mut()).await;
        assert_eq!(tx.try_send(message.clone()), Ok(()));
        drop(recv);
        assert_eq!(rx.stats().len, 1);
        assert!(rx.try_recv().is_ok());
    }
    let mut recv = Box::pin(rx.recv());
    pend(recv.as_mut()).await;
    assert_eq!(tx.try_send(message.clone()), Ok(()));
    drop(recv);
    drop(rx);
    assert_eq!(std::sync::Arc::strong_count(&message), 1);
}

#[tokio::test]
async fn closing_gives_messages_back_and_drains_the_handed() {
    let (tx, rx) = rendezvous();
    let mut receivers: Vec<_> = (0..3).map(|_| Box::pin(rx.recv())).collect();
    for receiver in &mut receivers {
        pend(receiver.as_mut()).await;
    }
    assert_eq!(tx.try_send(1), Ok(()));
    let mut send = pin!(tx.send(2));
    pend(send.as_mut()).await;
    let mut closed = pin!(tx.closed());
    pend(closed.as_mut()).await;
    rx.close();
    assert!(tx.is_closed() && closed.now_or_never().is_some());
    assert_eq!(send.await, Err(SendError(2)));
    assert_eq!(tx.send(3).await, Err(SendError(3)));
    // One of them was called for the handed message; the others must not see the end before it is taken.
    pend(receivers[1].as_mut()).await;
    assert_empty(&rx);
    for (receiver, message) in receivers.into_iter().zip([Some(1), None, None]) {
        assert_eq!(receiver.await, message);
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn the_end_comes_to_all_who_wait() {
    const WAITERS: usize = 40; // More than a batch of wakers.
    let (tx, rx) = rendezvous::<u8>();
    let tasks: Vec<_> = (0..WAITERS).map(|_| receive_one(rx.clone())).collect();
    tokio::task::yield_now().await;
    assert_eq!(rx.stats().receivers_waiting, WAITERS);
    drop(tx);
    for task in tasks {
        assert_eq!(task.await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_last_receiver_refuses_all_who_wait() {
    const WAITERS: usize = 40;
    let (tx, rx) = rendezvous();
    let tasks: Vec<_> = (0..WAITERS)
        .map(|n| {
            let tx = tx.clone();
            tokio::spawn(async move { tx.send(n).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(rx.stats().senders_waiting, WAITERS);
    let other = rx.clone();
    drop(rx);
    assert!(!tx.is_closed());
    drop(other);
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), Err(SendError(n)));
    }
}

#[tokio::test]
async fn another_task_may_poll_on() {
    let (tx, rx) = rendezvous();
    let mut recv = Box::pin(async move { rx.recv().await });
    pend(recv.as_mut()).await;
    let task = tokio::spawn(recv);
    tokio::task::yield_now().await;
    tx.send(1).await.unwrap();
    assert_eq!(task.await.unwrap(), Some(1));

    let (tx, rx) = rendezvous();
    let mut send = Box::pin(async move { tx.send(1).await });
    pend(send.as_mut()).await;
    let task = tokio::spawn(send);
    tokio::task::yield_now().await;
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(task.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_stream_keeps_its_place_until_it_is_dropped() {
    let (tx, mut rx) = rendezvous();
    let other = rx.clone();
    assert!(rx.next().now_or_never().is_none());
    let mut send = pin!(tx.send(1));
    pend(send.as_mut()).await;
    assert_empty(&other);
    drop(rx);
    assert_eq!(other.recv().await, Some(1));
    assert_eq!(send.await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn time_limits_hand_back_what_was_not_taken() {
    let (tx, rx) = rendezvous();
    let limit = Duration::from_millis(10);
    assert_eq!(
        tx.send_timeout(1, limit).await,
        Err(SendTimeoutError::Timeout(1))
    );
    assert!(rx.recv_timeout(limit).await.is_err());
    assert_empty(&rx);
    let (sent, received) = tokio::join!(tx.send_timeout(2, limit), rx.recv_timeout(limit));
    assert_eq!((sent, received), (Ok(()), Ok(Some(2))));
    rx.close();
    assert_eq!(
        tx.send_timeout(3, limit).await,
        Err(SendTimeoutError::Closed(3))
    );
}

#[tokio::test]
async fn weak_handles_do_not_keep_it_open() {
    let (tx, rx) = rendezvous::<u8>();
    let (weak_tx, weak_rx) = (tx.downgrade(), rx.downgrade());
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 1));
    let again = weak_tx.upgrade().unwrap();
    assert!(again.same_channel(&tx) && tx.strong_count() == 2);
    drop((tx, again));
    assert!(weak_tx.upgrade().is_none() && rx.is_closed());
    let rx = (weak_rx.upgrade(), rx).0.unwrap();
    assert_eq!((rx.recv().await, rx.strong_count()), (None, 1));
    drop(rx);
    assert!(weak_rx.upgrade().is_none());
}

#[tokio::test]
async fn a_leaked_future_is_a_lost_place_and_no_worse() {
    let (tx, rx) = rendezvous();
    let mut leaked_send = ManuallyDrop::new(Box::pin(tx.send(vec![1])));
    pend(leaked_send.as_mut()).await;
    let mut recv = Box::pin(rx.recv());
    assert_eq!(recv.as_mut().now_or_never(), Some(Some(vec![1])));
    let mut leaked_recv = ManuallyDrop::new(Box::pin(rx.recv()));
    pend(leaked_recv.as_mut()).await;
    {
        let (mut send, mut recv) = (pin!(tx.send(vec![2])), pin!(rx.recv()));
        pend(send.as_mut()).await;
        pend(recv.as_mut()).await;
    }
    // All has been seen; the sanitizers shall not find them.
    drop(ManuallyDrop::into_inner(leaked_send));
    drop(ManuallyDrop::into_inner(leaked_recv));
}

#[test]
fn threads_and_tasks_meet() {
    const EACH: usize = if cfg!(miri) { 20 } else { 2_000 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let (tx, rx) = rendezvous();
    let blocking: Vec<_> = (0..2)
        .map(|_| {
            let (tx, rx) = (tx.clone(), rx.clone());
            (
                std::thread::spawn(move || (0..EACH).for_each(|n| tx.blocking_send(n).unwrap())),
                std::thread::spawn(move || {
                    std::iter::from_fn(|| rx.blocking_recv()).sum::<usize>()
                }),
            )
        })
        .collect();
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let (tx, rx) = (tx.clone(), rx.clone());
            (
                runtime.spawn(async move {
                    for n in 0..EACH {
                        tx.send(n).await.unwrap();
                    }
                }),
                runtime.spawn(async move { rx.fold(0, async |sum, n| sum + n).await }),
            )
        })
        .collect();
    drop((tx, rx));
    let mut sum: usize = 0;
    for (sender, receiver) in blocking {
        sender.join().unwrap();
        sum += receiver.join().unwrap();
    }
    for (sender, receiver) in tasks {
        runtime.block_on(sender).unwrap();
        sum += runtime.block_on(receiver).unwrap();
    }
    assert_eq!(sum, 4 * EACH * (EACH - 1) / 2);
}
