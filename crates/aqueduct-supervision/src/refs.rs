//! References that are counted.

/// The standard library's also in models: loom's cannot refer to a `dyn` or a `str`, and nothing that is modelled hangs on
/// when a count is seen.
pub(crate) use std::sync::Arc;

/// A name that many have.
pub(crate) type Text = Arc<str>;
