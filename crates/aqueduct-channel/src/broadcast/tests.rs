mod oracle;
mod user_code;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::error::{RecvError, SendError, TryRecvError, TrySendError};
use super::{Builder, channel};
use crate::overflow::Overflow;

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The segments that a channel uses are as many as its backlog needs, whatever its capacity.
#[test]
fn receivers_that_keep_up_leave_few_segments() {
    let (tx, mut rx) = channel(1 << 20);
    for n in 0..10_000 {
        tx.send(n).unwrap();
        assert_eq!(rx.try_recv(), Ok(n));
    }
    assert!(tx.chan_segments() <= 2, "{}", tx.chan_segments());
}

#[test]
fn segments_become_fewer_after_a_burst() {
    let (tx, mut rx) = channel(4096);
    for n in 0..4096 {
        tx.send(n).unwrap();
    }
    assert_eq!(tx.chan_segments(), 64);
    for n in 0..4096 {
        assert_eq!(rx.try_recv(), Ok(n));
    }
    for n in 0..128 * 64 {
        tx.send(n).unwrap();
        rx.try_recv().unwrap();
    }
    assert!(tx.chan_segments() <= 2, "{}", tx.chan_segments());
}

/// An idle receiver makes a channel keep a capacity's worth, and its own segment.
#[test]
fn an_idle_receiver_is_bounded() {
    let (tx, mut idle) = channel(256);
    let mut busy = tx.subscribe();
    tx.send(0).unwrap();
    assert_eq!(idle.try_recv(), Ok(0));
    for n in 0..10_000 {
        tx.send(n).unwrap();
        while busy.try_recv().is_ok() {}
    }
    assert!(tx.chan_segments() <= 5, "{}", tx.chan_segments());
    assert_eq!(idle.try_recv(), Err(TryRecvError::Lagged(10_000 - 256)));
}

#[test]
fn rejecting_hands_the_message_back() {
    let (tx, mut rx) = Builder::new(2).overflow(Overflow::Reject).build();
    let mut ahead = tx.subscribe();
    assert_eq!(tx.try_send(1), Ok(2));
    assert_eq!(poll(tx.send_wait(2)), Poll::Ready(Ok(2)));
    assert_eq!(ahead.try_recv(), Ok(1));
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(tx.send(3), Err(SendError(3)));
    assert_eq!(poll(tx.send_wait(3)), Poll::Ready(Err(SendError(3))));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(tx.try_send(3), Ok(2));
    drop((rx, ahead));
    assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)));
}

/// A capacity that is no power of two is exact where senders wait.
#[test]
fn waiting_is_for_exactly_the_capacity() {
    for capacity in 1..=9 {
        let (tx, mut rx) = Builder::new(capacity).overflow(Overflow::Wait).build();
        for n in 0..capacity {
            assert!(tx.try_send(n).is_ok());
        }
        assert_eq!(tx.try_send(0), Err(TrySendError::Full(0)));
        let mut sending = Box::pin(tx.send_wait(capacity));
        assert!(poll(sending.as_mut()).is_pending());
        assert_eq!(tx.stats().senders_waiting, 1);
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(poll(sending.as_mut()), Poll::Ready(Ok(1)));
        assert_eq!(tx.len(), capacity);
    }
}

/// Room that was given to a sender in line is not for newcomers; given back, it is.
#[test]
fn promised_room_is_kept() {
    let (tx, mut rx) = Builder::new(1).overflow(Overflow::Wait).build();
    tx.try_send(0).unwrap();
    let mut sending = Box::pin(tx.send_wait(1));
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    drop(sending);
    assert_eq!(tx.try_send(2), Ok(1));
}

/// A promise that meets no receivers is given back too.
#[test]
fn promised_room_without_receivers() {
    let (tx, mut rx) = Builder::new(1).overflow(Overflow::Wait).build();
    tx.try_send(0).unwrap();
    let mut sending = Box::pin(tx.send_wait(1));
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(rx);
    assert_eq!(poll(sending.as_mut()), Poll::Ready(Err(SendError(1))));
    drop(sending);
    let _rx = tx.subscribe();
    assert_eq!(tx.try_send(2), Ok(1));
}

