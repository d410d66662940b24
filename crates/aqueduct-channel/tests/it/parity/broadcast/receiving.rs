use super::broadcast::error::{RecvError, TryRecvError};
use super::*;

#[tokio::test]
async fn all_receivers_get_all() {
    let (tx, mut first) = broadcast::channel(16);
    let mut second = tx.subscribe();
    assert_eq!(tx.send("a").unwrap(), 2);
    assert_eq!(tx.send("b").unwrap(), 2);
    let mut third = tx.subscribe();
    assert_eq!(tx.send("c").unwrap(), 3);
    for rx in [&mut first, &mut second] {
        assert_eq!(rx.recv().await, Ok("a"));
        assert_eq!(rx.try_recv(), Ok("b"));
        assert_eq!(rx.recv().await, Ok("c"));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }
    assert_eq!(third.recv().await, Ok("c"));
}

#[tokio::test]
async fn one_send_wakes_all_who_wait() {
    let (tx, rx) = broadcast::channel(16);
    let mut receivers: Vec<_> = (0..40).map(|_| rx.resubscribe()).collect();
    let wakes = Arc::new(Wakes::default());
    {
        let mut waiting: Vec<_> = receivers.iter_mut().map(|rx| Box::pin(rx.recv())).collect();
        for recv in &mut waiting {
            assert!(wakes.poll(recv.as_mut()).is_pending());
        }
        tx.send(1).unwrap();
        assert_eq!(wakes.count(), 40);
        for recv in &mut waiting {
            assert_eq!(wakes.poll(recv.as_mut()), Poll::Ready(Ok(1)));
        }
    }
    // They sleep only once more.
    for rx in &mut receivers {
        assert!(poll(rx.recv()).is_pending());
    }
    tx.send(2).unwrap();
    assert_eq!(wakes.count(), 40);
}

#[tokio::test]
async fn a_dropped_receive_loses_nothing_and_wakes_nobody() {
    let (tx, mut rx) = broadcast::channel(4);
    let wakes = Arc::new(Wakes::default());
    {
        let mut recv = Box::pin(rx.recv());
        assert!(wakes.poll(recv.as_mut()).is_pending());
    }
    tx.send(1).unwrap();
    assert_eq!(wakes.count(), 0);
    assert_eq!(Arc::strong_count(&wakes), 1);
    {
        let mut recv = Box::pin(rx.recv());
        assert_eq!(wakes.poll(recv.as_mut()), Poll::Ready(Ok(1)));
    }
    {
        // Woken, and dropped before it looked.
        let mut recv = Box::pin(rx.recv());
        assert!(wakes.poll(recv.as_mut()).is_pending());
        tx.send(2).unwrap();
        assert_eq!(wakes.count(), 1);
    }
    assert_eq!(rx.recv().await, Ok(2));
}

#[tokio::test]
async fn the_task_that_polled_last_is_woken() {
    let (tx, mut rx) = broadcast::channel(4);
    let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
    let mut recv = Box::pin(rx.recv());
    for wakes in &wakes {
        assert!(wakes.poll(recv.as_mut()).is_pending());
    }
    tx.send(1).unwrap();
    assert_eq!(wakes.map(|wakes| wakes.count()), [0, 1]);
    assert_eq!(recv.await, Ok(1));
}

#[tokio::test]
async fn tasks_on_one_thread() {
    let (tx, rx) = broadcast::channel(16);
    let receivers: Vec<_> = (0..5)
        .map(|_| {
            let mut rx = rx.resubscribe();
            tokio::spawn(async move {
                let mut sum = 0;
                while let Ok(n) = rx.recv().await {
                    sum += n;
                }
                sum
            })
        })
        .collect();
    for n in 0..1000 {
        tx.send(n).unwrap();
        if n % 8 == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(tx);
    for receiver in receivers {
        assert_eq!(receiver.await.unwrap(), 499_500);
    }
}

#[test]
fn threads() {
    let (tx, rx) = broadcast::channel(1024);
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let mut rx = rx.resubscribe();
            std::thread::spawn(move || {
                let mut all = Vec::new();
                loop {
                    match rx.blocking_recv() {
                        Ok(n) => all.push(n),
                        Err(RecvError::Closed) => return all,
                        Err(lagged) => panic!("{lagged}"),
                    }
                }
            })
        })
        .collect();
    for n in 0..1000 {
        tx.send(n).unwrap();
    }
    drop(tx);
    for receiver in receivers {
        assert_eq!(receiver.join().unwrap(), (0..1000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_busy_channel_lets_other_tasks_run() {
    let (tx, mut rx) = broadcast::channel(1 << 14);
    for n in 0..1 << 14 {
        tx.send(n).unwrap();
    }
    drop(tx);
    let mut all = Box::pin(async { while rx.recv().await.is_ok() {} });
    let first = std::future::poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx))).await;
    assert!(first.is_pending());
    all.await;
}

#[tokio::test]
#[should_panic]
async fn blocking_is_refused_on_a_thread_that_runs_tasks() {
    let (_tx, mut rx) = broadcast::channel::<()>(1);
    let _ = rx.blocking_recv();
}

/// A clone that panics passes its message.
#[test]
fn panicking_clones() {
    #[derive(Debug, PartialEq)]
    struct Panics(u32);

    impl Clone for Panics {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 0, "a clone");
            Self(self.0)
        }
    }

    let (tx, mut rx) = broadcast::channel(16);
    let _second = tx.subscribe();
    tx.send(Panics(0)).unwrap();
    tx.send(Panics(1)).unwrap();
    let received = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rx.try_recv()));
    assert!(received.is_err());
    assert_eq!(rx.try_recv(), Ok(Panics(1)));
}

/// Messages are dropped as soon as all receivers have them, or went away.
#[test]
fn messages_go_with_their_last_receiver() {
    let message = Arc::new(());
    let (tx, mut first) = broadcast::channel(16);
    let second = tx.subscribe();
    for _ in 0..6 {
        tx.send(message.clone()).unwrap();
    }
    for _ in 0..4 {
        drop(first.try_recv().unwrap());
    }
    assert_eq!(Arc::strong_count(&message), 7);
    drop(second);
    assert_eq!(Arc::strong_count(&message), 3);
    drop(first);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(tx.send(message.clone()).is_err());
    assert_eq!(Arc::strong_count(&message), 1);
}
