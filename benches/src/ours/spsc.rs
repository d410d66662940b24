//! `aqueduct_channel::spsc`.

use std::future::Future;

use aqueduct_channel::spsc;

use crate::channel::{
    BatchChannel, BatchReceiver, BatchSender, Channel, Ends, Message, Queue, Received, Receiver,
    Sender, one_to_one,
};

pub(crate) enum Bounded {}

impl<T: Message> Channel<T> for Bounded {
    type Tx = spsc::Sender<T>;
    type Rx = spsc::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        one_to_one(ends, spsc::channel(ends.capacity))
    }
}

impl<T: Message> Sender<T> for spsc::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        spsc::Sender::send(self, value)
    }
}

impl<T: Message> Receiver<T> for spsc::Receiver<T> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send {
        spsc::Receiver::recv(self)
    }
}

/// Sent many at a time, received many at a time.
pub(crate) enum Batches {}

impl BatchChannel for Batches {
    type Tx = spsc::Sender<usize>;
    type Rx = spsc::Receiver<usize>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        spsc::channel(capacity)
    }
}

impl BatchSender for spsc::Sender<usize> {
    async fn send_batch(&mut self, batch: &mut Vec<usize>) {
        self.send_many(batch.drain(..))
            .await
            .expect("the channel is open");
    }
}

impl BatchReceiver for spsc::Receiver<usize> {
    async fn recv_batch(&mut self, batch: &mut Vec<usize>, limit: usize) {
        self.recv_many(batch, limit).await;
    }
}

/// Plain sends, received many at a time.
pub(crate) enum RecvMany {}

impl BatchChannel for RecvMany {
    type Tx = OneByOne;
    type Rx = spsc::Receiver<usize>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = spsc::channel(capacity);
        (OneByOne(tx), rx)
    }
}

pub(crate) struct OneByOne(spsc::Sender<usize>);

impl BatchSender for OneByOne {
    async fn send_batch(&mut self, batch: &mut Vec<usize>) {
        for value in batch.drain(..) {
            self.0.send(value).await.expect("the channel is open");
        }
    }
}

/// Both sides on one thread.
pub(crate) struct Bare {
    tx: spsc::Sender<usize>,
    rx: spsc::Receiver<usize>,
}

impl Queue for Bare {
    fn open(capacity: usize) -> Self {
        let (tx, rx) = spsc::channel(capacity);
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
