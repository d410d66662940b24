//! What is known of messages: how many there were, and where each one that did not arrive was lost.
//!
//! A *message* is what a client says in a room. The room *accepts* it by giving it a number, and then it is *due* to each
//! who is a member at that moment: a message to ten members is ten *deliveries*. Each delivery is accounted for once, by
//! the room:
//!
//! ```text
//! due = queued + too slow + gone + abandoned
//!         │        │          │        └ the room failed on the message before it came to this member
//!         │        │          └ the member's session had ended
//!         │        └ its mailbox was full: the member is cut off
//!         └ lies in the mailbox of its session, which writes it; a session that is cut off leaves the rest of it unwritten
//! ```

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::mpsc::UnboundedSender;

use crate::ledger::{Abandoned, Membership};
use crate::protocol::Name;

/// Counters that all parts of a server add to. They say nothing of each other's order.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) connections: Counter,
    /// For not reading.
    pub(crate) sessions_cut: Counter,
    /// When the server stopped, and its grace was over.
    pub(crate) cut_at_stop: Counter,
    pub(crate) accepted: Counter,
    /// From somebody whom the room has put out meanwhile: it was cut off.
    pub(crate) strays: Counter,
    pub(crate) due: Counter,
    pub(crate) queued: Counter,
    pub(crate) too_slow: Counter,
    pub(crate) gone: Counter,
    pub(crate) abandoned: Counter,
    /// Starts of rooms that were not the first.
    pub(crate) rooms_restarted: Counter,
    /// For who wants every loss by name. Without it losses are only counted.
    pub(crate) journal: Option<UnboundedSender<Entry>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, number: usize) {
        self.0.fetch_add(number as u64, Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Something that must be known to say which messages a client could not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A room failed on a message.
    Abandoned { room: Name, lost: Abandoned },
    /// Somebody is no member any more.
    Parted {
        room: Name,
        name: Name,
        membership: Membership,
        why: Why,
    },
}

/// Why somebody is no member any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It left.
    Left,
    /// Its mailbox was full.
    TooSlow,
    /// Its session has ended: cut off by another room, or its client went away.
    Gone,
}

impl Books {
    pub(crate) fn enter(&self, entry: impl FnOnce() -> Entry) {
        if let Some(journal) = &self.journal {
            // Whoever read it has gone.
            let _ = journal.send(entry());
        }
    }

    /// Deliveries of which nobody knows what became of them; zero between two messages.
    pub(crate) fn unaccounted(&self) -> u64 {
        let accounted = [&self.queued, &self.too_slow, &self.gone, &self.abandoned];
        let accounted: u64 = accounted.iter().map(|counter| counter.value()).sum();
        self.due.value() - accounted
    }
}
