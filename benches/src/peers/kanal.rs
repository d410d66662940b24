//! kanal: one kind, mpmc, through its async handles.

use std::future::Future;

use ::kanal as theirs;

use crate::channel::{Channel, Ends, Message, Queue, Received, Receiver, Sender, many_to_many};

pub(crate) const NAME: &str = "kanal";

pub(crate) enum Mpmc {}

impl<T: Message> Channel<T> for Mpmc {
    type Tx = theirs::AsyncSender<T>;
    type Rx = theirs::AsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, theirs::bounded_async(ends.capacity))
    }
}

pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = theirs::AsyncSender<T>;
    type Rx = theirs::AsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, theirs::unbounded_async())
    }
}

impl<T: Message> Sender<T> for theirs::AsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        theirs::AsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for theirs::AsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        theirs::AsyncReceiver::recv(self)
    }
}

pub(crate) struct MpmcQueue {
    tx: theirs::AsyncSender<usize>,
    rx: theirs::AsyncReceiver<usize>,
}

impl Queue for MpmcQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = theirs::bounded_async(capacity);
        MpmcQueue { tx, rx }
    }

    #[inline]
    fn try_send(&mut self, value: usize) -> bool {
        self.tx.try_send(value) == Ok(true)
    }

    #[inline]
    fn try_recv(&mut self) -> Option<usize> {
        self.rx.try_recv().ok().flatten()
    }
}
