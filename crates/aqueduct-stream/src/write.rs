//! Writers of batches: one thread that writes, behind a bounded queue.
//!
//! ```text
//!   write, write_many ─┐                    ┌────────── the writer's thread ──────────┐
//!   write_acked ───────┼─▶ bounded queue ──▶│ batch ──▶ BatchSink::write_batch ──▶ ok │──▶ acknowledged
//!   flush ─────────────┤                    │   ▲                  │ error           │
//!   checkpoint ────────┘                    │   └──── back-off ────┘                 │
//!                                           └──────────── no more retries: handed back to `shutdown`
//! ```
//!
//! A batch is due when it is full, when its first item has waited for the linger, or as soon as somebody waits for it to be
//! written; what has been queued by then goes into it. So many tasks that wait share a transaction, and a task on its
//! own does not wait for others (`plan`).
//!
//! # Invariants
//!
//! W1. Items are written in the order in which they were queued, each by one call of [`BatchSink::write_batch`] that
//!     succeeded.
//!
//! W2. An acknowledgement is sent after that call has returned, and never otherwise.
//!
//! W3. An item that was queued is written, or it is in the [`WriteError`] that [`BatchWriter::shutdown`] returns, or the thread
//!     died of a panic, which `shutdown` passes on. There is no fourth way, but the end of the process.
//!
//! W4. Once a batch has failed for good nothing more is written: what comes after it might rest on it.
//!
//! # Why a thread
//!
//! A file and a database block, and one that writes a batch a time needs a thread nearly all of the time. Tokio's
//! blocking pool would do, but a runtime waits for the tasks in it when it ends, without a limit; here `shutdown` says how
//! long to wait. It also needs no runtime that drives timers: the thread waits by its own clock, so a paused one does not
//! stop it.

mod engine;
mod error;
mod feed;
mod intake;
#[cfg(feature = "jsonl")]
pub mod jsonl;
mod options;
mod plan;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod writer;

pub(crate) use engine::{Ack, Message, Outcome};
pub use error::{AckError, FeedError, ShutdownError, WriteError};
pub(crate) use intake::Intake;
pub use options::{Durability, WriteOptions, WriteStats};
pub use writer::BatchWriter;

/// Where a [`BatchWriter`] writes to. Called on its thread, where it may block.
pub trait BatchSink<T>: Send + 'static {
    /// Why a batch could not be written.
    type Error: Send + 'static;

    /// Writes a batch, which is not empty, and returns once it is as durable as is promised.
    ///
    /// # Errors
    ///
    /// If it was not written. All of it will be given again, perhaps, so nothing of it may be left behind; where that cannot
    /// be had, say so in your documentation: items may be written twice then.
    fn write_batch(&mut self, batch: &[T]) -> Result<(), Self::Error>;

    /// Whether the same batch might be written at another try. Else it is not retried.
    fn is_transient(&self, error: &Self::Error) -> bool {
        let _ = error;
        true
    }
}
