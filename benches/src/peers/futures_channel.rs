//! futures-channel: its oneshot.

use std::future::Future;

use ::futures_channel::oneshot as theirs;

use crate::channel::{self, Received};

pub(crate) const NAME: &str = "futures-channel";

pub(crate) enum OneShot {}

impl channel::OneShot for OneShot {
    type Tx = theirs::Sender<usize>;
    type Rx = theirs::Receiver<usize>;

    #[inline]
    fn open() -> (Self::Tx, Self::Rx) {
        theirs::channel()
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
