use super::*;

#[test]
fn counts() {
    let (tx, rx) = mpsc::channel::<()>(1);
    assert_eq!((tx.strong_count(), tx.weak_count()), (1, 0));
    let weak = tx.downgrade();
    let other = tx.clone();
    let weaker = weak.clone();
    assert_eq!((tx.strong_count(), tx.weak_count()), (2, 2));
    assert_eq!((weak.strong_count(), weak.weak_count()), (2, 2));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (2, 2));
    drop((other, weaker));
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 1));
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (1, 1));
    drop(tx);
    assert_eq!((rx.sender_strong_count(), rx.sender_weak_count()), (0, 1));
}

#[tokio::test]
async fn weak_senders_do_not_keep_it_open() {
    let (tx, mut rx) = mpsc::channel(1);
    let weak = tx.downgrade();
    let strong = weak.upgrade().unwrap();
    assert!(strong.same_channel(&tx));
    drop(tx);
    strong.send(1).await.unwrap();
    drop(strong);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, None);
}

#[tokio::test]
async fn a_weak_sender_can_be_upgraded_after_closing() {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let weak = tx.downgrade();
    rx.close();
    assert!(weak.upgrade().unwrap().is_closed());
}

#[test]
fn same_channel() {
    let (tx, _rx) = mpsc::channel::<()>(1);
    let (other, _other) = mpsc::channel::<()>(1);
    assert!(tx.same_channel(&tx.clone()) && !tx.same_channel(&other));
}

#[test]
#[should_panic]
fn a_capacity_of_nothing_panics() {
    drop(mpsc::channel::<()>(0));
}

#[tokio::test]
async fn messages_without_size() {
    let (tx, mut rx) = mpsc::channel(3);
    for _ in 0..3 {
        tx.send(()).await.unwrap();
    }
    assert!(tx.try_send(()).is_err());
    drop(tx);
    let mut received = 0;
    while rx.recv().await.is_some() {
        received += 1;
    }
    assert_eq!(received, 3);
}

#[tokio::test]
async fn large_messages_and_odd_capacities() {
    let (tx, mut rx) = mpsc::channel(5);
    for lap in 0..7_u8 {
        for n in 0..5 {
            tx.try_send([lap * 5 + n; 1000]).unwrap();
        }
        assert!(tx.try_send([0; 1000]).is_err());
        for n in 0..5 {
            assert_eq!(rx.recv().await, Some([lap * 5 + n; 1000]));
        }
    }
}

#[tokio::test]
async fn handles_say_what_they_are() {
    let (tx, mut rx) = mpsc::channel::<()>(2);
    for (debug, name) in [
        (format!("{tx:?}"), "Sender"),
        (format!("{rx:?}"), "Receiver"),
        (format!("{:?}", tx.downgrade()), "WeakSender"),
        (format!("{:?}", tx.reserve().await.unwrap()), "Permit"),
        (
            format!("{:?}", tx.reserve_many(1).await.unwrap()),
            "PermitIterator",
        ),
        (
            format!("{:?}", tx.clone().reserve_owned().await.unwrap()),
            "OwnedPermit",
        ),
    ] {
        assert!(debug.starts_with(name), "{debug}");
    }
    rx.close();
}
