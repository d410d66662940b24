use std::pin::pin;

use super::mpsc::error::{SendError, TryRecvError, TrySendError};
use super::*;

#[tokio::test]
async fn close_and_drain() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.send(1).await.unwrap();
    tx.send(2).await.unwrap();
    assert!(!rx.is_closed());
    rx.close();
    assert!(rx.is_closed() && tx.is_closed());
    assert_eq!(tx.send(3).await, Err(SendError(3)));
    assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)));
    assert_eq!(tx.reserve().await.unwrap_err(), SendError(()));
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(rx.recv().await, None);
    rx.close();
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn closing_wakes_those_in_line() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(1).await.unwrap();
    let mut send = pin!(tx.send(2));
    let mut reserve = pin!(tx.reserve());
    assert!(poll(send.as_mut()).is_pending());
    assert!(poll(reserve.as_mut()).is_pending());
    rx.close();
    assert_eq!(send.await, Err(SendError(2)));
    assert_eq!(reserve.await.unwrap_err(), SendError(()));
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_closed_receiver_waits_for_permits() {
    let (tx, mut rx) = mpsc::channel(2);
    let sent = tx.reserve().await.unwrap();
    let dropped = tx.reserve().await.unwrap();
    rx.close();
    assert!(poll(rx.recv()).is_pending());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    sent.send(1);
    assert_eq!(rx.recv().await, Some(1));
    assert!(poll(rx.recv()).is_pending());
    drop(dropped);
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_dropped_permit_wakes_a_closed_receiver() {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let permit = tx.reserve().await.unwrap();
    rx.close();
    let receiver = tokio::spawn(async move { rx.recv().await });
    tokio::task::yield_now().await;
    drop(permit);
    assert_eq!(receiver.await.unwrap(), None);
}

#[tokio::test]
async fn permits_outlive_the_receiver() {
    let (tx, rx) = mpsc::channel(1);
    let message = std::sync::Arc::new(());
    let permit = tx.reserve().await.unwrap();
    drop(rx);
    permit.send(message.clone());
    drop(tx);
    assert_eq!(std::sync::Arc::strong_count(&message), 1);
}

#[tokio::test]
async fn messages_are_dropped_with_the_receiver() {
    let (tx, rx) = mpsc::channel(2);
    let message = std::sync::Arc::new(());
    tx.send(message.clone()).await.unwrap();
    tx.send(message.clone()).await.unwrap();
    assert_eq!(std::sync::Arc::strong_count(&message), 3);
    drop(rx);
    assert_eq!(std::sync::Arc::strong_count(&message), 1);
}

#[tokio::test]
async fn the_last_sender_closes() {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let other = tx.clone();
    drop(tx);
    assert!(!rx.is_closed());
    assert!(poll(rx.recv()).is_pending());
    drop(other);
    assert!(rx.is_closed());
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_receiver_knows_that_senders_are_gone_before_it_drained() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(1).await.unwrap();
    drop(tx);
    assert!(rx.is_closed());
    assert_eq!(rx.len(), 1);
    assert_eq!(rx.recv().await, Some(1));
}

#[tokio::test]
async fn room_in_a_closed_channel() {
    let (tx, mut rx) = mpsc::channel(3);
    tx.send(1).await.unwrap();
    let permit = tx.reserve().await.unwrap();
    rx.close();
    assert_eq!((tx.capacity(), rx.capacity(), rx.len()), (1, 1, 1));
    assert_eq!(rx.recv().await, Some(1));
    drop(permit);
    assert_eq!((tx.capacity(), rx.capacity(), rx.len()), (3, 3, 0));
}

#[tokio::test]
async fn try_recv_of_a_closed_channel() {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}
