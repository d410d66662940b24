//! The crates that ours are measured against, one file each, and who takes part in which contest.
//!
//! Every peer is used in its best documented mode: the kind made for the shape of the contest where the crate has
//! several, its async handles, its own default options.

mod async_channel;
mod crossfire;
mod fibre;
mod flume;
mod kanal;
mod tachyonix;
mod thingbuf;
mod tokio;

use crate::channel::Message;
use crate::entrants::Entrants;

/// What a peer's documentation tells a program to do once, at its start.
pub(crate) fn prepare() {
    ::crossfire::detect_backoff_cfg();
}

/// One sender, one receiver, bounded.
pub(crate) fn spsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.peer::<tachyonix::Mpsc>(tachyonix::NAME);
    entrants.peer::<crossfire::Spsc>(crossfire::NAME);
    entrants.peer::<fibre::Spsc>(fibre::NAME);
    entrants.peer::<async_channel::Mpmc>(async_channel::NAME);
    entrants.peer::<thingbuf::Mpsc>(thingbuf::NAME);
    entrants.peer::<tokio::Mpsc>(tokio::NAME);
    entrants.peer::<kanal::Mpmc>(kanal::NAME);
    entrants.peer::<flume::Mpmc>(flume::NAME);
}

/// Many senders, one receiver, bounded.
pub(crate) fn mpsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.peer::<crossfire::Mpsc>(crossfire::NAME);
    entrants.peer::<kanal::Mpmc>(kanal::NAME);
    entrants.peer::<fibre::Mpsc>(fibre::NAME);
    entrants.peer::<thingbuf::Mpsc>(thingbuf::NAME);
    entrants.peer::<tachyonix::Mpsc>(tachyonix::NAME);
    entrants.peer::<async_channel::Mpmc>(async_channel::NAME);
    entrants.peer::<tokio::Mpsc>(tokio::NAME);
    entrants.peer::<flume::Mpmc>(flume::NAME);
}

/// Many senders, many receivers, bounded.
pub(crate) fn mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.peer::<kanal::Mpmc>(kanal::NAME);
    entrants.peer::<crossfire::Mpmc>(crossfire::NAME);
    entrants.peer::<fibre::Mpmc>(fibre::NAME);
    entrants.peer::<async_channel::Mpmc>(async_channel::NAME);
    entrants.peer::<flume::Mpmc>(flume::NAME);
}

/// Many senders, one receiver, no bound.
pub(crate) fn unbounded<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.peer::<crossfire::Unbounded>(crossfire::NAME);
    entrants.peer::<fibre::Unbounded>(fibre::NAME);
    entrants.peer::<kanal::Unbounded>(kanal::NAME);
    entrants.peer::<tokio::Unbounded>(tokio::NAME);
    entrants.peer::<async_channel::Unbounded>(async_channel::NAME);
    entrants.peer::<flume::Unbounded>(flume::NAME);
}
