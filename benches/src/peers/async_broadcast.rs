//! async-broadcast: bounded, and by default senders wait for the slowest receiver. The forms of its operations that do
//! not allocate.

use std::future::Future;

use ::async_broadcast as theirs;

use crate::channel::{Channel, Ends, Received, Receiver, Sender};

pub(crate) const NAME: &str = "async-broadcast";

pub(crate) enum Broadcast {}

impl Channel<usize> for Broadcast {
    type Tx = theirs::Sender<usize>;
    type Rx = theirs::Receiver<usize>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = theirs::broadcast(ends.capacity);
        (vec![tx; ends.senders], vec![rx; ends.receivers])
    }
}

impl Sender<usize> for theirs::Sender<usize> {
    #[inline]
    async fn send(&mut self, value: usize) -> Result<(), impl Sized> {
        theirs::Sender::broadcast_direct(self, value)
            .await
            .map(drop)
    }
}

impl Receiver<usize> for theirs::Receiver<usize> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<usize>> + Send {
        theirs::Receiver::recv_direct(self)
    }
}
