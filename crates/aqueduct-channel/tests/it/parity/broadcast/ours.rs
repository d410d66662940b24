use aqueduct_channel::broadcast;

#[path = "cases.rs"]
mod cases;
