//! What a scope says of itself.

/// What hangs on a scope at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Children that are told when the scope is cancelled, since they or theirs are waited on. All others look for
    /// themselves, and are not counted anywhere.
    pub linked_children: usize,
    /// Futures that wait on this scope itself.
    pub waiters: usize,
}
