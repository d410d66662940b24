//! The user's code at the worst moments: destructors and wakers that panic, or that use the channel.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};

use super::super::{Receiver, Sender, channel};

fn poll<T>(receiver: &mut Receiver<T>, waker: &Waker) -> Poll<Option<T>> {
    let mut cx = Context::from_waker(waker);
    Pin::new(receiver).poll(&mut cx).map(Result::ok)
}

fn poll_closed<T>(sender: &mut Sender<T>, waker: &Waker) -> Poll<()> {
    sender.poll_closed(&mut Context::from_waker(waker))
}

fn panics<R>(run: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

/// Counts wakes; panics when woken, if told to.
#[derive(Default)]
struct Task {
    wakes: AtomicUsize,
    explosive: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        assert!(!self.explosive.load(Ordering::Relaxed), "told to");
    }
}

impl Task {
    fn new() -> (Arc<Self>, Waker) {
        let task = Arc::new(Self::default());
        let waker = Waker::from(task.clone());
        (task, waker)
    }

    fn explosive() -> (Arc<Self>, Waker) {
        let (task, waker) = Self::new();
        task.explosive.store(true, Ordering::Relaxed);
        (task, waker)
    }

    fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Relaxed)
    }
}

/// A payload whose destructor panics, after it has counted.
struct Explosive(Arc<AtomicUsize>);

impl Drop for Explosive {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("told to");
    }
}

#[test]
fn a_value_that_panics_when_dropped_is_dropped_once() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = channel();
    assert!(sender.send(Explosive(drops.clone())).is_ok());
    assert!(panics(|| drop(receiver)));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn a_receiver_whose_waker_panics_still_gets_the_value() {
    let (task, waker) = Task::explosive();
    let (sender, mut receiver) = channel();
    assert!(poll(&mut receiver, &waker).is_pending());
    assert!(panics(|| sender.send(3)));
    assert_eq!(task.wakes(), 1);
    assert_eq!(receiver.try_recv(), Ok(3));
    drop(waker);
    assert_eq!(Arc::strong_count(&task), 1);
}

#[test]
fn a_sender_whose_waker_panics_still_gets_the_news() {
    for close in [Receiver::close, |receiver: &mut Receiver<u8>| {
        *receiver = channel().1;
    }] {
        let (task, waker) = Task::explosive();
        let (mut sender, mut receiver) = channel();
        assert!(poll_closed(&mut sender, &waker).is_pending());
        assert!(panics(|| close(&mut receiver)));
        assert_eq!((task.wakes(), sender.is_closed()), (1, true));
        assert_eq!(sender.send(1), Err(1));
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    }
}

#[test]
fn a_receiver_that_gives_up_by_try_recv_survives_the_panic_of_the_other() {
    // `close` has told the sender already, so leaving must not tell it again.
    let (task, waker) = Task::new();
    let (mut sender, mut receiver) = channel::<u8>();
    assert!(poll_closed(&mut sender, &waker).is_pending());
    receiver.close();
    task.explosive.store(true, Ordering::Relaxed);
    assert!(receiver.try_recv().is_err());
    assert_eq!(task.wakes(), 1);
    assert!(poll_closed(&mut sender, &waker).is_ready());
}

#[test]
fn a_dropped_sender_wakes_even_if_its_own_waker_panics() {
    let (receiving, receiver_waker) = Task::explosive();
    let (sending, sender_waker) = Task::new();
    let (mut sender, mut receiver) = channel::<u8>();
    assert!(poll(&mut receiver, &receiver_waker).is_pending());
    assert!(poll_closed(&mut sender, &sender_waker).is_pending());
    assert!(panics(|| drop(sender)));
    assert_eq!((receiving.wakes(), sending.wakes()), (1, 0));
    drop((sender_waker, receiver_waker));
    // Both wakers are gone although one of them panicked.
    assert_eq!(Arc::strong_count(&receiving), 1);
    assert_eq!(Arc::strong_count(&sending), 1);
    assert_eq!(poll(&mut receiver, Waker::noop()), Poll::Ready(None));
}

