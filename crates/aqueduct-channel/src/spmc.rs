//! One sender, many receivers; each message goes to exactly one receiver.
//!
//! The way to hand out work. For every receiver to see every message there is [`broadcast`](crate::broadcast).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::spmc;
//!
//! let (mut tx, rx) = spmc::channel(16);
//! let other = rx.clone();
//! tx.send("one").await.unwrap();
//! tx.send("two").await.unwrap();
//! assert_eq!(rx.recv().await, Some("one"));
//! assert_eq!(other.recv().await, Some("two"));
//! # }
//! ```

mod permit;
mod sender;
mod sink;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod timeout;

pub use permit::OwnedPermit;
pub use sender::Sender;
pub use sink::SendSink;

pub use crate::error;
pub use crate::mpmc::{Receiver, WeakReceiver};
pub use crate::ring::{Permit, PermitIterator};

use crate::overflow::{Options, Overflow, Spill};
use crate::ring::{Rx, SharedRing, Tx};

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
    fair: bool,
}

impl<T> Builder<T> {
    /// Starts with room for `capacity` messages, and senders that wait for it.
    pub fn new(capacity: usize) -> Self {
        Self {
            options: Options::new(capacity),
            fair: false,
        }
    }

    /// Forbids receivers to overtake those who wait for a message.
    ///
    /// Without it a newcomer that finds a message takes it even if it came for one in line; one that was
    /// passed over for a whole capacity's worth of messages is then served before all others.
    pub fn fair(mut self) -> Self {
        self.fair = true;
        self
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
    /// As [`channel`]; and if the overflow is `Spill` without a queue.
    #[track_caller]
    pub fn build(self) -> (Sender<T>, Receiver<T>) {
        let ring = SharedRing::new(self.options, self.fair);
        (
            Sender::new(Tx::first(ring.clone())),
            Receiver::new(Rx::first(ring)),
        )
    }
}

#[cfg(test)]
mod tests;
