//! The crates that ours are measured against, one file each, and who takes part in which contest.
//!
//! Every peer is used in its best documented mode: the kind made for the shape of the contest where the crate has
//! several, its async handles, its own default options.

mod async_channel;
mod crossbeam_queue;
mod crossfire;
mod fibre;
mod flume;
mod futures_channel;
mod kanal;
mod oneshot;
mod rtrb;
mod tachyonix;
mod thingbuf;
mod tokio;

use crate::channel::Message;
use crate::entrants::{BatchEntrants, Entrants, OneShotEntrants, QueueEntrants, peer};

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

/// One sender, one receiver, no buffer.
pub(crate) fn rendezvous<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.peer::<fibre::Rendezvous>(fibre::NAME);
    entrants.peer::<kanal::Mpmc>(kanal::NAME);
    entrants.peer::<flume::Mpmc>(flume::NAME);
}

/// Each kind a crate has: spsc, or what serves as such, under the crate's name, the others with their kind's behind it.
pub(crate) fn every_kind<T: Message>(entrants: &mut impl Entrants<T>) {
    spsc(entrants);
    entrants.enter::<crossfire::Mpsc>(peer("crossfire mpsc", crossfire::NAME));
    entrants.enter::<crossfire::Mpmc>(peer("crossfire mpmc", crossfire::NAME));
    entrants.enter::<crossfire::Unbounded>(peer("crossfire unbounded", crossfire::NAME));
    entrants.enter::<fibre::Mpsc>(peer("fibre mpsc", fibre::NAME));
    entrants.enter::<fibre::Mpmc>(peer("fibre mpmc", fibre::NAME));
    entrants.enter::<fibre::Unbounded>(peer("fibre unbounded", fibre::NAME));
    entrants.enter::<tokio::Unbounded>(peer("tokio unbounded", tokio::NAME));
}

/// Batches: by `reserve_many` and `recv_many` where tokio is concerned, and by plain sends into a `recv_many`, which is
/// what most programs do.
pub(crate) fn batches(entrants: &mut impl BatchEntrants) {
    entrants.enter::<tokio::RecvMany>(peer("tokio recv_many", tokio::NAME));
    entrants.enter::<tokio::ReserveMany>(peer("tokio reserve_many", tokio::NAME));
    entrants.enter::<fibre::SpscBatches>(peer("fibre", fibre::NAME));
}

/// Queues and channels with one of each side.
pub(crate) fn spsc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<rtrb::Ring>(peer("rtrb", rtrb::NAME));
    entrants.enter::<crossfire::SpscQueue>(peer("crossfire", crossfire::NAME));
    entrants.enter::<fibre::SpscQueue>(peer("fibre", fibre::NAME));
    entrants.enter::<tachyonix::MpscQueue>(peer("tachyonix", tachyonix::NAME));
    entrants.enter::<tokio::MpscQueue>(peer("tokio", tokio::NAME));
}

/// Queues and channels with many of each side.
pub(crate) fn mpmc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<crossbeam_queue::Array>(peer("ArrayQueue", crossbeam_queue::NAME));
    entrants.enter::<crossfire::MpmcQueue>(peer("crossfire", crossfire::NAME));
    entrants.enter::<kanal::MpmcQueue>(peer("kanal", kanal::NAME));
    entrants.enter::<fibre::MpmcQueue>(peer("fibre", fibre::NAME));
    entrants.enter::<flume::MpmcQueue>(peer("flume", flume::NAME));
    entrants.enter::<async_channel::MpmcQueue>(peer("async-channel", async_channel::NAME));
}

/// Channels for one value.
pub(crate) fn oneshots(entrants: &mut impl OneShotEntrants) {
    entrants.enter::<tokio::OneShot>(peer("tokio", tokio::NAME));
    entrants.enter::<oneshot::OneShot>(peer("oneshot", oneshot::NAME));
    entrants.enter::<crossfire::OneShot>(peer("crossfire", crossfire::NAME));
    entrants.enter::<fibre::OneShot>(peer("fibre", fibre::NAME));
    entrants.enter::<futures_channel::OneShot>(peer("futures-channel", futures_channel::NAME));
}
