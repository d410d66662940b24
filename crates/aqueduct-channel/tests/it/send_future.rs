//! The named future of `mpsc::Sender::send`.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aqueduct_channel::mpsc::{self, SendFuture};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// It is a field without a box.
struct Holds<'a> {
    send: SendFuture<'a, u32>,
}

#[test]
fn it_sends_what_a_send_sends() {
    let (tx, mut rx) = mpsc::channel(1);
    let holds = Holds { send: tx.send(1) };
    assert_eq!(poll(std::pin::pin!(holds.send)), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn it_gives_its_message_back_until_it_is_sent() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    // Not polled, in line, and in line with room promised to it.
    assert_eq!(Box::pin(tx.send(1)).as_mut().take(), Some(1));
    let mut waits = Box::pin(tx.send(2));
    assert!(poll(waits.as_mut()).is_pending());
    assert_eq!(waits.as_mut().take(), Some(2));
    drop(waits);
    let mut promised = Box::pin(tx.send(3));
    assert!(poll(promised.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(promised.as_mut().take(), Some(3));
    drop(promised);
    // Its room is free again.
    let mut sent = Box::pin(tx.send(4));
    assert_eq!(poll(sent.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(sent.as_mut().take(), None);
    assert_eq!(rx.try_recv(), Ok(4));
}
