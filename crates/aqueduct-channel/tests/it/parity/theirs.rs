use tokio::sync::mpsc;

#[path = "cases.rs"]
#[allow(clippy::duplicate_mod, reason = "that is the point")]
mod cases;
