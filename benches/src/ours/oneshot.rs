//! `aqueduct_channel::oneshot`.

use std::future::Future;

use aqueduct_channel::oneshot;

use crate::channel::{self, Received};

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
