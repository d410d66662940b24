//! Every receiver sees every message, from where it subscribed.
//!
//! Names, signatures and errors are those of `tokio::sync::broadcast`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::broadcast;
//!
//! let (tx, mut rx) = broadcast::channel(16);
//! tx.send("only the first sees this").unwrap();
//! let mut second = tx.subscribe();
//! tx.send("both see this").unwrap();
//!
//! assert_eq!(rx.recv().await, Ok("only the first sees this"));
//! assert_eq!(rx.recv().await, Ok("both see this"));
//! assert_eq!(second.recv().await, Ok("both see this"));
//! # }
//! ```
//!
//! # A receiver that is too slow
//!
//! By default, as with Tokio, sending never waits. A receiver that is behind by more than the capacity has lost the
//! oldest messages; its next receive says how many, with [`RecvError::Lagged`](error::RecvError::Lagged), and the one
//! after gives the oldest that is still there. What else can be done is chosen when the channel is made:
//!
//! | [`Overflow`] | when the slowest receiver is a whole capacity behind |
//! |---|---|
//! | `DropOldest`, the default | it loses its oldest message; all others are as they were |
//! | `Wait` | [`send_wait`](Sender::send_wait) waits for it; `try_send` says `Full` |
//! | `Reject` | [`try_send`](Sender::try_send) says `Full`, any other send `SendError` |
//!
//! `DropNewest` and `Spill` are refused: what no receiver shall see need not be sent, and `Reject` hands it back.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::broadcast::{self, error::RecvError};
//! use aqueduct_channel::Overflow;
//!
//! let (tx, mut rx) = broadcast::channel(2);
//! for n in 1..=5 {
//!     tx.send(n).unwrap();
//! }
//! assert_eq!(rx.recv().await, Err(RecvError::Lagged(3)));
//! assert_eq!(rx.recv().await, Ok(4));
//!
//! let (tx, mut rx) = broadcast::Builder::new(2).overflow(Overflow::Wait).build();
//! tokio::spawn(async move {
//!     for n in 1..=5 {
//!         tx.send_wait(n).await.unwrap();
//!     }
//! });
//! for n in 1..=5 {
//!     assert_eq!(rx.recv().await, Ok(n));
//! }
//! # }
//! ```
//!
//! # Messages
//!
//! Each receiver gets a clone, and the last one the message itself. Several receivers may clone one message at the same
//! time, so for handles to cross threads messages must be `Sync` as well as `Send` (Tokio clones under a lock, and asks
//! for `Send` alone). A clone that takes long, or blocks, keeps nobody else waiting, neither receivers nor senders.
//!
//! A message is dropped as soon as all receivers have it. One that was lost to a receiver may stay inside for as long as a
//! quarter of the capacity, or 64 messages if that is less, goes by; and while the receiver that lost it does not receive.

mod chan;
pub mod error;
mod progress;
mod receiver;
mod rx;
mod segment;
mod select;
mod send;
mod sender;
mod state;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};

use std::fmt;

use chan::{Chan, Options};

use crate::overflow::Overflow;

/// Creates a channel in which a receiver can be `capacity` messages behind before it loses any. As with Tokio, that is
/// rounded up to a power of two.
///
/// # Panics
///
/// If `capacity` is 0 or more than `usize::MAX / 2`.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    Builder::new(capacity).build()
}

/// A channel's options.
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder {
    options: Options,
}

impl Builder {
    /// Starts with a channel in which a receiver that is more than `capacity` messages behind loses the oldest.
    pub fn new(capacity: usize) -> Self {
        Self {
            options: Options {
                capacity,
                overflow: Overflow::DropOldest,
                on_lag: None,
            },
        }
    }

    /// Sets what is done about a receiver that is too slow: `DropOldest`, `Wait` or `Reject`.
    ///
    /// With `DropOldest` the capacity is rounded up to a power of two, as with Tokio; otherwise it is exact.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.options.overflow = overflow;
        self
    }

    /// Is told, whenever a receiver learns that it has lost messages, how many: on that receiver's thread, before its
    /// receive returns.
    pub fn on_lag(mut self, on_lag: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.options.on_lag = Some(Box::new(on_lag));
        self
    }

    /// Makes the channel, with one receiver.
    ///
    /// # Panics
    ///
    /// If the capacity is 0 or more than `usize::MAX / 2`, or the overflow is `DropNewest` or `Spill`.
    #[track_caller]
    pub fn build<T: Clone>(self) -> (Sender<T>, Receiver<T>) {
        let tx = self.build_sender();
        let rx = tx.subscribe();
        (tx, rx)
    }

    /// Makes the channel, without a receiver.
    ///
    /// # Panics
    ///
    /// As [`build`](Self::build).
    #[track_caller]
    pub fn build_sender<T>(self) -> Sender<T> {
        Sender::first(Chan::new(self.options))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.options.capacity)
            .field("overflow", &self.options.overflow)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "broadcast/tests/loom.rs"]
mod loom;