#[test]
fn senders_in_line_are_served_in_order() {
    let (tx, mut rx) = Builder::new(1).overflow(Overflow::Wait).build();
    tx.try_send(0).unwrap();
    let mut waiting: Vec<_> = (1..4).map(|n| Box::pin(tx.send_wait(n))).collect();
    for sending in &mut waiting {
        assert!(poll(sending.as_mut()).is_pending());
    }
    for n in 0..4 {
        assert_eq!(rx.try_recv(), Ok(n));
        if let Some(sending) = waiting.get_mut(n) {
            assert_eq!(poll(sending.as_mut()), Poll::Ready(Ok(1)));
        }
    }
}

#[test]
fn lag_is_reported_and_counted() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    let told = Arc::new(AtomicU64::new(0));
    let telling = told.clone();
    let (tx, mut rx) = Builder::new(2)
        .on_lag(move |lost| {
            telling.fetch_add(lost, Ordering::Relaxed);
        })
        .build();
    let mut other = tx.subscribe();
    for n in 0..5 {
        tx.send(n).unwrap();
    }
    assert_eq!(poll(rx.recv()), Poll::Ready(Err(RecvError::Lagged(3))));
    assert_eq!(other.try_recv(), Err(TryRecvError::Lagged(3)));
    assert_eq!(told.load(Ordering::Relaxed), 6);
    let stats = tx.stats();
    assert_eq!(
        (stats.sent, stats.received, stats.dropped, stats.len),
        (5, 3, 6, 2)
    );
    assert_eq!(stats.len_max, 2);
}

#[test]
fn batches_end_where_something_was_lost() {
    let (tx, mut rx) = channel(4);
    for n in 0..3 {
        tx.send(n).unwrap();
    }
    let mut batch = Vec::new();
    assert_eq!(poll(rx.recv_many(&mut batch, 2)), Poll::Ready(Ok(2)));
    assert_eq!(poll(rx.recv_many(&mut batch, 0)), Poll::Ready(Ok(0)));
    for n in 3..8 {
        tx.send(n).unwrap();
    }
    assert_eq!(
        rx.try_recv_many(&mut batch, 9),
        Err(TryRecvError::Lagged(2))
    );
    assert_eq!(rx.try_recv_many(&mut batch, 9), Ok(4));
    assert_eq!(batch, [0, 1, 4, 5, 6, 7]);
    assert!(poll(rx.recv_many(&mut batch, 9)).is_pending());
    drop(tx);
    assert_eq!(
        poll(rx.recv_many(&mut batch, 9)),
        Poll::Ready(Err(RecvError::Closed))
    );
}

#[test]
#[should_panic = "Overflow::Spill has no meaning"]
fn a_broadcast_spills_nothing() {
    Builder::new(1).overflow(Overflow::Spill).build::<u8>();
}

#[test]
#[should_panic = "Overflow::DropNewest has no meaning"]
fn a_broadcast_drops_no_newest() {
    Builder::new(1).overflow(Overflow::DropNewest).build::<u8>();
}

/// Also without a size, and with one larger than a segment's share of anything.
#[test]
fn messages_of_any_size() {
    let (tx, mut rx) = channel(2);
    tx.send(()).unwrap();
    assert_eq!(rx.try_recv(), Ok(()));
    let (tx, mut rx) = channel(100);
    for n in 0..300 {
        tx.send([n; 1000]).unwrap();
        assert_eq!(rx.try_recv(), Ok([n; 1000]));
    }
}

/// Receivers come and go, and each leaves the list by itself.
#[test]
fn receivers_come_and_go() {
    let (tx, rx) = channel(4);
    let mut all: Vec<_> = (0..10).map(|_| rx.resubscribe()).collect();
    for index in [3, 0, 7, 0, 4] {
        drop(all.swap_remove(index));
    }
    drop(rx);
    assert_eq!(tx.receiver_count(), 5);
    assert_eq!(tx.send(1), Ok(5));
    for rx in &mut all {
        assert_eq!(rx.try_recv(), Ok(1));
    }
    drop(all);
    assert_eq!(tx.send(2), Err(SendError(2)));
}

