use std::pin::pin;

use super::mpsc::error::{SendError, TrySendError};
use super::*;

#[tokio::test]
async fn a_permit_is_room() {
    let (tx, mut rx) = mpsc::channel(1);
    let permit = tx.reserve().await.unwrap();
    assert_eq!(tx.capacity(), 0);
    assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Full(()));
    assert!(rx.is_empty());
    permit.send(1);
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(tx.capacity(), 1);
    drop(tx.try_reserve().unwrap());
    assert_eq!(tx.capacity(), 1);
}

#[tokio::test]
async fn a_dropped_permit_goes_to_the_next_in_line() {
    let (tx, mut rx) = mpsc::channel(1);
    let permit = tx.reserve().await.unwrap();
    let mut send = pin!(tx.send(1));
    assert!(poll(send.as_mut()).is_pending());
    drop(permit);
    send.await.unwrap();
    assert_eq!(rx.recv().await, Some(1));
}

#[tokio::test]
async fn a_message_takes_its_place_when_the_permit_is_used() {
    let (tx, mut rx) = mpsc::channel(3);
    let permit = tx.reserve().await.unwrap();
    tx.send("send").await.unwrap();
    permit.send("permit");
    assert_eq!(rx.recv().await, Some("send"));
    assert_eq!(rx.recv().await, Some("permit"));
}

#[tokio::test]
async fn many_permits() {
    let (tx, mut rx) = mpsc::channel(4);
    let mut permits = tx.reserve_many(3).await.unwrap();
    assert_eq!((permits.len(), permits.size_hint()), (3, (3, Some(3))));
    assert_eq!(tx.capacity(), 1);
    permits.next().unwrap().send(1);
    let kept = permits.next().unwrap();
    drop(permits);
    assert_eq!(tx.capacity(), 2);
    kept.send(2);
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, Some(2));
    assert_eq!(tx.capacity(), 4);

    let mut permits = tx.try_reserve_many(2).unwrap();
    assert!(permits.by_ref().count() == 2 && permits.next().is_none() && permits.next().is_none());
    assert_eq!(tx.try_reserve_many(5).unwrap_err(), TrySendError::Full(()));
    assert_eq!(tx.reserve_many(5).await.unwrap_err(), SendError(()));
    tx.send(3).await.unwrap();
    assert_eq!(tx.try_reserve_many(4).unwrap_err(), TrySendError::Full(()));
}

#[tokio::test]
async fn no_permits_at_all() {
    let (tx, mut rx) = mpsc::channel(1);
    assert_eq!(tx.reserve_many(0).await.unwrap().count(), 0);
    assert_eq!(tx.try_reserve_many(0).unwrap().count(), 0);
    tx.send(1).await.unwrap();
    assert_eq!(tx.reserve_many(0).await.unwrap().count(), 0);
    assert_eq!(tx.try_reserve_many(0).unwrap().count(), 0);
    rx.close();
    assert_eq!(tx.reserve_many(0).await.unwrap_err(), SendError(()));
    assert_eq!(
        tx.try_reserve_many(0).unwrap_err(),
        TrySendError::Closed(())
    );
}

#[tokio::test]
async fn a_request_for_many_waits_for_all() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.send(1).await.unwrap();
    tx.send(2).await.unwrap();
    let mut many = pin!(tx.reserve_many(2));
    assert!(poll(many.as_mut()).is_pending());
    assert_eq!(rx.recv().await, Some(1));
    assert!(poll(many.as_mut()).is_pending());
    // What has become free is put by.
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(rx.recv().await, Some(2));
    assert_eq!(many.await.unwrap().count(), 2);
    assert_eq!(tx.capacity(), 2);
}

#[tokio::test]
async fn a_dropped_request_for_many_gives_back_what_was_put_by() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.send(1).await.unwrap();
    tx.send(2).await.unwrap();
    {
        let mut many = pin!(tx.reserve_many(2));
        assert!(poll(many.as_mut()).is_pending());
        assert_eq!(rx.recv().await, Some(1));
    }
    tx.try_send(3).unwrap();
    assert_eq!(rx.recv().await, Some(2));
    assert_eq!(rx.recv().await, Some(3));
}

#[tokio::test]
async fn owned_permits() {
    let (tx, mut rx) = mpsc::channel(2);
    let (other, _other_rx) = mpsc::channel(1);
    let permit = tx.clone().reserve_owned().await.unwrap();
    let second = tx.clone().try_reserve_owned().unwrap();
    let foreign = other.clone().try_reserve_owned().unwrap();
    assert!(permit.same_channel(&second) && !permit.same_channel(&foreign));
    assert!(permit.same_channel_as_sender(&tx) && !permit.same_channel_as_sender(&other));
    assert_eq!(tx.strong_count(), 3);
    let back = permit.send(1);
    assert!(back.same_channel(&tx));
    drop(second.release());
    assert_eq!((tx.capacity(), tx.strong_count()), (1, 2));
    drop(back);
    assert_eq!(rx.recv().await, Some(1));

    let dropped = tx.clone().reserve_owned().await.unwrap();
    assert_eq!(tx.capacity(), 1);
    drop(dropped);
    assert_eq!((tx.capacity(), tx.strong_count()), (2, 1));

    foreign.send(0);
    match other.clone().try_reserve_owned() {
        Err(TrySendError::Full(sender)) => assert!(sender.same_channel(&other)),
        _ => panic!("there was no room"),
    }
    rx.close();
    match tx.clone().try_reserve_owned() {
        Err(TrySendError::Closed(sender)) => assert!(sender.same_channel(&tx)),
        _ => panic!("it was closed"),
    }
    assert_eq!(tx.reserve_owned().await.unwrap_err(), SendError(()));
}

#[tokio::test]
async fn an_owned_permit_keeps_the_channel_open() {
    let (tx, mut rx) = mpsc::channel(1);
    let permit = tx.reserve_owned().await.unwrap();
    assert!(poll(rx.recv()).is_pending());
    permit.send(1);
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_forgotten_permit_costs_its_room() {
    let (tx, mut rx) = mpsc::channel(2);
    std::mem::forget(tx.reserve().await.unwrap());
    assert_eq!(tx.capacity(), 1);
    tx.send(1).await.unwrap();
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(rx.recv().await, Some(1));
    tx.send(3).await.unwrap();
    assert_eq!(rx.recv().await, Some(3));
}
