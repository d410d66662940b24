//! References that are counted.

/// The standard library's also in models: loom's cannot refer to a `dyn`, and nothing that is modelled hangs on when a
/// count is seen.
pub(crate) use std::sync::{Arc, Weak};
