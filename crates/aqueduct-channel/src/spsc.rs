//! One sender, one receiver: the fastest kind.
//!
//! Both handles take `&mut self`, so that there is one of each at any time, and the compiler sees to it. Neither can
//! be cloned; to have more senders or receivers take [`mpsc`](crate::mpsc), [`spmc`](crate::spmc) or
//! [`mpmc`](crate::mpmc).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::spsc;
//!
//! let (mut tx, mut rx) = spsc::channel(128);
//! let numbers = tokio::spawn(async move {
//!     for n in 0..1000 {
//!         tx.send(n).await.unwrap();
//!     }
//! });
//! let mut sum = 0;
//! while let Some(n) = rx.recv().await {
//!     sum += n;
//! }
//! numbers.await.unwrap();
//! assert_eq!(sum, 499_500);
//! # }
//! ```

mod case;
mod permit;
mod receiver;
mod ring;
mod sender;
mod sink;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod timeout;

pub(crate) use case::Room;
pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::{Receiver, RecvFuture};
pub use sender::{SendFuture, Sender};
pub use sink::SendSink;

pub use crate::error;
use crate::overflow::{Options, Overflow, Spill};

/// Creates a channel with room for `capacity` messages.
///
/// # Panics
///
/// If `capacity` is 0, or that many messages would not fit into memory: the room is allocated here.
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    Builder::new(capacity).build()
}

/// A channel's options.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<T> {
    options: Options<T>,
}

impl<T> Builder<T> {
    /// Starts with room for `capacity` messages, and senders that wait for it.
    pub fn new(capacity: usize) -> Self {
        Self {
            options: Options::new(capacity),
        }
    }

    /// Sets what becomes of a message for which there is no room.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.overflow(overflow);
        self
    }

    /// Sets [`Overflow::Spill`], with `queue` behind the channel.
    pub fn spill(mut self, queue: impl Spill<T> + 'static) -> Self {
        self.options.spill(queue);
        self
    }

    /// Is given every message that overflow drops, on the thread that sends.
    pub fn on_drop(mut self, on_drop: impl Fn(T) + Send + Sync + 'static) -> Self {
        self.options.on_drop(on_drop);
        self
    }

    /// Makes the channel.
    ///
    /// # Panics
    ///
    /// As [`channel`]; and if the overflow is `Spill` without a queue, or `DropOldest`, which needs a head that
    /// senders can reach.
    #[track_caller]
    pub fn build(self) -> (Sender<T>, Receiver<T>) {
        let (tx, rx) = ring::new(self.options);
        (Sender::new(tx), Receiver::new(rx))
    }
}

#[cfg(test)]
mod tests;
