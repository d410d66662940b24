//! Writers of batches.

mod checkpoint;
mod engine;
#[cfg(feature = "jsonl")]
mod jsonl;
pub(crate) mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;
