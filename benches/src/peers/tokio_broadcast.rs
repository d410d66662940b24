//! tokio: `sync::broadcast`.

use std::future::{Future, ready};

use ::tokio::sync::broadcast;

use crate::channel::{Channel, Ends, Received, Receiver, Sender};

pub(crate) enum Broadcast {}

impl Channel<usize> for Broadcast {
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
