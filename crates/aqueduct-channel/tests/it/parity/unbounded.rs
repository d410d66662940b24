use super::mpsc::error::{SendError, TryRecvError};
use super::*;

#[tokio::test]
async fn order_and_the_end() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    assert!(poll(rx.recv()).is_pending());
    for n in 0..1000 {
        tx.send(n).unwrap();
    }
    assert_eq!(rx.len(), 1000);
    for n in 0..500 {
        assert_eq!(rx.recv().await, Some(n));
    }
    let mut rest = Vec::new();
    drop(tx);
    while rx.recv_many(&mut rest, 64).await > 0 {}
    assert_eq!(rest, (500..1000).collect::<Vec<_>>());
    assert_eq!(rx.recv().await, None);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[tokio::test]
async fn close_and_drain() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    tx.send(1).unwrap();
    rx.close();
    assert!(rx.is_closed() && tx.is_closed());
    assert_eq!(tx.send(2), Err(SendError(2)));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.recv().await, None);
    tx.closed().await;
}

#[tokio::test]
async fn handles() {
    let (tx, rx) = mpsc::unbounded_channel::<()>();
    let weak = tx.downgrade();
    let other = weak.upgrade().unwrap();
    assert!(tx.same_channel(&other));
    assert_eq!((tx.strong_count(), tx.weak_count()), (2, 1));
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 1));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 1));
    assert!(rx.is_empty() && !rx.is_closed());
    drop((tx, other));
    assert!(weak.upgrade().is_none() && rx.is_closed());
}

#[tokio::test]
async fn polls_and_threads() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let mut cx = Context::from_waker(Waker::noop());
    let mut buffer = Vec::new();
    assert!(rx.poll_recv(&mut cx).is_pending());
    tx.send(1).unwrap();
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Some(1)));
    assert!(rx.poll_recv_many(&mut cx, &mut buffer, 4).is_pending());
    let thread =
        std::thread::spawn(move || (rx.blocking_recv(), rx.blocking_recv_many(&mut buffer, 4)));
    tx.send(2).unwrap();
    drop(tx);
    assert_eq!(thread.join().unwrap(), (Some(2), 0));
}
