use aqueduct_channel::mpsc;

#[path = "cases.rs"]
mod cases;
