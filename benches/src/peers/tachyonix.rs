//! tachyonix: one kind, mpsc.

use std::future::Future;

use crate::channel::{Channel, Ends, Message, Received, Receiver, Sender, many_to_one};

pub(crate) const NAME: &str = "tachyonix";

pub(crate) enum Mpsc {}

impl<T: Message> Channel<T> for Mpsc {
    type Tx = tachyonix::Sender<T>;
    type Rx = tachyonix::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_one(ends, tachyonix::channel(ends.capacity))
    }
}

impl<T: Message> Sender<T> for tachyonix::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        tachyonix::Sender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for tachyonix::Receiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        tachyonix::Receiver::recv(self)
    }
}
