//! `aqueduct_channel::mpsc`.

use std::future::{Future, ready};

use aqueduct_channel::mpsc;

use crate::channel::{Channel, Ends, Message, Received, Receiver, Sender, many_to_one};

pub(crate) enum Bounded {}

impl<T: Message> Channel<T> for Bounded {
    type Tx = mpsc::Sender<T>;
    type Rx = mpsc::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::channel(ends.capacity))
    }
}

impl<T: Message> Sender<T> for mpsc::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpsc::Sender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpsc::Receiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpsc::Receiver::recv(self)
    }
}

pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = mpsc::UnboundedSender<T>;
    type Rx = mpsc::UnboundedReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::unbounded_channel())
    }
}

impl<T: Message> Sender<T> for mpsc::UnboundedSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        ready(mpsc::UnboundedSender::send(self, value))
    }
}

impl<T: Message> Receiver<T> for mpsc::UnboundedReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpsc::UnboundedReceiver::recv(self)
    }
}
