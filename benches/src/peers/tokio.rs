//! tokio: `sync::mpsc`, its only channel with a queue.

use std::future::{Future, ready};

use ::tokio::sync::{mpsc, oneshot};

use crate::channel::{
    self, BatchChannel, BatchReceiver, BatchSender, Channel, Ends, Message, Queue, Received,
    Receiver, Sender, many_to_one,
};

pub(crate) const NAME: &str = "tokio";

pub(crate) enum Mpsc {}

impl<T: Message> Channel<T> for Mpsc {
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

/// Plain sends, received many at a time.
pub(crate) enum RecvMany {}

impl BatchChannel for RecvMany {
    type Tx = OneByOne;
    type Rx = mpsc::Receiver<usize>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = mpsc::channel(capacity);
        (OneByOne(tx), rx)
    }
}

pub(crate) struct OneByOne(mpsc::Sender<usize>);

impl BatchSender for OneByOne {
    async fn send_batch(&mut self, batch: &mut Vec<usize>) {
        for value in batch.drain(..) {
            self.0.send(value).await.expect("the channel is open");
        }
    }
}

impl BatchReceiver for mpsc::Receiver<usize> {
    async fn recv_batch(&mut self, batch: &mut Vec<usize>, limit: usize) {
        self.recv_many(batch, limit).await;
    }
}

/// Room reserved for a whole batch, received many at a time.
pub(crate) enum ReserveMany {}

impl BatchChannel for ReserveMany {
    type Tx = mpsc::Sender<usize>;
    type Rx = mpsc::Receiver<usize>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity)
    }
}

impl BatchSender for mpsc::Sender<usize> {
    async fn send_batch(&mut self, batch: &mut Vec<usize>) {
        let permits = self
            .reserve_many(batch.len())
            .await
            .expect("the channel is open");
        for (permit, value) in permits.zip(batch.drain(..)) {
            permit.send(value);
        }
    }
}

pub(crate) struct MpscQueue {
    tx: mpsc::Sender<usize>,
    rx: mpsc::Receiver<usize>,
}

impl Queue for MpscQueue {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = mpsc::channel(capacity);
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

pub(crate) enum OneShot {}

impl channel::OneShot for OneShot {
    type Tx = oneshot::Sender<usize>;
    type Rx = oneshot::Receiver<usize>;

    #[inline]
    fn open() -> (Self::Tx, Self::Rx) {
        oneshot::channel()
    }

    #[inline]
    fn send(sender: Self::Tx, value: usize) {
        sender.send(value).expect("the receiver waits");
    }

    #[inline]
    fn recv(receiver: Self::Rx) -> impl Future<Output = impl Received<usize>> + Send {
        receiver
    }
}
