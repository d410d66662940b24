//! Streams that end in sinks of other libraries.

use std::pin::pin;
use std::task::{Context, Waker};

use aqueduct_channel::mpsc;
use aqueduct_stream::{iter, receive};
use futures_util::{SinkExt, sink};

#[tokio::test]
async fn a_sink_takes_all_and_is_closed() {
    let (tx, rx) = mpsc::channel(3);
    let (sent, received) = tokio::join!(
        iter(0..100).forward(tx.into_sink()),
        receive(rx).collect::<Vec<u32>>()
    );
    sent.unwrap();
    assert_eq!(received, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_error_of_the_sink_ends_it() {
    let failing = sink::unfold(
        (),
        |(), n| async move { if n == 3 { Err(n) } else { Ok(()) } },
    );
    let mut numbers = iter(0..10);
    let error = numbers.by_ref().forward(failing).await;
    assert_eq!(error, Err(3));
}

#[tokio::test]
async fn it_is_flushed_when_nothing_is_ready() {
    let (feed, fed) = mpsc::channel(10);
    let (tx, mut rx) = mpsc::channel(100);
    // Keeps up to 50 items until it is flushed.
    let buffered = tx.into_sink().buffer(50);
    let mut forward = pin!(receive(fed).forward(buffered));
    let mut cx = Context::from_waker(Waker::noop());
    feed.try_send(1).unwrap();
    feed.try_send(2).unwrap();
    assert!(forward.as_mut().poll(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[tokio::test]
async fn dropped_at_any_poll_no_item_is_lost() {
    for polls in 0..30 {
        let (tx, mut rx) = mpsc::channel(2);
        let mut numbers = iter(0..50);
        let mut received = Vec::new();
        {
            let mut forward = pin!(numbers.by_ref().forward(tx.into_sink()));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if forward.as_mut().poll(&mut cx).is_ready() {
                    break;
                }
                received.extend(rx.try_recv());
            }
        }
        received.extend(receive(rx).collect::<Vec<_>>().await);
        let rest: Vec<u32> = numbers.collect().await;
        assert_eq!([received, rest].concat(), (0..50).collect::<Vec<_>>());
    }
}
