//! What is promised to users, tested from outside.

mod auto_traits;
mod regressions;
mod soak;
mod support;
