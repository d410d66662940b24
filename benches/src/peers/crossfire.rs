//! crossfire: a kind for each shape, through its async handles. A program calls `detect_backoff_cfg` once at its start,
//! as its documentation asks.

use std::future::{Future, ready};

use ::crossfire::oneshot::{RxOneshot, TxOneshot};
use ::crossfire::{AsyncRx, AsyncTx, MAsyncRx, MAsyncTx, MTx, mpmc, mpsc, spsc};

use crate::channel::{
    self, Channel, Ends, Message, Queue, Received, Receiver, Sender, many_to_many, many_to_one,
    one_to_one,
};

pub(crate) const NAME: &str = "crossfire";

pub(crate) enum Spsc {}

impl<T: Message> Channel<T> for Spsc {
    type Tx = AsyncTx<spsc::Array<T>>;
    type Rx = AsyncRx<spsc::Array<T>>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        one_to_one(ends, spsc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for AsyncTx<spsc::Array<T>> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        AsyncTx::send(self, value)
    }
}

impl<T: Message> Receiver<T> for AsyncRx<spsc::Array<T>> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        AsyncRx::recv(self)
    }
}

pub(crate) enum Mpsc {}

impl<T: Message> Channel<T> for Mpsc {
    type Tx = MAsyncTx<mpsc::Array<T>>;
    type Rx = AsyncRx<mpsc::Array<T>>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for MAsyncTx<mpsc::Array<T>> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        AsyncTx::send(self, value)
    }
}

impl<T: Message> Receiver<T> for AsyncRx<mpsc::Array<T>> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        AsyncRx::recv(self)
    }
}

pub(crate) enum Mpmc {}

impl<T: Message> Channel<T> for Mpmc {
    type Tx = MAsyncTx<mpmc::Array<T>>;
    type Rx = MAsyncRx<mpmc::Array<T>>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for MAsyncTx<mpmc::Array<T>> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        AsyncTx::send(self, value)
    }
}

impl<T: Message> Receiver<T> for MAsyncRx<mpmc::Array<T>> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        AsyncRx::recv(self)
    }
}

/// Sending to an unbounded channel never waits, so its sender is the blocking one.
pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = MTx<mpsc::List<T>>;
    type Rx = AsyncRx<mpsc::List<T>>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::unbounded_async())
    }
}

impl<T: Message> Sender<T> for MTx<mpsc::List<T>> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        ready(::crossfire::Tx::send(self, value))
    }
}

impl<T: Message> Receiver<T> for AsyncRx<mpsc::List<T>> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        AsyncRx::recv(self)
    }
}

pub(crate) struct SpscQueue {
    tx: AsyncTx<spsc::Array<usize>>,
    rx: AsyncRx<spsc::Array<usize>>,
}

impl Queue for SpscQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = spsc::bounded_async(capacity);
        SpscQueue { tx, rx }
    }

    #[inline]
    fn try_send(&mut self, value: usize) -> bool {
        self.tx.try_send(value).is_ok()
    }

    #[inline]
    fn try_recv(&mut self) -> Option<usize> {
        self.rx.try_recv().ok()
    }
}

pub(crate) struct MpmcQueue {
    tx: MAsyncTx<mpmc::Array<usize>>,
    rx: MAsyncRx<mpmc::Array<usize>>,
}

impl Queue for MpmcQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = mpmc::bounded_async(capacity);
        MpmcQueue { tx, rx }
    }

    #[inline]
    fn try_send(&mut self, value: usize) -> bool {
        self.tx.try_send(value).is_ok()
    }

    #[inline]
    fn try_recv(&mut self) -> Option<usize> {
        self.rx.try_recv().ok()
    }
}

pub(crate) enum OneShot {}

impl channel::OneShot for OneShot {
    type Tx = TxOneshot<usize>;
    type Rx = RxOneshot<usize>;

    #[inline]
    fn open() -> (Self::Tx, Self::Rx) {
        ::crossfire::oneshot::oneshot()
    }

    #[inline]
    fn send(sender: Self::Tx, value: usize) {
        sender.send(value);
    }

    #[inline]
    fn recv(receiver: Self::Rx) -> impl Future<Output = impl Received<usize>> + Send {
        receiver
    }
}

pub(crate) enum UnboundedMpmc {}

impl<T: Message> Channel<T> for UnboundedMpmc {
    type Tx = MTx<mpmc::List<T>>;
    type Rx = MAsyncRx<mpmc::List<T>>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::unbounded_async())
    }
}

impl<T: Message> Sender<T> for MTx<mpmc::List<T>> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        ready(::crossfire::Tx::send(self, value))
    }
}

impl<T: Message> Receiver<T> for MAsyncRx<mpmc::List<T>> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        AsyncRx::recv(self)
    }
}
