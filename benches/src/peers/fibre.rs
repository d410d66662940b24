//! fibre: a kind for each shape, through its async handles.

use std::future::Future;

use ::fibre::{mpmc, mpsc, spsc};

use crate::channel::{
    Channel, Ends, Message, Received, Receiver, Sender, many_to_many, many_to_one, one_to_one,
};

pub(crate) const NAME: &str = "fibre";

pub(crate) enum Spsc {}

impl<T: Message> Channel<T> for Spsc {
    type Tx = spsc::BoundedAsyncSender<T>;
    type Rx = spsc::BoundedAsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        one_to_one(ends, spsc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for spsc::BoundedAsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        spsc::BoundedAsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for spsc::BoundedAsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        spsc::BoundedAsyncReceiver::recv(self)
    }
}

pub(crate) enum Mpsc {}

impl<T: Message> Channel<T> for Mpsc {
    type Tx = mpsc::BoundedAsyncSender<T>;
    type Rx = mpsc::BoundedAsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for mpsc::BoundedAsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpsc::BoundedAsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpsc::BoundedAsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpsc::BoundedAsyncReceiver::recv(self)
    }
}

pub(crate) enum Mpmc {}

impl<T: Message> Channel<T> for Mpmc {
    type Tx = mpmc::AsyncSender<T>;
    type Rx = mpmc::AsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::bounded_async(ends.capacity))
    }
}

impl<T: Message> Sender<T> for mpmc::AsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpmc::AsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpmc::AsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpmc::AsyncReceiver::recv(self)
    }
}

pub(crate) enum Unbounded {}

impl<T: Message> Channel<T> for Unbounded {
    type Tx = mpsc::UnboundedAsyncSender<T>;
    type Rx = mpsc::UnboundedAsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, mpsc::unbounded_async())
    }
}

impl<T: Message> Sender<T> for mpsc::UnboundedAsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpsc::UnboundedAsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpsc::UnboundedAsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpsc::UnboundedAsyncReceiver::recv(self)
    }
}