#[tokio::test]
async fn a_receiver_is_a_stream() {
    use super::error::BroadcastStreamRecvError::Lagged;
    use futures_util::StreamExt;

    let (tx, mut rx) = channel(2);
    for n in 0..4 {
        tx.send(n).unwrap();
    }
    assert_eq!(rx.next().await, Some(Err(Lagged(2))));
    assert_eq!(Lagged(2).to_string(), "channel lagged by 2");
    assert_eq!(rx.next().await, Some(Ok(2)));
    assert_eq!(rx.next().await, Some(Ok(3)));
    assert!(poll(rx.next()).is_pending());
    // A stream stays in line between polls, and takes what comes by whatever way.
    tx.send(4).unwrap();
    assert_eq!(rx.try_recv(), Ok(4));
    assert!(poll(rx.next()).is_pending());
    drop(tx);
    assert_eq!(rx.next().await, None);
}

#[tokio::test]
async fn a_receiver_is_a_case_of_a_select() {
    let (tx, mut rx) = channel(2);
    let (other_tx, mut other_rx) = crate::mpsc::channel(1);
    let mut select = crate::Select::new();
    select.recv(&mut rx, |message| message);
    select.recv(&mut other_rx, |message| message.ok_or(RecvError::Closed));
    assert!(poll(select.select()).is_pending());
    for n in 0..3 {
        tx.send(n).unwrap();
    }
    assert_eq!(select.select().await, Some(Err(RecvError::Lagged(1))));
    assert_eq!(select.select().await, Some(Ok(1)));
    assert_eq!(select.select().await, Some(Ok(2)));
    other_tx.try_send(7).unwrap();
    assert_eq!(select.select().await, Some(Ok(7)));
    assert!(poll(select.select()).is_pending());
    drop(tx);
    assert_eq!(select.select().await, Some(Err(RecvError::Closed)));
    drop(other_tx);
    assert_eq!(select.select().await, Some(Err(RecvError::Closed)));
    assert_eq!(select.select().await, None);
}

/// Receives and sends that are dropped at every poll, many times: nothing is lost, and nobody is left asleep.
#[test]
fn futures_dropped_at_every_poll() {
    let (tx, mut rx) = Builder::new(2).overflow(Overflow::Wait).build();
    let mut other = tx.subscribe();
    let (mut sent, mut received) = (0, 0);
    for step in 0..1000 {
        if step % 3 != 0 && poll(tx.send_wait(sent)).is_ready() {
            sent += 1;
        }
        if step % 2 == 0
            && let Poll::Ready(got) = poll(rx.recv())
        {
            assert_eq!(got, Ok(received));
            assert_eq!(poll(other.recv()), Poll::Ready(Ok(received)));
            received += 1;
        }
    }
    assert!(received > 300);
    assert_eq!(tx.len(), sent - received);
    let stats = tx.stats();
    assert_eq!((stats.senders_waiting, stats.receivers_waiting), (0, 0));
}

/// The figures in the README: a channel behind its counts, a receiver's word behind its own, and both handles.
#[cfg(all(
    target_pointer_width = "64",
    target_arch = "x86_64",
    target_os = "linux"
))]
#[test]
fn memory() {
    use super::progress::Progress;
    use super::{Receiver, Sender};
    use aqueduct_core::pad::Padded;

    const COUNTS: usize = 64;
    let list = 4 * size_of::<usize>();
    let chan = COUNTS + size_of::<super::Chan<usize>>() + list;
    let receiver = COUNTS + size_of::<Padded<Progress>>() + size_of::<Receiver<usize>>();
    assert_eq!(chan + size_of::<Sender<usize>>() + receiver, 880);
    assert_eq!(receiver + size_of::<usize>(), 200);
}

/// All senders in line are told that the last receiver is gone, also where there is not room for them all.
#[test]
fn the_last_receiver_tells_the_whole_line() {
    for senders in 1..5 {
        for capacity in 1..3 {
            let (tx, rx) = Builder::new(capacity).overflow(Overflow::Wait).build();
            for n in 0..capacity {
                assert_eq!(tx.try_send(n), Ok(1));
            }
            let mut line: Vec<_> = (0..senders).map(|n| Box::pin(tx.send_wait(n))).collect();
            for sending in &mut line {
                assert!(poll(sending.as_mut()).is_pending());
            }
            drop(rx);
            for (n, sending) in line.iter_mut().enumerate() {
                assert!(matches!(poll(sending.as_mut()), Poll::Ready(Err(error)) if error.0 == n));
            }
        }
    }
}
