//! The adaptors of `aqueduct-channel`.

use crate::channel::Message;
use crate::entrants::Entrants;
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
