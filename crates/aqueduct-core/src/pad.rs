//! Keeps a value on cache lines of its own.

use std::ops::{Deref, DerefMut};

/// A value that shares its cache line with nothing else.
///
/// Aligned to one line, not to the pair of lines that Intel's spatial prefetcher fetches (as crossbeam's
/// `CachePadded` is): a channel has five such values, and doubling them costs 320 bytes a channel. Fields that one
/// side writes are laid next to each other instead, so that a prefetched neighbour is one that the same side wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    any(
        target_arch = "aarch64",
        target_arch = "powerpc64",
        target_arch = "arm64ec"
    ),
    repr(align(128))
)]
#[cfg_attr(
    not(any(
        target_arch = "aarch64",
        target_arch = "powerpc64",
        target_arch = "arm64ec"
    )),
    repr(align(64))
)]
pub struct Padded<T>(pub T);

impl<T> Deref for Padded<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Padded<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
