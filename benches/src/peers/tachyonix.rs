//! tachyonix: one kind, mpsc.

use std::future::Future;

use crate::channel::{Channel, Ends, Message, Queue, Received, Receiver, Sender, many_to_one};

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

pub(crate) struct MpscQueue {
    tx: tachyonix::Sender<usize>,
    rx: tachyonix::Receiver<usize>,
}

impl Queue for MpscQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = tachyonix::channel(capacity);
        MpscQueue { tx, rx }
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
