//! What becomes of a message for which there is no room, on each kind.

use std::sync::{Arc, Mutex};
use std::task::Poll;

use aqueduct_channel::error::{SendError, TrySendError};
use aqueduct_channel::{MemorySpill, Overflow, Stats, mpmc, mpsc, spmc, spsc};

use crate::poll;

/// What `send` and `try_send` say, and what is received in the end, where 0, 1 and 2 are sent into room for one.
#[derive(Debug)]
struct Case {
    overflow: Overflow,
    second: Answer,
    received: &'static [u8],
    dropped: &'static [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Waits,
    HandsBack,
    TakesIt,
}

const CASES: [Case; 5] = [
    Case {
        overflow: Overflow::Wait,
        second: Answer::Waits,
        received: &[0],
        dropped: &[],
    },
    Case {
        overflow: Overflow::Reject,
        second: Answer::HandsBack,
        received: &[0],
        dropped: &[],
    },
    Case {
        overflow: Overflow::DropNewest,
        second: Answer::TakesIt,
        received: &[0],
        dropped: &[1, 2],
    },
    Case {
        overflow: Overflow::DropOldest,
        second: Answer::TakesIt,
        received: &[2],
        dropped: &[0, 1],
    },
    Case {
        overflow: Overflow::Spill,
        second: Answer::TakesIt,
        received: &[0, 1, 2],
        dropped: &[],
    },
];

fn of_send(sent: Poll<Result<(), SendError<u8>>>) -> Answer {
    match sent {
        Poll::Pending => Answer::Waits,
        Poll::Ready(Err(SendError(1))) => Answer::HandsBack,
        Poll::Ready(Ok(())) => Answer::TakesIt,
        other => panic!("{other:?}"),
    }
}

fn of_try_send(sent: Result<(), TrySendError<u8>>) -> Answer {
    match sent {
        // What waits, or is refused at once, is the same to who does not wait.
        Err(TrySendError::Full(2)) => Answer::HandsBack,
        Ok(()) => Answer::TakesIt,
        other => panic!("{other:?}"),
    }
}

/// Nothing that was taken is unaccounted for.
fn assert_balance(stats: Stats, taken: u64) {
    assert_eq!(
        stats.received + stats.dropped + stats.len as u64,
        taken,
        "{stats:?}"
    );
}

macro_rules! on_a_kind {
    ($kind:ident, $cases:expr) => {
        for case in $cases {
            let dropped = Arc::new(Mutex::new(Vec::new()));
            let log = dropped.clone();
            let builder = $kind::Builder::new(1).on_drop(move |n| log.lock().unwrap().push(n));
            let builder = match case.overflow {
                Overflow::Spill => builder.spill(MemorySpill::new(2)),
                other => builder.overflow(other),
            };
            #[allow(unused_mut, reason = "kinds differ in what takes &mut")]
            let (mut tx, mut rx) = builder.build();
            tx.try_send(0).unwrap();
            assert_eq!(of_send(poll(tx.send(1))), case.second, "{case:?}");
            let second = of_try_send(tx.try_send(2));
            assert_eq!(second == Answer::TakesIt, case.second == Answer::TakesIt);
            let taken = if second == Answer::TakesIt { 3 } else { 1 };
            assert_balance(tx.stats(), taken);
            let mut received = Vec::new();
            while let Ok(message) = rx.try_recv() {
                received.push(message);
                assert_balance(rx.stats(), taken);
            }
            assert_eq!(received, case.received, "{case:?}");
            assert_eq!(*dropped.lock().unwrap(), case.dropped, "{case:?}");
            assert_eq!(rx.stats().dropped, case.dropped.len() as u64);
            assert_eq!(rx.stats().received, received.len() as u64);
        }
    };
}

fn but_drop_oldest() -> impl Iterator<Item = &'static Case> {
    CASES
        .iter()
        .filter(|case| case.overflow != Overflow::DropOldest)
}

#[test]
fn spsc_overflows() {
    on_a_kind!(spsc, but_drop_oldest());
}

#[test]
fn mpsc_overflows() {
    on_a_kind!(mpsc, but_drop_oldest());
}

#[test]
fn spmc_overflows() {
    on_a_kind!(spmc, &CASES);
}

#[test]
fn mpmc_overflows() {
    on_a_kind!(mpmc, &CASES);
}

