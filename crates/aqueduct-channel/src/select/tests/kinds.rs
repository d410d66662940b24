//! Every kind of channel as a case, from both sides.

use std::future::poll_fn;
use std::task::Poll;

use crate::error::{SendError, TryRecvError};
use crate::oneshot::error::RecvError;
use crate::select::{Receive, Reserve, Select};
use crate::{mpmc, mpsc, oneshot, spmc, spsc};

/// Polls a set once; it must not be ready.
async fn pend<O>(select: &mut Select<'_, O>) {
    poll_fn(|cx| {
        assert!(select.poll_select(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Receives a message that is there, one that is waited for, and the end. `send` sends, or ends where it has no message.
async fn receives<R>(receiver: R, mut send: impl FnMut(Option<u32>))
where
    R: Receive<Output = Option<u32>>,
{
    let mut select = Select::new();
    select.recv(receiver, |message| message);
    assert_eq!(select.try_select(), Err(TryRecvError::Empty));
    send(Some(1));
    assert_eq!(select.try_select(), Ok(Some(1)));
    pend(&mut select).await;
    send(Some(2));
    assert_eq!(select.select().await, Some(Some(2)));
    pend(&mut select).await;
    send(None);
    assert_eq!(select.select().await, Some(None));
    assert_eq!(select.select().await, None);
    assert_eq!(select.try_select(), Err(TryRecvError::Disconnected));
}

/// A sender that goes away when there is nothing to send.
fn sending<S>(sender: S, send: impl Fn(&mut S, u32)) -> impl FnMut(Option<u32>) {
    let mut sender = Some(sender);
    move |message| match message {
        Some(message) => send(sender.as_mut().unwrap(), message),
        None => sender = None,
    }
}

#[tokio::test]
async fn receivers_with_one_owner() {
    let (tx, rx) = spsc::channel(2);
    receives(rx, sending(tx, |tx, n| tx.try_send(n).unwrap())).await;
    let (tx, mut rx) = spsc::channel(2);
    receives(&mut rx, sending(tx, |tx, n| tx.try_send(n).unwrap())).await;
    let (tx, mut rx) = mpsc::channel(2);
    receives(&mut rx, sending(tx, |tx, n| tx.try_send(n).unwrap())).await;
    let (tx, mut rx) = mpsc::unbounded_channel();
    receives(&mut rx, sending(tx, |tx, n| tx.send(n).unwrap())).await;
}

#[tokio::test]
async fn receivers_that_share_a_line() {
    let (tx, rx) = spmc::channel(2);
    receives(rx, sending(tx, |tx, n| tx.try_send(n).unwrap())).await;
    let (tx, rx) = mpmc::channel(2);
    receives(&rx, sending(tx, |tx, n| tx.try_send(n).unwrap())).await;
    let (tx, rx) = mpmc::unbounded_channel();
    receives(&rx, sending(tx, |tx, n| tx.send(n).unwrap())).await;
}

#[tokio::test]
async fn a_rendezvous() {
    let (tx, rx) = mpmc::rendezvous();
    let mut select = Select::new();
    select.recv(&rx, |message| message);
    assert_eq!(select.try_select(), Err(TryRecvError::Empty));
    // Nobody waits between two calls.
    assert!(tx.try_send(1).is_err());
    pend(&mut select).await;
    tx.try_send(1).unwrap();
    assert_eq!(select.select().await, Some(Some(1)));
    let (sent, received) = tokio::join!(tx.send(2), select.select());
    assert_eq!((sent, received), (Ok(()), Some(Some(2))));
    drop(tx);
    assert_eq!(select.select().await, Some(None));
    assert!(select.is_empty());
}

#[tokio::test]
async fn oneshots() {
    let (tx, mut rx) = oneshot::channel();
    let (dropped, never) = oneshot::channel::<u32>();
    let mut select = Select::new();
    select.recv(&mut rx, |result| (1, result.ok()));
    select.recv(never, |result: Result<u32, RecvError>| (2, result.ok()));
    pend(&mut select).await;
    drop(dropped);
    assert_eq!(select.select().await, Some((2, None)));
    tx.send(7).unwrap();
    assert_eq!(select.try_select(), Ok((1, Some(7))));
    assert!(select.is_empty());
    assert_eq!(select.select().await, None);
}

/// Waits for room with a sender that has none, sends, waits again, and learns of the end.
async fn reserves<S>(
    sender: S,
    send: impl Fn(S::Permit, u32) + Send,
    mut receive: impl FnMut() -> Option<u32>,
    end: impl FnOnce(),
) where
    S: Reserve,
{
    let mut select = Select::new();
    select.reserve(sender, move |permit| permit.map(|permit| send(permit, 1)));
    assert_eq!(select.try_select(), Err(TryRecvError::Empty));
    pend(&mut select).await;
    assert_eq!(receive(), Some(0));
    assert_eq!(select.select().await, Some(Ok(())));
    pend(&mut select).await;
    assert_eq!(receive(), Some(1));
    assert_eq!(select.try_select(), Ok(Ok(())));
    pend(&mut select).await;
    end();
    assert_eq!(select.select().await, Some(Err(SendError(()))));
    assert!(select.is_empty());
}

#[tokio::test]
async fn senders_with_permits() {
    let (tx, rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let rx = std::cell::RefCell::new(rx);
    reserves(
        &tx,
        |permit, n| permit.send(n),
        || rx.borrow_mut().try_recv().ok(),
        || rx.borrow_mut().close(),
    )
    .await;
    let (tx, rx) = mpmc::channel(1);
    tx.try_send(0).unwrap();
    reserves(
        &tx,
        |permit, n| permit.send(n),
        || rx.try_recv().ok(),
        || rx.close(),
    )
    .await;
    let (mut tx, rx) = spmc::channel(1);
    tx.try_send(0).unwrap();
    reserves(
        &mut tx,
        |permit, n| permit.send(n),
        || rx.try_recv().ok(),
        || rx.close(),
    )
    .await;
}

#[tokio::test]
async fn an_spsc_sender_is_its_permit() {
    let (mut tx, mut rx) = spsc::channel(1);
    tx.try_send(0).unwrap();
    {
        let mut select = Select::new();
        select.reserve(&mut tx, |permit| permit);
        pend(&mut select).await;
        assert_eq!(rx.try_recv(), Ok(0));
        select.select().await.unwrap().unwrap().send(1);
        assert!(select.is_empty());
    }
    let mut select = Select::new();
    select.reserve(tx, |permit| permit);
    pend(&mut select).await;
    assert_eq!(rx.try_recv(), Ok(1));
    let tx = select.select().await.unwrap().unwrap().send(2);
    select.reserve(tx, |permit| permit);
    pend(&mut select).await;
    rx.close();
    assert!(select.select().await.unwrap().is_err());
    assert_eq!((rx.recv().await, rx.recv().await), (Some(2), None));
}
