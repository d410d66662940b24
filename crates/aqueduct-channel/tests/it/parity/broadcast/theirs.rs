use tokio::sync::broadcast;

#[path = "cases.rs"]
#[allow(clippy::duplicate_mod, reason = "that is the point")]
mod cases;
