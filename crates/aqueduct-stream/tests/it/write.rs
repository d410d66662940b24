//! Writers of batches.

mod checkpoint;
mod engine;
#[cfg(feature = "jsonl")]
mod jsonl;
#[cfg(all(unix, feature = "jsonl", feature = "sqlite"))]
mod kill;
mod shutdown;
pub(crate) mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;
