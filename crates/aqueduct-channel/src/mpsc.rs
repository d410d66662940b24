//! Many senders, one receiver: `tokio::sync::mpsc`, faster.
//!
//! A program that uses Tokio's module compiles with this one, and behaves the same but for what the crate's README
//! lists under "Differences".
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::mpsc;
//!
//! let (tx, mut rx) = mpsc::channel(128);
//! for worker in 0..4 {
//!     let tx = tx.clone();
//!     tokio::spawn(async move { tx.send(worker).await });
//! }
//! drop(tx);
//! let mut workers = Vec::new();
//! while let Some(worker) = rx.recv().await {
//!     workers.push(worker);
//! }
//! workers.sort();
//! assert_eq!(workers, [0, 1, 2, 3]);
//! # }
//! ```

mod bounded;
mod case;
mod permit;
mod receiver;
mod send;
mod sink;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod timeout;
mod unbounded;

pub use bounded::{Sender, WeakSender};
pub use permit::OwnedPermit;
pub use receiver::Receiver;
pub use send::SendFuture;
pub use sink::SendSink;
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

pub use crate::error;
pub use crate::ring::{Permit, PermitIterator};

use crate::overflow::{Options, Overflow, Spill};
use crate::ring::{SharedRing, SingleRx, Tx};

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

    /// Forbids senders to overtake those who wait for room.
    ///
    /// Without it a sender that comes when there is room takes it even if another has been woken for it and is not
    /// there yet; one that was passed over for a whole capacity's worth of messages is then served before all others.
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
    /// As [`channel`]; and if the overflow is `Spill` without a queue, or `DropOldest`, which needs a head that
    /// senders can reach.
    #[track_caller]
    pub fn build(self) -> (Sender<T>, Receiver<T>) {
        let ring = SharedRing::new(self.options, self.fair);
        (
            Sender::new(Tx::first(ring.clone())),
            Receiver::new(SingleRx::new(ring)),
        )
    }
}

#[cfg(test)]
mod tests;
