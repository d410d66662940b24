//! What is promised to users, tested from outside.

mod auto_traits;
mod soak;
mod support;
