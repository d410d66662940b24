//! Which handles, futures and permits may cross threads: as Tokio's do.

use std::cell::Cell;

use aqueduct_channel::{Overflow, Select, broadcast, mpmc, mpsc, oneshot, spmc, spsc};

fn send<T: Send>(_: &T) {}
fn sync<T: Sync>(_: &T) {}
fn unpin<T: Unpin>(_: &T) {}
fn unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}

macro_rules! assert_all {
    ($($value:expr),+ $(,)?) => { $( send(&$value); sync(&$value); unpin(&$value); unwind_safe(&$value); )+ };
}

#[test]
fn handles_of_sendable_messages_are_send_sync_unpin_and_unwind_safe() {
    // `Cell` is Send and not Sync: a message need not be Sync.
    type Message = Cell<u32>;
    let (tx, rx) = spsc::channel::<Message>(1);
    assert_all!(tx, rx);
    let (tx, rx) = mpsc::channel::<Message>(1);
    assert_all!(tx, rx, tx.downgrade());
    let (tx, rx) = mpsc::unbounded_channel::<Message>();
    assert_all!(tx, rx, tx.downgrade());
    let (tx, rx) = spmc::channel::<Message>(1);
    assert_all!(tx, rx, rx.downgrade());
    let (tx, rx) = mpmc::channel::<Message>(1);
    assert_all!(tx, rx, tx.downgrade(), rx.downgrade());
    let (tx, rx) = mpmc::unbounded_channel::<Message>();
    assert_all!(tx, rx, tx.downgrade(), rx.downgrade());
    let (tx, rx) = mpmc::rendezvous::<Message>();
    assert_all!(tx, rx, tx.downgrade(), rx.downgrade());
    let (tx, rx) = oneshot::channel::<Message>();
    send(&tx);
    sync(&tx);
    unpin(&tx);
    send(&rx);
    sync(&rx);
    unpin(&rx);
}

/// Several receivers clone one message at the same time, so it must be Sync.
#[test]
fn broadcast_handles_are_as_their_messages() {
    type Message = std::sync::Arc<str>;
    let (tx, mut rx) = broadcast::channel::<Message>(1);
    assert_all!(tx.downgrade(), tx, rx);
    send(&tx.closed());
    send(&tx.send_wait("".into()));
    send(&rx.recv());
    send(&rx.recv_many(&mut Vec::new(), 1));
    send(&broadcast::Builder::new(1).overflow(Overflow::Wait));
    let mut select = Select::new();
    select.recv(&mut rx, |message| message.is_ok());
    send(&select);
    // On one thread it need be neither.
    let (tx, mut rx) = broadcast::channel::<std::rc::Rc<Cell<u32>>>(1);
    tx.send(std::rc::Rc::new(Cell::new(1))).unwrap();
    assert_eq!(rx.try_recv().unwrap().get(), 1);
    unpin(&tx);
    unpin(&rx);
}

#[test]
fn futures_and_permits_of_sendable_messages_are_send() {
    let message = || Cell::new(1);
    let (mut tx, mut rx) = spsc::channel(4);
    send(&tx.send(message()));
    send(&tx.send_many([message()]));
    send(&tx.reserve());
    send(&tx.try_reserve().unwrap());
    send(&rx.recv());
    send(&rx.recv_many(&mut Vec::new(), 1));
    let (tx, mut rx) = mpsc::channel(4);
    send(&tx.send(message()));
    send(&tx.send_many([message()]));
    send(&tx.reserve());
    send(&tx.closed());
    let permit = tx.try_reserve().unwrap();
    send(&permit);
    sync(&permit);
    drop(permit);
    send(&tx.clone().try_reserve_owned().unwrap());
    send(&rx.recv());
    let (tx, rx) = mpmc::channel(4);
    send(&tx.send(message()));
    send(&tx.reserve_many(2));
    send(&rx.recv());
    send(&rx.recv_many(&mut Vec::new(), 1));
    let (_tx, rx) = mpmc::unbounded_channel::<Cell<u32>>();
    send(&rx.recv());
}

#[test]
fn sinks_and_sets_of_sendable_messages_are_send() {
    let (tx, mut rx) = mpsc::channel::<Cell<u32>>(1);
    let sink = tx.into_sink();
    send(&sink);
    unpin(&sink);
    let (shared, shared_rx) = mpmc::rendezvous::<Cell<u32>>();
    send(&shared.send(Cell::new(1)));
    send(&shared_rx.recv());
    let mut select = Select::new();
    select.recv(&mut rx, |message| message);
    select.recv(&shared_rx, |message| message);
    unpin(&select);
    send(&select);
    send(&select.select());
}
