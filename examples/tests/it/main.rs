//! Runs the examples as their users do and looks at what they print and how they end.

mod file_processor;

#[path = "../../file-processor/scratch.rs"]
mod scratch;
