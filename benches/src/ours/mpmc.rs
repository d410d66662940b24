//! `aqueduct_channel::mpmc`.

use std::future::{Future, ready};

use aqueduct_channel::mpmc;

use crate::channel::{Channel, Ends, Message, Queue, Received, Receiver, Sender, many_to_many};

pub(crate) enum Bounded {}

impl<T: Message> Channel<T> for Bounded {
    type Tx = mpmc::Sender<T>;
    type Rx = mpmc::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::channel(ends.capacity))
    }
}

impl<T: Message> Sender<T> for mpmc::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpmc::Sender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpmc::Receiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpmc::Receiver::recv(self)
    }
}

pub(crate) enum Rendezvous {}

impl<T: Message> Channel<T> for Rendezvous {
    type Tx = mpmc::RendezvousSender<T>;
    type Rx = mpmc::RendezvousReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::rendezvous())
    }
}

impl<T: Message> Sender<T> for mpmc::RendezvousSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpmc::RendezvousSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpmc::RendezvousReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpmc::RendezvousReceiver::recv(self)
    }
}

/// Both sides on one thread.
pub(crate) struct Bare {
    tx: mpmc::Sender<usize>,
    rx: mpmc::Receiver<usize>,
}

impl Queue for Bare {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = mpmc::channel(capacity);
        Bare { tx, rx }
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

pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = mpmc::UnboundedSender<T>;
    type Rx = mpmc::UnboundedReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::unbounded_channel())
    }
}

impl<T: Message> Sender<T> for mpmc::UnboundedSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        ready(mpmc::UnboundedSender::send(self, value))
    }
}

impl<T: Message> Receiver<T> for mpmc::UnboundedReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpmc::UnboundedReceiver::recv(self)
    }
}
