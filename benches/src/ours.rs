//! The adaptors of `aqueduct-channel`.

use crate::channel::Message;
use crate::entrants::{BatchEntrants, Entrants, OneShotEntrants, QueueEntrants};
use crate::harness::Entrant;

pub(crate) fn entrant(name: &str) -> Entrant {
    Entrant {
        name: name.to_owned(),
        version: "0.1.0",
        ours: true,
        shown_only: None,
    }
}
pub(crate) fn spsc<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn mpsc<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn mpmc<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn unbounded<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn spmc<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn rendezvous<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn every_kind<T: Message>(_entrants: &mut impl Entrants<T>) {}
pub(crate) fn batches(_: &mut impl BatchEntrants) {}
pub(crate) fn spsc_queues(_: &mut impl QueueEntrants) {}
pub(crate) fn mpmc_queues(_: &mut impl QueueEntrants) {}
pub(crate) fn oneshots(_: &mut impl OneShotEntrants) {}
