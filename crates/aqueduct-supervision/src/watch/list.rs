//! Who watches, in the order in which they came.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::Down;

/// Which monitor: of a [`Monitor`](super::Monitor), or of an [`on_down`](super::Watch::on_down), which
/// [`demonitor`](super::Watch::demonitor) takes back. Its [`Down`] has the same, as the reference in Erlang's `'DOWN'`.
///
/// No two of a process are equal, whatever they watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonitorId(u64);

impl MonitorId {
    pub(super) fn next() -> Self {
        // Not one that is modelled: nothing hangs on when it is seen.
        static LAST: AtomicU64 = AtomicU64::new(0);
        // Relaxed: one that takes two numbers, one after the other, gets the greater one second.
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

pub(super) enum Watcher {
    Task(Waker),
    Call(Box<dyn FnOnce(Down) + Send>),
}

/// Sorted by number (W5), so that one is found in a moment among a hundred thousand. One that leaves leaves its place empty;
/// when most are, the others move up.
#[derive(Default)]
pub(super) struct List {
    places: Vec<(MonitorId, Option<Watcher>)>,
    taken: usize,
}

impl List {
    pub(super) fn len(&self) -> usize {
        self.taken
    }

    pub(super) fn push(&mut self, watcher: Watcher) -> MonitorId {
        // Under the lock of the list, so that it is the greatest of it.
        let id = MonitorId::next();
        self.places.push((id, Some(watcher)));
        self.taken += 1;
        id
    }

    pub(super) fn get_mut(&mut self, id: MonitorId) -> Option<&mut Watcher> {
        let at = self.find(id)?;
        self.places[at].1.as_mut()
    }

    pub(super) fn remove(&mut self, id: MonitorId) -> Option<Watcher> {
        let at = self.find(id)?;
        let watcher = self.places[at].1.take()?;
        self.taken -= 1;
        if self.taken <= self.places.len() / 2 {
            self.places.retain(|(_, watcher)| watcher.is_some());
            self.places.shrink_to(2 * self.taken);
        }
        Some(watcher)
    }

    fn find(&self, id: MonitorId) -> Option<usize> {
        self.places.binary_search_by_key(&id.0, |(id, _)| id.0).ok()
    }
}

impl IntoIterator for List {
    type Item = (MonitorId, Watcher);
    type IntoIter = std::iter::FilterMap<
        std::vec::IntoIter<(MonitorId, Option<Watcher>)>,
        fn((MonitorId, Option<Watcher>)) -> Option<(MonitorId, Watcher)>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        let taken = |(id, watcher): (_, Option<_>)| Some((id, watcher?));
        self.places.into_iter().filter_map(taken)
    }
}
