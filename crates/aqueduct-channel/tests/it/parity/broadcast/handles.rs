use super::*;

#[test]
fn counts() {
    let (tx, rx) = broadcast::channel::<u8>(4);
    let other = tx.clone();
    let weak = other.downgrade();
    let another = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (2, 2));
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 2));
    drop((other, another));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (1, 1));
    assert_eq!(tx.receiver_count(), 1);
    let second = rx.resubscribe();
    assert_eq!(tx.receiver_count(), 2);
    drop((rx, second));
    assert_eq!(tx.receiver_count(), 0);
}

#[tokio::test]
async fn weak_senders() {
    let (tx, mut rx) = broadcast::channel(4);
    let weak = tx.downgrade();
    let upgraded = weak.upgrade().unwrap();
    drop(tx);
    upgraded.send(1).unwrap();
    drop(upgraded);
    assert!(weak.upgrade().is_none());
    assert!(weak.clone().upgrade().is_none());
    assert_eq!(rx.recv().await, Ok(1));
    assert!(rx.recv().await.is_err());
}

#[test]
fn same_channel() {
    let (tx, rx) = broadcast::channel::<u8>(4);
    let (other_tx, other_rx) = broadcast::channel::<u8>(4);
    assert!(tx.same_channel(&tx.clone()));
    assert!(!tx.same_channel(&other_tx));
    assert!(rx.same_channel(&tx.subscribe()));
    assert!(!rx.same_channel(&other_rx));
}

#[test]
fn lengths() {
    let (tx, mut rx) = broadcast::channel(4);
    assert!(tx.is_empty() && rx.is_empty());
    tx.send(1).unwrap();
    let mut second = tx.subscribe();
    tx.send(2).unwrap();
    assert_eq!((tx.len(), rx.len(), second.len()), (2, 2, 1));
    rx.try_recv().unwrap();
    assert_eq!((tx.len(), rx.len(), second.len()), (1, 1, 1));
    rx.try_recv().unwrap();
    assert_eq!((tx.len(), rx.len()), (1, 0));
    second.try_recv().unwrap();
    assert!(tx.is_empty() && rx.is_empty() && second.is_empty());
    tx.send(3).unwrap();
    drop((rx, second));
    assert!(tx.is_empty());
}

/// A sender is used from many threads, by reference.
#[test]
fn senders_are_shared() {
    let (tx, mut rx) = broadcast::channel(1024);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..100 {
                    tx.send(n).unwrap();
                }
            });
        }
    });
    let mut received: Vec<i32> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
    received.sort_unstable();
    assert_eq!(received, (0..400).map(|n| n / 4).collect::<Vec<_>>());
}

#[test]
fn handles_cross_threads() {
    fn is_shared<T: Send + Sync + Unpin>(_: &T) {}
    let (tx, mut rx) = broadcast::channel::<String>(4);
    is_shared(&tx.downgrade());
    is_shared(&tx);
    is_shared(&rx);
    fn is_send<T: Send>(_: &T) {}
    is_send(&tx.closed());
    is_send(&rx.recv());
}
