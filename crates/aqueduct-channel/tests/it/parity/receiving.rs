use std::pin::pin;

use super::mpsc::error::TryRecvError;
use super::*;

#[tokio::test]
async fn try_recv() {
    let (tx, mut rx) = mpsc::channel(2);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    tx.send(1).await.unwrap();
    assert_eq!(rx.try_recv(), Ok(1));
    tx.send(2).await.unwrap();
    drop(tx);
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[tokio::test]
async fn a_dropped_receive_loses_nothing() {
    let (tx, mut rx) = mpsc::channel(1);
    {
        let mut recv = pin!(rx.recv());
        assert!(poll(recv.as_mut()).is_pending());
        tx.send(1).await.unwrap();
    }
    assert_eq!(rx.recv().await, Some(1));
}

#[tokio::test]
async fn recv_many() {
    let (tx, mut rx) = mpsc::channel(8);
    for n in 0..5 {
        tx.send(n).await.unwrap();
    }
    let mut buffer = vec![-1];
    assert_eq!(rx.recv_many(&mut buffer, 3).await, 3);
    assert_eq!(buffer, [-1, 0, 1, 2]);
    assert_eq!(rx.recv_many(&mut buffer, 100).await, 2);
    assert_eq!(buffer, [-1, 0, 1, 2, 3, 4]);
    assert_eq!(rx.recv_many(&mut buffer, 0).await, 0);
    assert!(poll(rx.recv_many(&mut buffer, 1)).is_pending());
    drop(tx);
    assert_eq!(rx.recv_many(&mut buffer, 1).await, 0);
    assert_eq!(buffer.len(), 6);
}

#[tokio::test]
async fn recv_many_waits_for_the_first_only() {
    let (tx, mut rx) = mpsc::channel(8);
    let mut buffer = Vec::new();
    let mut many = Box::pin(rx.recv_many(&mut buffer, 8));
    assert!(poll(many.as_mut()).is_pending());
    tx.send(1).await.unwrap();
    tx.send(2).await.unwrap();
    assert_eq!(many.await, 2);
    assert_eq!(buffer, [1, 2]);
}

#[tokio::test]
async fn polls() {
    let (tx, mut rx) = mpsc::channel(4);
    let mut cx = Context::from_waker(Waker::noop());
    let mut buffer = Vec::new();
    assert!(rx.poll_recv(&mut cx).is_pending());
    assert!(rx.poll_recv_many(&mut cx, &mut buffer, 2).is_pending());
    for n in 0..3 {
        tx.send(n).await.unwrap();
    }
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Some(0)));
    assert_eq!(rx.poll_recv_many(&mut cx, &mut buffer, 0), Poll::Ready(0));
    assert_eq!(rx.poll_recv_many(&mut cx, &mut buffer, 9), Poll::Ready(2));
    drop(tx);
    assert_eq!(rx.poll_recv_many(&mut cx, &mut buffer, 9), Poll::Ready(0));
    assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(None));
    assert_eq!(buffer, [1, 2]);
}

#[tokio::test]
async fn the_task_that_polled_last_is_woken() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    let (tx, mut rx) = mpsc::channel(1);
    let wakes = [Arc::new(Count::default()), Arc::new(Count::default())];
    for wake in &wakes {
        let waker = Waker::from(wake.clone());
        assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    }
    tx.send(()).await.unwrap();
    let woken = wakes.map(|wake| wake.0.load(Ordering::Relaxed));
    assert_eq!(woken, [0, 1]);
}

#[tokio::test]
async fn lengths() {
    let (tx, mut rx) = mpsc::channel(3);
    assert!(rx.is_empty());
    assert_eq!((rx.len(), rx.capacity(), rx.max_capacity()), (0, 3, 3));
    tx.send(1).await.unwrap();
    tx.send(2).await.unwrap();
    assert!(!rx.is_empty());
    assert_eq!((rx.len(), rx.capacity(), rx.max_capacity()), (2, 1, 3));
    assert_eq!((tx.capacity(), tx.max_capacity()), (1, 3));
    rx.recv().await.unwrap();
    assert_eq!((rx.len(), rx.capacity(), tx.capacity()), (1, 2, 2));
}

#[tokio::test]
async fn a_busy_channel_lets_other_tasks_run() {
    let (tx, mut rx) = mpsc::channel(100_000);
    for n in 0..100_000 {
        tx.try_send(n).unwrap();
    }
    let receiver = tokio::spawn(async move {
        let mut received = 0;
        while rx.recv().await.is_some() {
            received += 1;
        }
        received
    });
    let mut turns = 0;
    while tx.capacity() < tx.max_capacity() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    // A turn in 1024 messages here, in 128 with Tokio.
    assert!(turns >= 100_000 / 1024, "{turns}");
    drop(tx);
    assert_eq!(receiver.await.unwrap(), 100_000);
}

#[tokio::test]
async fn a_sender_of_much_lets_other_tasks_run() {
    let (tx, mut rx) = mpsc::channel(100_000);
    let sender = tokio::spawn(async move {
        for n in 0..100_000 {
            tx.send(n).await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    let mut turns = 0;
    while rx.len() < 100_000 {
        tokio::task::yield_now().await;
        turns += 1;
    }
    // A turn in 1024 messages here, in 128 with Tokio.
    assert!(turns >= 100_000 / 1024, "{turns}");
    sender.await.unwrap();
    assert_eq!(rx.recv().await, Some(0));
}
