use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

use super::mpsc::error::{SendError, SendTimeoutError, TrySendError};
use super::*;

#[tokio::test]
async fn order_and_the_end() {
    let (tx, mut rx) = mpsc::channel(4);
    for n in 0..4 {
        tx.send(n).await.unwrap();
    }
    drop(tx);
    for n in 0..4 {
        assert_eq!(rx.recv().await, Some(n));
    }
    assert_eq!(rx.recv().await, None);
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_full_channel_makes_senders_wait_in_line() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let mut first = pin!(tx.send(1));
    let mut second = pin!(tx.send(2));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some(0));
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(poll(first.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(poll(second.as_mut()), Poll::Ready(Ok(())));
}

#[tokio::test]
async fn room_that_was_given_to_one_in_line_is_not_for_newcomers() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let mut waiting = pin!(tx.send(1));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some(0));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(tx.capacity(), 0);
    waiting.await.unwrap();
    assert_eq!(rx.recv().await, Some(1));
}

#[tokio::test]
async fn a_dropped_send_passes_its_room_on() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let mut second = pin!(tx.send(2));
    {
        let mut first = pin!(tx.send(1));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(rx.recv().await, Some(0));
    }
    second.await.unwrap();
    assert_eq!(rx.recv().await, Some(2));
}

#[tokio::test]
async fn try_send() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send('a').unwrap();
    tx.try_send('b').unwrap();
    assert_eq!(tx.try_send('c'), Err(TrySendError::Full('c')));
    assert_eq!(rx.recv().await, Some('a'));
    tx.try_send('c').unwrap();
    drop(rx);
    assert_eq!(tx.try_send('d'), Err(TrySendError::Closed('d')));
    assert_eq!(TrySendError::Full('e').into_inner(), 'e');
}

#[tokio::test]
async fn a_send_to_nobody_hands_the_message_back() {
    let (tx, rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let mut waiting = pin!(tx.send(1));
    assert!(poll(waiting.as_mut()).is_pending());
    drop(rx);
    assert_eq!(waiting.await, Err(SendError(1)));
    assert_eq!(tx.send(2).await, Err(SendError(2)));
}

#[tokio::test(start_paused = true)]
async fn send_timeout() {
    let (tx, mut rx) = mpsc::channel(1);
    let limit = Duration::from_secs(3);
    tx.send_timeout(0, limit).await.unwrap();
    let start = Instant::now();
    assert_eq!(
        tx.send_timeout(1, limit).await,
        Err(SendTimeoutError::Timeout(1))
    );
    assert_eq!(start.elapsed(), limit);

    let (sent, received) = tokio::join!(tx.send_timeout(2, limit), async {
        sleep(limit / 2).await;
        rx.recv().await
    });
    assert_eq!((sent, received), (Ok(()), Some(0)));
    assert_eq!(start.elapsed(), limit + limit / 2);

    let (closed, ()) = tokio::join!(tx.send_timeout(3, limit), async {
        sleep(limit / 2).await;
        rx.close();
    });
    assert_eq!(closed, Err(SendTimeoutError::Closed(3)));
    assert_eq!(SendTimeoutError::Timeout(4).into_inner(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_send_with_no_time_at_all_takes_room_that_is_there() {
    let (tx, _rx) = mpsc::channel(1);
    assert_eq!(tx.send_timeout(0, Duration::ZERO).await, Ok(()));
    assert_eq!(
        tx.send_timeout(1, Duration::ZERO).await,
        Err(SendTimeoutError::Timeout(1))
    );
}

#[tokio::test]
async fn closed() {
    let (tx, rx) = mpsc::channel::<()>(1);
    let mut closed = pin!(tx.closed());
    assert!(poll(closed.as_mut()).is_pending());
    assert!(!tx.is_closed());
    drop(rx);
    assert!(tx.is_closed());
    closed.await;
    tx.closed().await;
}

#[tokio::test]
async fn closed_is_told_to_all_senders() {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let tx = tx.clone();
            tokio::spawn(async move { tx.closed().await })
        })
        .collect();
    tokio::task::yield_now().await;
    rx.close();
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn sends_need_no_runtime() {
    let (tx, mut rx) = mpsc::channel(1);
    assert_eq!(tx.send(1).now_or_never(), Some(Ok(())));
    assert_eq!(rx.recv().now_or_never(), Some(Some(1)));
    assert_eq!(rx.recv().now_or_never(), None);
}
