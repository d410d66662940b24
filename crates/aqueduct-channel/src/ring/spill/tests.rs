//! Waiting while messages are spilled. Where it goes wrong a poll never returns.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::FutureExt;

use crate::{MemorySpill, mpmc, mpsc};

async fn pend(mut future: Pin<&mut impl Future>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_sender_waits_while_both_queues_are_full() {
    let (tx, mut rx) = mpsc::Builder::new(1).spill(MemorySpill::new(1)).build();
    tx.send(0).await.unwrap();
    tx.send(1).await.unwrap();
    let (mut first, mut second) = (pin!(tx.send(2)), pin!(tx.send(3)));
    pend(first.as_mut()).await;
    pend(second.as_mut()).await;
    // Room in the ring is not for them: what is spilled comes first.
    assert_eq!(rx.recv().await, Some(0));
    pend(first.as_mut()).await;
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(first.now_or_never(), Some(Ok(())));
    assert_eq!(rx.recv().await, Some(2));
    assert_eq!(second.now_or_never(), Some(Ok(())));
    assert_eq!(rx.recv().await, Some(3));
}

#[tokio::test]
async fn a_receiver_waits_for_what_is_spilled_behind_another_ones_message() {
    let (tx, rx) = mpmc::Builder::new(1).spill(MemorySpill::new(1)).build();
    let (mut first, mut second) = (pin!(rx.recv()), pin!(rx.recv()));
    pend(first.as_mut()).await;
    tx.send(0).await.unwrap(); // Promised to the first.
    tx.send(1).await.unwrap(); // Spilled.
    pend(second.as_mut()).await;
    assert_eq!(first.await, Some(0));
    assert_eq!(second.now_or_never(), Some(Some(1)));
}
