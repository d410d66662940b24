//! async-channel: one kind, mpmc, bounded or not.

use std::future::Future;

use ::async_channel as theirs;

use crate::channel::{Channel, Ends, Message, Queue, Received, Receiver, Sender, many_to_many};

pub(crate) const NAME: &str = "async-channel";

pub(crate) enum Mpmc {}

impl<T: Message> Channel<T> for Mpmc {
    type Tx = theirs::Sender<T>;
    type Rx = theirs::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, theirs::bounded(ends.capacity))
    }
}

pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = theirs::Sender<T>;
    type Rx = theirs::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, theirs::unbounded())
    }
}

impl<T: Message> Sender<T> for theirs::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        theirs::Sender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for theirs::Receiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        theirs::Receiver::recv(self)
    }
}

pub(crate) struct MpmcQueue {
    tx: theirs::Sender<usize>,
    rx: theirs::Receiver<usize>,
}

impl Queue for MpmcQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = theirs::bounded(capacity);
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
