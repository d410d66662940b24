//! The channel without bound.

mod receiver;
mod sender;

pub use receiver::{UnboundedReceiver, WeakUnboundedReceiver};
pub use sender::{UnboundedSender, WeakUnboundedSender};

use crate::unbounded::{Chan, SharedRx};

/// Creates a channel without bound. What is inside grows until it is received or memory ends; memory is given back
/// after a burst.
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let chan = Chan::new();
    (
        UnboundedSender::new(chan.clone()),
        UnboundedReceiver::new(SharedRx::first(chan)),
    )
}
