//! `aqueduct_channel::spmc`. Its receiver is that of mpmc, and has its adaptor there.

use std::future::Future;

use aqueduct_channel::spmc;

use crate::channel::{Channel, Ends, Message, Sender, one_to_many};

pub(crate) enum Bounded {}

impl<T: Message> Channel<T> for Bounded {
    type Tx = spmc::Sender<T>;
    type Rx = spmc::Receiver<T>;

    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        one_to_many(ends, spmc::channel(ends.capacity))
    }
}

impl<T: Message> Sender<T> for spmc::Sender<T> {
    #[inline]
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send {
        spmc::Sender::send(self, value)
    }
}
