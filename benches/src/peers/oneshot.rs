//! oneshot: channels for one value and nothing else.

use std::future::Future;

use ::oneshot as theirs;

use crate::channel::{self, Received};

pub(crate) const NAME: &str = "oneshot";

pub(crate) enum OneShot {}

impl channel::OneShot for OneShot {
    type Tx = theirs::Sender<usize>;
    type Rx = theirs::AsyncReceiver<usize>;

    #[inline]
    fn open() -> (Self::Tx, Self::Rx) {
        theirs::async_channel()
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
