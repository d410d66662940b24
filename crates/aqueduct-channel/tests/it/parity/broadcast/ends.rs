use super::broadcast::error::{RecvError, SendError, TryRecvError};
use super::*;

#[tokio::test]
async fn nobody_to_send_to() {
    let (tx, rx) = broadcast::channel(16);
    drop(rx);
    let SendError(back) = tx.send("back").unwrap_err();
    assert_eq!(back, "back");
    let mut rx = tx.subscribe();
    assert_eq!(tx.send("again").unwrap(), 1);
    assert_eq!(rx.recv().await, Ok("again"));

    let tx = broadcast::Sender::new(16);
    assert!(tx.send(1).is_err());
    assert_eq!(tx.receiver_count(), 0);
}

#[tokio::test]
async fn senders_go_and_receivers_drain() {
    let (tx, mut rx) = broadcast::channel(4);
    let other = tx.clone();
    tx.send(1).unwrap();
    drop(tx);
    assert!(!rx.is_closed());
    other.send(2).unwrap();
    drop(other);
    assert!(rx.is_closed());
    let mut late = rx.resubscribe();
    assert_eq!(late.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(rx.recv().await, Ok(1));
    assert_eq!(rx.recv().await, Ok(2));
    assert_eq!(rx.recv().await, Err(RecvError::Closed));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

#[tokio::test]
async fn the_end_wakes_all() {
    let (tx, mut first) = broadcast::channel::<()>(4);
    let mut second = tx.subscribe();
    let wakes = Arc::new(Wakes::default());
    let mut first = Box::pin(first.recv());
    let mut second = Box::pin(second.recv());
    assert!(wakes.poll(first.as_mut()).is_pending());
    assert!(wakes.poll(second.as_mut()).is_pending());
    drop(tx);
    assert_eq!(wakes.count(), 2);
    assert_eq!(first.await, Err(RecvError::Closed));
    assert_eq!(second.await, Err(RecvError::Closed));
}

#[tokio::test]
async fn closed_waits_for_the_last_receiver() {
    let (tx, first) = broadcast::channel::<()>(1);
    let second = tx.subscribe();
    let wakes = Arc::new(Wakes::default());
    let mut closed = Box::pin(tx.closed());
    assert!(wakes.poll(closed.as_mut()).is_pending());
    drop(first);
    assert_eq!(wakes.count(), 0);
    drop(second);
    assert_eq!(wakes.count(), 1);
    // Somebody came before it looked.
    let third = tx.subscribe();
    assert!(wakes.poll(closed.as_mut()).is_pending());
    drop(third);
    assert_eq!(wakes.count(), 2);
    assert!(wakes.poll(closed.as_mut()).is_ready());
    assert!(poll(tx.closed()).is_ready());
    assert!(poll(broadcast::Sender::<()>::new(1).closed()).is_ready());
}

#[test]
fn errors_say_the_same() {
    assert_eq!(SendError(1).to_string(), "channel closed");
    assert_eq!(format!("{:?}", SendError(1)), "SendError(1)");
    assert_eq!(RecvError::Closed.to_string(), "channel closed");
    assert_eq!(RecvError::Lagged(3).to_string(), "channel lagged by 3");
    assert_eq!(TryRecvError::Empty.to_string(), "channel empty");
    assert_eq!(TryRecvError::Closed.to_string(), "channel closed");
    assert_eq!(TryRecvError::Lagged(3).to_string(), "channel lagged by 3");
    assert_eq!(format!("{:?}", TryRecvError::Lagged(3)), "Lagged(3)");
    assert_eq!(RecvError::Lagged(3), RecvError::Lagged(3).clone());
    assert_ne!(TryRecvError::Lagged(3), TryRecvError::Lagged(4).clone());

    fn is_error<E: std::error::Error + Send + Sync + 'static>() {}
    is_error::<SendError<u8>>();
    is_error::<RecvError>();
    is_error::<TryRecvError>();
}

#[test]
#[should_panic = "broadcast channel capacity cannot be zero"]
fn no_capacity() {
    broadcast::channel::<()>(0);
}

#[test]
#[should_panic = "broadcast channel capacity exceeded `usize::MAX / 2`"]
fn too_much_capacity() {
    broadcast::channel::<()>((usize::MAX >> 1) + 1);
}
