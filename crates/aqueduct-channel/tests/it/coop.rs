//! Tokio's budget: a task that has used it up waits a turn, which is not the same as a full or an empty channel.

use std::future::poll_fn;
use std::task::Poll;

use aqueduct_channel::{Overflow, broadcast, mpmc, mpsc, spmc, spsc};

/// Uses the budget of this task's turn up.
async fn exhaust() {
    while tokio::task::coop::has_budget_remaining() {
        tokio::task::consume_budget().await;
    }
}

/// Sends without budget left do not overflow: they wait a turn and then find room.
macro_rules! without_budget {
    ($kind:ident, $overflow:expr) => {
        #[allow(unused_mut, reason = "kinds differ in what takes &mut")]
        let (mut tx, mut rx) = $kind::Builder::new(8).overflow($overflow).build();
        for n in 0..8 {
            exhaust().await;
            let mut turns = 0;
            let mut send = std::pin::pin!(tx.send(n));
            poll_fn(|cx| {
                turns += 1;
                send.as_mut().poll(cx)
            })
            .await
            .unwrap();
            assert!(turns <= 2);
        }
        assert_eq!(tx.stats().dropped, 0);
        for n in 0..8 {
            exhaust().await;
            assert_eq!(rx.recv().await, Some(n));
        }
    };
}

#[tokio::test]
async fn no_budget_is_not_full() {
    for overflow in [Overflow::DropNewest, Overflow::Reject] {
        without_budget!(spsc, overflow);
        without_budget!(mpsc, overflow);
        without_budget!(spmc, overflow);
        without_budget!(mpmc, overflow);
    }
    without_budget!(mpmc, Overflow::DropOldest);
}

/// What does not wait does not ask for budget either.
#[tokio::test]
async fn trying_needs_no_budget() {
    let (tx, mut rx) = mpsc::channel(1000);
    exhaust().await;
    for n in 0..1000 {
        tx.try_send(n).unwrap();
    }
    for n in 0..1000 {
        assert_eq!(rx.try_recv(), Ok(n));
    }
}

/// Two tasks that feed each other on one thread leave turns to a third.
#[tokio::test]
async fn a_busy_pair_leaves_turns_to_others() {
    let (mut tx, mut rx) = spsc::channel(16);
    let feeding = tokio::spawn(async move { while tx.send(()).await.is_ok() {} });
    let eating = tokio::spawn(async move { while rx.recv().await.is_some() {} });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    eating.abort();
    feeding.await.unwrap();
}

/// A receiver that is never without messages yields, on each kind.
#[tokio::test]
async fn a_receiver_yields() {
    macro_rules! yields {
        ($kind:ident) => {
            #[allow(unused_mut, reason = "kinds differ in what takes &mut")]
            let (mut tx, mut rx) = $kind::channel(10_000);
            while tx.try_send(()).is_ok() {}
            let mut all = std::pin::pin!(async {
                for _ in 0..10_000 {
                    assert_eq!(rx.recv().await, Some(()));
                }
            });
            let first = poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx))).await;
            assert!(first.is_pending());
            all.await;
        };
    }
    yields!(spsc);
    yields!(mpsc);
    yields!(spmc);
    yields!(mpmc);
    let (tx, mut rx) = broadcast::channel(1 << 14);
    (0..10_000).for_each(|n| assert_eq!(tx.send(n), Ok(1)));
    let mut all = std::pin::pin!(async {
        for n in 0..10_000 {
            assert_eq!(rx.recv().await, Ok(n));
        }
    });
    let first = poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx))).await;
    assert!(first.is_pending());
    all.await;
}
