//! fibre: a kind for each shape, through its async handles.

use std::future::Future;

use ::fibre::{mpmc, mpsc, oneshot, spsc};

use crate::channel::{
    self, BatchChannel, BatchReceiver, BatchSender, Channel, Ends, Message, Queue, Received,
    Receiver, Sender, many_to_many, many_to_one, one_to_one,
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

pub(crate) enum Rendezvous {}

impl<T: Message> Channel<T> for Rendezvous {
    type Tx = spsc::RendezvousAsyncSender<T>;
    type Rx = spsc::RendezvousAsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        one_to_one(ends, spsc::rendezvous::rendezvous_async())
    }
}

impl<T: Message> Sender<T> for spsc::RendezvousAsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        spsc::RendezvousAsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for spsc::RendezvousAsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        spsc::RendezvousAsyncReceiver::recv(self)
    }
}

pub(crate) enum SpscBatches {}

impl BatchChannel for SpscBatches {
    type Tx = spsc::BoundedAsyncSender<usize>;
    type Rx = spsc::BoundedAsyncReceiver<usize>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        spsc::bounded_async(capacity)
    }
}

impl BatchSender for spsc::BoundedAsyncSender<usize> {
    async fn send_batch(&mut self, batch: &mut Vec<usize>) {
        self.send_batch_mut(batch)
            .await
            .expect("the channel is open");
    }
}

impl BatchReceiver for spsc::BoundedAsyncReceiver<usize> {
    async fn recv_batch(&mut self, batch: &mut Vec<usize>, limit: usize) {
        // The error says that the channel is closed and drained, as does an empty batch.
        let _ = self.recv_batch_mut(batch, limit).await;
    }
}

pub(crate) struct SpscQueue {
    tx: spsc::BoundedAsyncSender<usize>,
    rx: spsc::BoundedAsyncReceiver<usize>,
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
    tx: mpmc::AsyncSender<usize>,
    rx: mpmc::AsyncReceiver<usize>,
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

/// Its kind with a sender that cannot be cloned, as the others'.
pub(crate) enum OneShot {}

impl channel::OneShot for OneShot {
    type Tx = oneshot::ExclusiveSender<usize>;
    type Rx = oneshot::ExclusiveReceiver<usize>;

    #[inline]
    fn open() -> (Self::Tx, Self::Rx) {
        oneshot::exclusive()
    }

    #[inline]
    fn send(sender: Self::Tx, value: usize) {
        sender.send(value).expect("the receiver waits");
    }

    #[inline]
    async fn recv(mut receiver: Self::Rx) -> impl Received<usize> {
        receiver.recv().await
    }
}

pub(crate) enum UnboundedMpmc {}

impl<T: Message> Channel<T> for UnboundedMpmc {
    type Tx = mpmc::UnboundedAsyncSender<T>;
    type Rx = mpmc::UnboundedAsyncReceiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        many_to_many(ends, mpmc::unbounded_async())
    }
}

impl<T: Message> Sender<T> for mpmc::UnboundedAsyncSender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        mpmc::UnboundedAsyncSender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for mpmc::UnboundedAsyncReceiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        mpmc::UnboundedAsyncReceiver::recv(self)
    }
}
