//! Writers of batches.

mod checkpoint;
mod engine;
#[cfg(feature = "jsonl")]
mod jsonl;
mod shutdown;
pub(crate) mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;
