//! Who takes part in a contest: ours first, then the peers.
//!
//! A contest is a visitor ([`Entrants`]) that is shown each entrant's type and builds a case from it, so that a line-up
//! is written once and serves every group of its shape.

use crate::channel::{Channel, Message};
use crate::harness::Entrant;
use crate::{ours, peers, versions};

/// A contest that channels of one shape can enter.
pub(crate) trait Entrants<T> {
    fn enter<C: Channel<T>>(&mut self, who: Entrant);

    /// Enters a channel of ours under `name`.
    fn ours<C: Channel<T>>(&mut self, name: &str) {
        self.enter::<C>(ours::entrant(name));
    }

    /// Enters a peer's channel under its crate's name.
    fn peer<C: Channel<T>>(&mut self, name: &str) {
        self.enter::<C>(peer(name, name));
    }
}

/// The row `name` of the crate `package`.
pub(crate) fn peer(name: &str, package: &str) -> Entrant {
    let version = versions::of(package);
    Entrant {
        name: name.to_owned(),
        version,
        ours: false,
        shown_only: None,
    }
}

/// One sender, one receiver, bounded.
pub(crate) fn spsc<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::spsc(entrants);
    peers::spsc(entrants);
}

/// Many senders, one receiver, bounded.
pub(crate) fn mpsc<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::mpsc(entrants);
    peers::mpsc(entrants);
}

/// Many senders, many receivers, bounded.
pub(crate) fn mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::mpmc(entrants);
    peers::mpmc(entrants);
}

/// Many senders, one receiver, no bound.
pub(crate) fn unbounded<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::unbounded(entrants);
    peers::unbounded(entrants);
}
