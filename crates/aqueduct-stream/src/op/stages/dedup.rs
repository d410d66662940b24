//! Items that differ from the one before.

use std::fmt;
use std::ops::ControlFlow;

use crate::flow::Flow;
use crate::op::through::{Stage, Through};
use crate::source::{Outlet, Source};

/// # Repetitions
impl<S: Source> Flow<S> {
    /// Leaves out an item that is equal to the one before.
    ///
    /// Keeps a clone of the last item that was given.
    #[expect(clippy::type_complexity, reason = "a type alias would hide what it is")]
    pub fn dedup(self) -> Flow<Through<S, Dedup<S::Item, fn(&S::Item) -> S::Item>>>
    where
        S::Item: PartialEq + Clone,
    {
        self.through(Dedup {
            last: None,
            key: S::Item::clone,
        })
    }

    /// Leaves out an item whose key is equal to that of the one before.
    ///
    /// Keeps the key of the last item.
    pub fn dedup_by_key<K, F>(self, key: F) -> Flow<Through<S, Dedup<K, F>>>
    where
        K: PartialEq,
        F: FnMut(&S::Item) -> K,
    {
        self.through(Dedup { last: None, key })
    }
}

/// The stage of [`Flow::dedup`] and [`Flow::dedup_by_key`].
#[derive(Clone, Copy)]
pub struct Dedup<K, F> {
    last: Option<K>,
    key: F,
}

impl<T, K: PartialEq, F: FnMut(&T) -> K> Stage<T> for Dedup<K, F> {
    type Out = T;

    #[inline]
    fn take<O: Outlet<T> + ?Sized>(&mut self, item: T, outlet: &mut O) -> ControlFlow<()> {
        let key = Some((self.key)(&item));
        if key == self.last {
            return ControlFlow::Continue(());
        }
        self.last = key;
        outlet.push(item)
    }
}

impl<K: fmt::Debug, F> fmt::Debug for Dedup<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedup")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
