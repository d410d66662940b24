//! What holds only if it is tried for long.

#[cfg(all(unix, feature = "jsonl", feature = "sqlite"))]
mod kill;
