use super::broadcast::error::{RecvError, TryRecvError};
use super::*;

fn filled(
    capacity: usize,
    messages: usize,
) -> (broadcast::Sender<usize>, broadcast::Receiver<usize>) {
    let (tx, rx) = broadcast::channel(capacity);
    for n in 0..messages {
        tx.send(n).unwrap();
    }
    (tx, rx)
}

/// The capacity is rounded up to a power of two.
#[test]
fn what_is_lost_is_counted() {
    for (capacity, kept) in [
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 4),
        (5, 8),
        (16, 16),
        (100, 128),
        (1000, 1024),
    ] {
        let (_tx, mut rx) = filled(capacity, kept);
        assert_eq!(rx.try_recv(), Ok(0), "nothing is lost of {capacity}");
        for more in [1, 2, 7, 300] {
            let (_tx, mut rx) = filled(capacity, kept + more);
            assert_eq!(rx.len(), kept + more);
            assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(more as u64)));
            assert_eq!(rx.len(), kept);
            for n in more..more + kept {
                assert_eq!(rx.try_recv(), Ok(n));
            }
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        }
    }
}

/// In the middle of what it was receiving, and again and again.
#[test]
fn lagging_while_receiving() {
    let (tx, mut rx) = filled(4, 4);
    assert_eq!(rx.try_recv(), Ok(0));
    for n in 4..8 {
        tx.send(n).unwrap();
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(3)));
    assert_eq!(rx.try_recv(), Ok(4));
    tx.send(8).unwrap();
    assert_eq!(rx.try_recv(), Ok(5));
    for n in 9..100 {
        tx.send(n).unwrap();
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(90)));
    tx.send(100).unwrap();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(1)));
    assert_eq!(rx.try_recv(), Ok(97));
}

#[tokio::test]
async fn receivers_lag_by_themselves() {
    let (tx, mut slow) = broadcast::channel(2);
    let mut fast = tx.subscribe();
    for n in 0..10 {
        tx.send(n).unwrap();
        assert_eq!(fast.recv().await, Ok(n));
    }
    let mut late = tx.subscribe();
    tx.send(10).unwrap();
    assert_eq!(slow.recv().await, Err(RecvError::Lagged(9)));
    assert_eq!(slow.recv().await, Ok(9));
    assert_eq!(slow.recv().await, Ok(10));
    assert_eq!(late.recv().await, Ok(10));
    assert_eq!(fast.recv().await, Ok(10));
}

#[tokio::test]
async fn lagging_and_then_the_end() {
    let (tx, mut rx) = filled(2, 5);
    drop(tx);
    assert_eq!(rx.recv().await, Err(RecvError::Lagged(3)));
    assert_eq!(rx.recv().await, Ok(3));
    assert_eq!(rx.recv().await, Ok(4));
    assert_eq!(rx.recv().await, Err(RecvError::Closed));
    assert_eq!(rx.recv().await, Err(RecvError::Closed));
}

/// What is lost is dropped when its place is needed, where a channel keeps one message.
#[test]
fn lost_messages_are_dropped() {
    let (tx, mut rx) = broadcast::channel(1);
    let messages: Vec<_> = (0..3).map(Arc::new).collect();
    for message in &messages {
        tx.send(message.clone()).unwrap();
    }
    let counts: Vec<_> = messages.iter().map(Arc::strong_count).collect();
    assert_eq!(counts, [1, 1, 2]);
    assert!(rx.try_recv().is_err());
    assert_eq!(*rx.try_recv().unwrap(), 2);
}

#[test]
fn subscribing_again_skips_all() {
    let (tx, mut rx) = filled(4, 9);
    let mut again = rx.resubscribe();
    assert!(again.is_empty());
    assert_eq!(again.try_recv(), Err(TryRecvError::Empty));
    tx.send(9).unwrap();
    assert_eq!(again.try_recv(), Ok(9));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(6)));
}

/// Random sends and receives, with the count that Tokio documents.
#[test]
fn random_steps() {
    for seed in 1..200u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % bound
        };
        let capacity = 1 << below(7);
        let (tx, rx) = broadcast::channel(capacity);
        let mut receivers = vec![(rx, 0usize)];
        let mut sent = 0usize;
        for _ in 0..300 {
            match below(8) {
                0..4 => {
                    tx.send(sent).unwrap();
                    sent += 1;
                }
                4 if receivers.len() < 4 => receivers.push((tx.subscribe(), sent)),
                _ => {
                    let who = below(receivers.len() as u64) as usize;
                    let (rx, next) = &mut receivers[who];
                    let oldest = sent.saturating_sub(capacity);
                    let expected = if *next < oldest {
                        let lost = oldest - std::mem::replace(next, oldest);
                        Err(TryRecvError::Lagged(lost as u64))
                    } else if *next == sent {
                        Err(TryRecvError::Empty)
                    } else {
                        *next += 1;
                        Ok(*next - 1)
                    };
                    assert_eq!(rx.try_recv(), expected, "seed {seed}");
                }
            }
            let behind = receivers.iter().map(|(_, next)| sent - next).max();
            assert_eq!(tx.len(), behind.unwrap().min(capacity), "seed {seed}");
            assert_eq!(tx.is_empty(), behind == Some(0));
        }
    }
}
