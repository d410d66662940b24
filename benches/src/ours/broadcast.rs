//! `aqueduct_channel::broadcast`.

use std::future::{Future, ready};

use aqueduct_channel::{Overflow, broadcast};

use crate::channel::{Channel, Ends, Received, Receiver, Sender};

/// The default: who is too slow loses the oldest.
pub(crate) enum DropOldest {}

impl Channel<usize> for DropOldest {
    type Tx = broadcast::Sender<usize>;
    type Rx = broadcast::Receiver<usize>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let tx = broadcast::Sender::new(ends.capacity);
        let rx = (0..ends.receivers).map(|_| tx.subscribe()).collect();
        (vec![tx; ends.senders], rx)
    }
}

impl Sender<usize> for broadcast::Sender<usize> {
    #[inline]
    fn send(&mut self, value: usize) -> impl Future<Output = Result<(), impl Sized>> + Send {
        ready(broadcast::Sender::send(self, value).map(drop))
    }
}

impl Receiver<usize> for broadcast::Receiver<usize> {
    #[inline]
    fn recv(&mut self) -> impl Future<Output = impl Received<usize>> + Send {
        broadcast::Receiver::recv(self)
    }
}

/// Senders wait for the slowest.
pub(crate) enum Wait {}

#[derive(Clone)]
pub(crate) struct WaitingSender(broadcast::Sender<usize>);

impl Channel<usize> for Wait {
    type Tx = WaitingSender;
    type Rx = broadcast::Receiver<usize>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let builder = broadcast::Builder::new(ends.capacity).overflow(Overflow::Wait);
        let tx = builder.build_sender();
        let rx = (0..ends.receivers).map(|_| tx.subscribe()).collect();
        (vec![WaitingSender(tx); ends.senders], rx)
    }
}

impl Sender<usize> for WaitingSender {
    #[inline]
    async fn send(&mut self, value: usize) -> Result<(), impl Sized> {
        self.0.send_wait(value).await.map(drop)
    }
}