/// What a waker does when it is woken: anything at all.
struct Deed(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for Deed {
    fn wake(self: Arc<Self>) {
        let deed = self.0.lock().unwrap().take();
        deed.expect("woken once")();
    }
}

#[test]
fn a_waker_may_drop_the_receiver_inside_send() {
    let (sender, receiver) = channel();
    let home = Arc::new(Mutex::new(Some(receiver)));
    let deed = {
        let home = home.clone();
        move || drop(home.lock().unwrap().take())
    };
    let waker = Waker::from(Arc::new(Deed(Mutex::new(Some(Box::new(deed))))));
    assert!(poll(home.lock().unwrap().as_mut().unwrap(), &waker).is_pending());
    let value = Arc::new(());
    assert_eq!(sender.send(value.clone()), Ok(()));
    assert!(home.lock().unwrap().is_none());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_waker_may_drop_the_sender_inside_the_drop_of_the_receiver() {
    let (sender, receiver) = channel::<u8>();
    let home = Arc::new(Mutex::new(Some(sender)));
    let deed = {
        let home = home.clone();
        move || drop(home.lock().unwrap().take())
    };
    let waker = Waker::from(Arc::new(Deed(Mutex::new(Some(Box::new(deed))))));
    assert!(poll_closed(home.lock().unwrap().as_mut().unwrap(), &waker).is_pending());
    drop(receiver);
    assert!(home.lock().unwrap().is_none());
}

/// A waker that owns something, dropped with the waker.
struct Owner<T>(#[allow(dead_code)] T);

impl<T: Send + Sync> Wake for Owner<T> {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_replaced_waker_may_own_the_sender() {
    let (task, waker) = Task::new();
    let (sender, mut receiver) = channel::<u8>();
    let owner = Waker::from(Arc::new(Owner(sender)));
    assert!(poll(&mut receiver, &owner).is_pending());
    drop(owner);
    // The last waker that owned the sender goes, and so does the sender, inside this poll.
    assert!(poll(&mut receiver, &waker).is_pending());
    assert_eq!(task.wakes(), 1);
    assert_eq!(poll(&mut receiver, &waker), Poll::Ready(None));
}

#[test]
fn a_leaked_half_is_a_leak_and_no_more() {
    let (task, waker) = Task::new();
    let (sender, mut receiver) = channel::<u8>();
    assert!(poll(&mut receiver, &waker).is_pending());
    // Leaked by way of a waker that is never dropped would do as well; either way the receiver just waits.
    let leaked = Box::leak(Box::new(sender));
    assert!(poll(&mut receiver, &waker).is_pending());
    drop(receiver);
    assert!(leaked.is_closed());
    assert_eq!(task.wakes(), 0);
    // SAFETY: it was leaked from a box above and is not used again.
    drop(unsafe { Box::from_raw(leaked) });
}

thread_local! {
    static CLONES_LEFT: Cell<usize> = const { Cell::new(0) };
}

/// A waker without data whose clone panics when its time has come.
fn brittle(clones: usize) -> Waker {
    unsafe fn clone(_: *const ()) -> RawWaker {
        let left = CLONES_LEFT.get();
        CLONES_LEFT.set(left.checked_sub(1).expect("told to"));
        RawWaker::new(std::ptr::null(), &TABLE)
    }
    unsafe fn nothing(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);
    CLONES_LEFT.set(clones);
    // SAFETY: the functions ignore their data.
    unsafe { Waker::new(std::ptr::null(), &TABLE) }
}

#[test]
fn a_clone_that_panics_leaves_the_old_waker_in_place() {
    let (task, waker) = Task::new();
    let (sender, mut receiver) = channel();
    assert!(poll(&mut receiver, &waker).is_pending());
    assert!(panics(|| poll(&mut receiver, &brittle(0))));
    sender.send(1).unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_waker_is_cloned_once_however_often_it_waits() {
    let waker = brittle(1);
    let (_sender, mut receiver) = channel::<u8>();
    for _ in 0..3 {
        assert!(poll(&mut receiver, &waker).is_pending());
    }
}
