//! Streams that end in channels.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use aqueduct_channel::{mpmc, mpsc, spmc, spsc};
use aqueduct_stream::{Accept, Receive, SendIntoError, from_stream, iter, receive};
use tokio::task::yield_now;

async fn through<A, R>(sender: A, receiver: R)
where
    A: Accept<Message = u32>,
    R: Receive<Message = u32>,
{
    let (sent, received) = tokio::join!(
        iter(0..1000).send_into(sender),
        receive(receiver).collect::<Vec<u32>>()
    );
    assert_eq!(sent, Ok(1000));
    assert_eq!(received, (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_kind_of_channel_takes_a_stream() {
    for capacity in [1, 2, 63, 64, 100] {
        let (tx, rx) = spsc::channel(capacity);
        through(tx, rx).await;
        let (tx, rx) = mpsc::channel(capacity);
        through(tx, rx).await;
        let (tx, rx) = spmc::channel(capacity);
        through(tx, rx).await;
        let (tx, rx) = mpmc::channel(capacity);
        through(tx, rx).await;
    }
    let (tx, rx) = mpsc::unbounded_channel();
    through(tx, rx).await;
    let (tx, rx) = mpmc::unbounded_channel();
    through(tx, rx).await;
    let (tx, rx) = mpmc::rendezvous();
    through(tx, rx).await;
}

/// Sends a part, by a future that is polled so often; then counts what has left the source and what is in the channel.
async fn drop_after<A, R>(polls: usize, mut sender: A, receiver: R)
where
    A: Accept<Message = u32>,
    R: Receive<Message = u32>,
{
    let mut numbers = iter(0..200);
    let mut received = Vec::new();
    let mut receiver = receive(receiver);
    {
        let mut send = pin!(numbers.by_ref().send_into(&mut sender));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if send.as_mut().poll(&mut cx).is_ready() {
                break;
            }
            let _ = Pin::new(&mut receiver).poll_many(&mut cx, &mut received, 3);
        }
    }
    drop(sender);
    received.extend(receiver.collect::<Vec<_>>().await);
    let rest = numbers.collect::<Vec<_>>().await;
    assert_eq!(
        [received, rest].concat(),
        (0..200).collect::<Vec<_>>(),
        "{polls} polls"
    );
}

#[tokio::test]
async fn dropped_at_any_poll_no_item_is_lost() {
    for polls in 0..40 {
        for capacity in [1, 5] {
            let (tx, rx) = spsc::channel(capacity);
            drop_after(polls, tx, rx).await;
            let (tx, rx) = mpsc::channel(capacity);
            drop_after(polls, tx, rx).await;
            let (tx, rx) = spmc::channel(capacity);
            drop_after(polls, tx, rx).await;
            let (tx, rx) = mpmc::channel(capacity);
            drop_after(polls, tx, rx).await;
        }
        let (tx, rx) = mpsc::unbounded_channel();
        drop_after(polls, tx, rx).await;
        let (tx, rx) = mpmc::unbounded_channel();
        drop_after(polls, tx, rx).await;
    }
}

#[tokio::test]
async fn a_receiver_that_goes_leaves_the_rest_in_the_source() {
    async fn check<A: Accept<Message = u32>>(sender: A, close: impl FnOnce()) {
        let mut numbers = iter(0..200);
        let mut send = Box::pin(numbers.by_ref().send_into(sender));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(send.as_mut().poll(&mut cx).is_pending());
        close();
        let Err(SendIntoError { sent, unsent }) = send.await else {
            panic!("all was sent");
        };
        assert_eq!(sent, 10);
        assert_eq!(unsent, None);
        assert_eq!(numbers.next().await, Some(10));
    }
    let (tx, rx) = spsc::channel(10);
    check(tx, || drop(rx)).await;
    let (tx, rx) = mpsc::channel(10);
    check(tx, || drop(rx)).await;
    let (tx, rx) = spmc::channel(10);
    check(tx, || drop(rx)).await;
    let (tx, rx) = mpmc::channel(10);
    check(tx, || drop(rx)).await;

    let (tx, rx) = mpmc::rendezvous();
    let send = tokio::spawn(iter(0..10).send_into(tx));
    assert_eq!(rx.recv().await, Some(0));
    yield_now().await;
    drop(rx);
    let error = send.await.unwrap().unwrap_err();
    assert_eq!((error.sent, error.unsent), (1, Some(1)));

    let (tx, rx) = mpsc::unbounded_channel();
    drop(rx);
    let error = iter(0..10).send_into(tx).await.unwrap_err();
    assert_eq!((error.sent, error.unsent), (0, None));
}

#[tokio::test]
async fn a_receiver_that_goes_in_the_middle_of_a_pull_leaves_one_item() {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut rx = Some(rx);
    let mut numbers = iter(0..10);
    let error = numbers
        .by_ref()
        .inspect(|n| {
            if *n == 4 {
                rx = None;
            }
        })
        .send_into(tx)
        .await
        .unwrap_err();
    assert_eq!((error.sent, error.unsent), (4, Some(4)));
    assert_eq!(numbers.next().await, Some(5));
}

#[tokio::test]
async fn an_idle_stream_holds_no_room() {
    let (tx, mut rx) = mpsc::channel(1);
    let (feed, fed) = mpsc::channel(1);
    let mut send = pin!(receive(fed).send_into(tx.clone()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(send.as_mut().poll(&mut cx).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    // And has it again when it needs it.
    feed.try_send(2).unwrap();
    assert!(send.as_mut().poll(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(2));
}

#[tokio::test]
async fn several_streams_share_a_channel_fairly() {
    let (tx, rx) = mpsc::channel(2);
    let first = tokio::spawn(iter(0..100).send_into(tx.clone()));
    let second = tokio::spawn(iter(100..200).send_into(tx));
    let mut all: Vec<u32> = receive(rx).collect().await;
    assert_eq!(first.await.unwrap(), Ok(100));
    assert_eq!(second.await.unwrap(), Ok(100));
    // Neither had to wait until the other was done.
    let last_of_first = all.iter().rposition(|n| *n < 100).unwrap();
    let first_of_second = all.iter().position(|n| *n >= 100).unwrap();
    assert!(first_of_second < last_of_first);
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_waits_is_sent_as_it_comes() {
    let (feed, fed) = mpsc::channel(10);
    let (tx, mut rx) = spsc::channel(10);
    let send = tokio::spawn(from_stream(receive(fed)).send_into(tx));
    for n in 0..5 {
        feed.send(n).await.unwrap();
        assert_eq!(rx.recv().await, Some(n));
    }
    drop(feed);
    assert_eq!(send.await.unwrap(), Ok(5));
    assert_eq!(rx.recv().await, None);
    let _: Poll<()> = Poll::Pending;
}
