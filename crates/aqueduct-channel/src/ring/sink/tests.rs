use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::sink::Sink;
use futures_util::{FutureExt, SinkExt, StreamExt, stream};

use crate::error::SendError;
use crate::{MemorySpill, Overflow, mpmc, mpsc, spmc};

async fn pend(mut future: Pin<&mut impl Future>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

async fn poll_ready<T>(sink: &mut mpsc::SendSink<T>) -> Poll<Result<(), SendError<Option<T>>>> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *sink).poll_ready(cx))).await
}

/// Sends more than there is room for, in both ways that futures-util has, and expects it in order.
async fn goes_through<S, R>(mut sink: S, receiver: R)
where
    S: Sink<usize, Error = SendError<Option<usize>>> + Unpin + Send + 'static,
    R: futures_util::Stream<Item = usize>,
{
    let sending = tokio::spawn(async move {
        sink.send_all(&mut stream::iter(0..50).map(Ok))
            .await
            .unwrap();
        sink.send(50).await.unwrap();
        let rest = stream::iter(51..100).map(Ok);
        rest.forward(sink).await.unwrap();
    });
    let received: Vec<_> = receiver.collect().await;
    sending.await.unwrap();
    assert!(received.into_iter().eq(0..100));
}

#[tokio::test]
async fn every_kind_forwards_a_stream() {
    for capacity in [1, 3] {
        let (tx, rx) = mpsc::channel(capacity);
        goes_through(tx.into_sink(), rx).await;
        let (tx, rx) = spmc::channel(capacity);
        goes_through(tx.into_sink(), rx).await;
        let (tx, rx) = mpmc::channel(capacity);
        goes_through(tx.into_sink(), rx).await;
    }
}

#[tokio::test]
async fn every_overflow_forwards_a_stream() {
    let (tx, rx) = mpsc::Builder::new(2).spill(MemorySpill::new(3)).build();
    goes_through(tx.into_sink(), rx).await;
    let (tx, mut rx) = mpmc::Builder::new(2).overflow(Overflow::DropOldest).build();
    tx.into_sink()
        .send_all(&mut stream::iter(0..10).map(Ok))
        .await
        .unwrap();
    assert_eq!(
        (rx.recv().await, rx.next().await, rx.recv().await),
        (Some(8), Some(9), None)
    );
}

#[tokio::test]
async fn a_full_channel_that_rejects_hands_the_message_back() {
    let (tx, _rx) = mpsc::Builder::new(1).overflow(Overflow::Reject).build();
    let mut sink = tx.into_sink();
    sink.send(1).await.unwrap();
    assert_eq!(sink.send(2).await, Err(SendError(Some(2))));
}

#[tokio::test]
async fn a_sink_in_line_is_served_before_who_came_later() {
    let (tx, mut rx) = mpsc::Builder::new(1).fair().build();
    tx.try_send(0).unwrap();
    let mut sink = tx.clone().into_sink();
    assert!(poll_ready(&mut sink).await.is_pending());
    let mut later = pin!(tx.send(2));
    pend(later.as_mut()).await;
    assert_eq!(rx.recv().await, Some(0));
    pend(later.as_mut()).await;
    assert_eq!(poll_ready(&mut sink).await, Poll::Ready(Ok(())));
    Pin::new(&mut sink).start_send(1).unwrap();
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(later.await, Ok(()));
}

#[tokio::test]
async fn what_a_sink_gives_up_goes_to_the_next() {
    let (tx, mut rx) = mpsc::channel(1);
    let mut sink = tx.clone().into_sink();
    assert!(!sink.abort_send());
    // A promise.
    assert_eq!(poll_ready(&mut sink).await, Poll::Ready(Ok(())));
    let mut send = pin!(tx.send(1));
    pend(send.as_mut()).await;
    assert!(sink.abort_send());
    assert_eq!(send.await, Ok(()));
    // A place in line, and one that was served.
    for served in [false, true] {
        assert!(poll_ready(&mut sink).await.is_pending());
        let mut send = pin!(tx.send(2));
        if served {
            rx.recv().await.unwrap();
        }
        pend(send.as_mut()).await;
        assert!(sink.abort_send());
        if !served {
            rx.recv().await.unwrap();
        }
        assert_eq!(send.await, Ok(()));
    }
}

#[tokio::test]
async fn a_dropped_sink_gives_its_room_back() {
    let (tx, mut rx) = mpsc::channel(1);
    let mut sink = tx.clone().into_sink();
    assert_eq!(poll_ready(&mut sink).await, Poll::Ready(Ok(())));
    assert_eq!(tx.capacity(), 0);
    drop(sink);
    assert_eq!(tx.capacity(), 1);
    let mut sink = tx.into_sink();
    assert_eq!(poll_ready(&mut sink).await, Poll::Ready(Ok(())));
    let (sender, kept) = sink.into_inner();
    assert_eq!((sender.unwrap().capacity(), kept), (1, None::<u8>));
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_closed_sink_lets_go_of_its_sender() {
    let (tx, mut rx) = mpsc::channel(2);
    let mut sink = tx.into_sink();
    sink.feed(1).await.unwrap();
    SinkExt::<u8>::close(&mut sink).await.unwrap();
    assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    assert_eq!(sink.send(2).await, Err(SendError(None)));
    assert!(sink.sender().is_none());
}

#[tokio::test]
async fn a_sink_learns_that_its_receivers_are_gone() {
    let (tx, rx) = mpmc::channel(1);
    let mut sink = tx.into_sink();
    sink.send(1).await.unwrap();
    let mut send = Box::pin(sink.send(2));
    pend(send.as_mut()).await;
    drop(rx);
    assert_eq!(send.as_mut().now_or_never(), Some(Err(SendError(None))));
    drop(send);
    assert!(sink.sender().is_some_and(|sender| sender.is_closed()));
}