#[test]
#[should_panic(expected = "DropOldest needs")]
fn spsc_cannot_drop_the_oldest() {
    let builder = spsc::Builder::<u8>::new(1);
    drop(builder.overflow(Overflow::DropOldest).build());
}

#[test]
#[should_panic(expected = "DropOldest needs")]
fn mpsc_cannot_drop_the_oldest() {
    let builder = mpsc::Builder::<u8>::new(1);
    drop(builder.overflow(Overflow::DropOldest).build());
}

#[test]
#[should_panic(expected = "needs a queue to spill to")]
fn spilling_needs_a_queue() {
    drop(
        mpsc::Builder::<u8>::new(1)
            .overflow(Overflow::Spill)
            .build(),
    );
}

#[test]
fn force_send_hands_the_oldest_back() {
    let (tx, rx) = mpmc::channel(2);
    for n in 0..5 {
        assert_eq!(tx.force_send(n), Ok((n >= 2).then(|| n - 2)));
    }
    // Handed back, so not lost.
    assert_eq!(tx.stats().dropped, 0);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(3), Ok(4)));

    let permits = tx.try_reserve_many(2).unwrap();
    assert_eq!(tx.force_send(5), Err(TrySendError::Full(5)));
    drop(permits);
    drop(rx);
    assert_eq!(tx.force_send(6), Err(TrySendError::Closed(6)));
}

#[test]
fn permits_are_never_evicted() {
    let (tx, rx) = mpmc::Builder::new(2).overflow(Overflow::DropOldest).build();
    let permit = tx.try_reserve().unwrap();
    for n in 0..5 {
        tx.try_send(n).unwrap();
    }
    permit.send(9);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(4), Ok(9)));
}

/// Once something is spilled all goes there until it is drained, so that the order holds at every mixture.
#[test]
fn spilling_keeps_the_order() {
    for capacity in 1..4 {
        for received_between in 0..8 {
            let (tx, mut rx) = mpsc::Builder::new(capacity)
                .spill(MemorySpill::new(100))
                .build();
            let mut received = Vec::new();
            for n in 0..50 {
                tx.try_send(n).unwrap();
                if n % 7 == received_between {
                    for _ in 0..received_between {
                        received.extend(rx.try_recv());
                    }
                }
            }
            received.extend(std::iter::from_fn(|| rx.try_recv().ok()));
            assert_eq!(received, (0..50).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_second_queue_has_a_cap() {
    let (tx, mut rx) = mpsc::Builder::new(2).spill(MemorySpill::new(3)).build();
    for n in 0..5 {
        tx.try_send(n).unwrap();
    }
    assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)));
    assert!(poll(tx.send(5)).is_pending());
    assert_eq!((rx.len(), rx.capacity()), (5, 0));
    assert_eq!(rx.try_recv(), Ok(0));
    // Room in the ring is not for what comes after the spilled.
    assert_eq!(tx.try_send(5), Err(TrySendError::Full(5)));
    for n in 1..5 {
        assert_eq!(rx.try_recv(), Ok(n));
    }
    tx.try_send(5).unwrap();
    assert_eq!(rx.stats().sent, 6);
    assert_eq!(rx.try_recv(), Ok(5));
}

#[test]
fn a_second_queue_of_nothing_is_no_queue() {
    let (tx, mut rx) = mpsc::Builder::new(1).spill(MemorySpill::new(0)).build();
    tx.try_send(0).unwrap();
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    let mut waiting = Box::pin(tx.send(1));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(poll(waiting.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
}

/// A full channel that rejects has not been closed.
#[tokio::test]
async fn a_rejected_send_with_a_time_limit_is_not_called_closed() {
    use aqueduct_channel::error::SendTimeoutError::{Closed, Timeout};
    use std::time::Duration;

    let limit = Duration::from_secs(60);
    let (tx, rx) = mpsc::Builder::new(1).overflow(Overflow::Reject).build();
    tx.send(1).await.unwrap();
    assert_eq!(tx.send_timeout(2, limit).await, Err(Timeout(2)));
    drop(rx);
    assert_eq!(tx.send_timeout(3, limit).await, Err(Closed(3)));

    let (mut tx, rx) = spsc::Builder::new(1).overflow(Overflow::Reject).build();
    tx.send(1).await.unwrap();
    assert_eq!(tx.send_timeout(2, limit).await, Err(Timeout(2)));
    drop(rx);
    assert_eq!(tx.send_timeout(3, limit).await, Err(Closed(3)));
}
