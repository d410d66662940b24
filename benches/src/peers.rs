//! The crates that ours are measured against, one file each, and who takes part in which contest.
//!
//! Every peer is used in its best documented mode: the kind made for the shape of the contest where the crate has
//! several, its async handles, its own default options.

mod actors;
mod async_broadcast;
mod async_channel;
mod crossbeam_queue;
mod crossfire;
mod fibre;
mod flume;
mod futures_channel;
mod futures_util;
mod kanal;
mod oneshot;
mod permits;
mod ratelimits;
mod rtrb;
mod streams;
mod supervisors;
mod tachyonix;
mod thingbuf;
mod tokio;
mod tokio_broadcast;
mod tokio_tasks;
mod tokio_util;
mod yardstick;

use crate::channel::Message;
use crate::entrants::{
    ActorEntrants, BatchEntrants, Entrants, FlagEntrants, GuardEntrants, OneShotEntrants,
    PermitEntrants, QueueEntrants, RateLimitEntrants, ScopeEntrants, StreamEntrants,
    SupervisorEntrants, TaskEntrants,
};
use crate::harness::Entrant;
use crate::harness::runtime::Rt;
use crate::versions;

/// What a peer's documentation tells a program to do once, at its start.
pub(crate) fn prepare() {
    ::crossfire::detect_backoff_cfg();
}

/// The row of the crate `package`, with its name.
fn peer(package: &str) -> Entrant {
    row(package, package)
}

/// A row `name` of the crate `package`.
fn row(name: &str, package: &str) -> Entrant {
    let version = versions::of(package);
    Entrant {
        name: name.to_owned(),
        version,
        ours: false,
        shown_only: None,
    }
}

/// Limits that stay.
pub(crate) fn bulkheads(entrants: &mut impl PermitEntrants) {
    entrants.enter::<permits::Tokio>(row("tokio Semaphore", tokio::NAME));
    entrants.enter::<permits::Tower>(row("tower ConcurrencyLimit", "tower"));
}

/// Actors that run on `rt`.
pub(crate) fn actors(rt: Rt, entrants: &mut impl ActorEntrants) {
    entrants.enter::<actors::by_hand::ByHand>(row("by hand", tokio::NAME));
    entrants.enter::<actors::kameo::Kameo>(peer(actors::kameo::NAME));
    entrants.enter::<actors::ractor::Ractor>(peer(actors::ractor::NAME));
    entrants.enter::<actors::xtra::Xtra>(peer(actors::xtra::NAME));
    entrants.enter::<actors::coerce::Coerce>(peer(actors::coerce::NAME));
    if rt == Rt::CurrentWithTimer {
        entrants.enter::<actors::actix::Actix>(peer(actors::actix::NAME));
    }
}

/// Supervisors of many children.
pub(crate) fn supervisors(entrants: &mut impl SupervisorEntrants) {
    entrants.enter::<supervisors::by_hand::ByHand>(row("by hand", tokio::NAME));
    entrants.enter::<supervisors::kameo::Kameo>(peer(actors::kameo::NAME));
    entrants.enter::<supervisors::ractor::Ractor>(peer(actors::ractor::NAME));
}

/// One sender, one receiver, bounded.
pub(crate) fn spsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<tachyonix::Mpsc>(peer(tachyonix::NAME));
    entrants.enter::<crossfire::Spsc>(peer(crossfire::NAME));
    entrants.enter::<fibre::Spsc>(peer(fibre::NAME));
    entrants.enter::<async_channel::Mpmc>(peer(async_channel::NAME));
    entrants.enter::<thingbuf::Mpsc>(peer(thingbuf::NAME));
    entrants.enter::<tokio::Mpsc>(peer(tokio::NAME));
    entrants.enter::<kanal::Mpmc>(peer(kanal::NAME));
    entrants.enter::<flume::Mpmc>(peer(flume::NAME));
}

/// Many senders, one receiver, bounded.
pub(crate) fn mpsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<crossfire::Mpsc>(peer(crossfire::NAME));
    entrants.enter::<kanal::Mpmc>(peer(kanal::NAME));
    entrants.enter::<fibre::Mpsc>(peer(fibre::NAME));
    entrants.enter::<thingbuf::Mpsc>(peer(thingbuf::NAME));
    entrants.enter::<tachyonix::Mpsc>(peer(tachyonix::NAME));
    entrants.enter::<async_channel::Mpmc>(peer(async_channel::NAME));
    entrants.enter::<tokio::Mpsc>(peer(tokio::NAME));
    entrants.enter::<flume::Mpmc>(peer(flume::NAME));
}

/// One sender, many receivers that each get everything.
pub(crate) fn broadcast(entrants: &mut impl Entrants<usize>) {
    entrants.enter::<tokio_broadcast::Broadcast>(peer(tokio::NAME));
    entrants.enter::<async_broadcast::Broadcast>(peer(async_broadcast::NAME));
}

/// Many senders, many receivers, bounded.
pub(crate) fn mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<kanal::Mpmc>(peer(kanal::NAME));
    entrants.enter::<crossfire::Mpmc>(peer(crossfire::NAME));
    entrants.enter::<fibre::Mpmc>(peer(fibre::NAME));
    entrants.enter::<async_channel::Mpmc>(peer(async_channel::NAME));
    entrants.enter::<flume::Mpmc>(peer(flume::NAME));
}

/// Many senders, one receiver, no bound.
pub(crate) fn unbounded<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<crossfire::Unbounded>(peer(crossfire::NAME));
    entrants.enter::<fibre::Unbounded>(peer(fibre::NAME));
    entrants.enter::<kanal::Unbounded>(peer(kanal::NAME));
    entrants.enter::<tokio::Unbounded>(peer(tokio::NAME));
    entrants.enter::<async_channel::Unbounded>(peer(async_channel::NAME));
    entrants.enter::<flume::Unbounded>(peer(flume::NAME));
}

/// Many senders, many receivers, no bound.
pub(crate) fn unbounded_mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<kanal::Unbounded>(peer(kanal::NAME));
    entrants.enter::<crossfire::UnboundedMpmc>(peer(crossfire::NAME));
    entrants.enter::<fibre::UnboundedMpmc>(peer(fibre::NAME));
    entrants.enter::<async_channel::Unbounded>(peer(async_channel::NAME));
    entrants.enter::<flume::Unbounded>(peer(flume::NAME));
}

/// One sender, one receiver, no buffer.
pub(crate) fn rendezvous<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<fibre::Rendezvous>(peer(fibre::NAME));
    entrants.enter::<kanal::Mpmc>(peer(kanal::NAME));
    entrants.enter::<flume::Mpmc>(peer(flume::NAME));
}

/// Each kind a crate has: spsc, or what serves as such, under the crate's name, the others with their kind's behind it.
pub(crate) fn every_kind<T: Message>(entrants: &mut impl Entrants<T>) {
    spsc(entrants);
    entrants.enter::<crossfire::Mpsc>(row("crossfire mpsc", crossfire::NAME));
    entrants.enter::<crossfire::Mpmc>(row("crossfire mpmc", crossfire::NAME));
    entrants.enter::<crossfire::Unbounded>(row("crossfire unbounded", crossfire::NAME));
    entrants.enter::<fibre::Mpsc>(row("fibre mpsc", fibre::NAME));
    entrants.enter::<fibre::Mpmc>(row("fibre mpmc", fibre::NAME));
    entrants.enter::<fibre::Unbounded>(row("fibre unbounded", fibre::NAME));
    entrants.enter::<tokio::Unbounded>(row("tokio unbounded", tokio::NAME));
}

/// Batches: by `reserve_many` and `recv_many` where tokio is concerned, and by plain sends into a `recv_many`, which is
/// what most programs do.
pub(crate) fn batches(entrants: &mut impl BatchEntrants) {
    entrants.enter::<tokio::RecvMany>(row("tokio recv_many", tokio::NAME));
    entrants.enter::<tokio::ReserveMany>(row("tokio reserve_many", tokio::NAME));
    entrants.enter::<fibre::SpscBatches>(peer(fibre::NAME));
}

/// Queues and channels with one of each side.
pub(crate) fn spsc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<rtrb::Ring>(peer(rtrb::NAME));
    entrants.enter::<crossfire::SpscQueue>(peer(crossfire::NAME));
    entrants.enter::<fibre::SpscQueue>(peer(fibre::NAME));
    entrants.enter::<tachyonix::MpscQueue>(peer(tachyonix::NAME));
    entrants.enter::<tokio::MpscQueue>(peer(tokio::NAME));
}

/// Queues and channels with many of each side.
pub(crate) fn mpmc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<crossbeam_queue::Array>(row("ArrayQueue", crossbeam_queue::NAME));
    entrants.enter::<crossfire::MpmcQueue>(peer(crossfire::NAME));
    entrants.enter::<kanal::MpmcQueue>(peer(kanal::NAME));
    entrants.enter::<fibre::MpmcQueue>(peer(fibre::NAME));
    entrants.enter::<flume::MpmcQueue>(peer(flume::NAME));
    entrants.enter::<async_channel::MpmcQueue>(peer(async_channel::NAME));
}

/// Channels for one value.
pub(crate) fn oneshots(entrants: &mut impl OneShotEntrants) {
    entrants.enter::<tokio::OneShot>(peer(tokio::NAME));
    entrants.enter::<oneshot::OneShot>(peer(oneshot::NAME));
    entrants.enter::<crossfire::OneShot>(peer(crossfire::NAME));
    entrants.enter::<fibre::OneShot>(peer(fibre::NAME));
    entrants.enter::<futures_channel::OneShot>(peer(futures_channel::NAME));
}

/// Groups of tasks, and what programs make do with.
pub(crate) fn tasks(entrants: &mut impl TaskEntrants) {
    task_trees(entrants);
    let tracker = Entrant {
        shown_only: Some("keeps no results"),
        ..row("TaskTracker", tokio_util::NAME)
    };
    entrants.enter::<tokio_util::Tracker>(tracker);
}

/// Those whose results are read.
pub(crate) fn task_trees(entrants: &mut impl TaskEntrants) {
    entrants.enter::<tokio_tasks::Handles>(row("tokio::spawn + JoinHandle", tokio::NAME));
    entrants.enter::<tokio_tasks::Set>(row("JoinSet", tokio::NAME));
    entrants.enter::<tokio_util::ByHand>(row("JoinSet + Semaphore + token", tokio_util::NAME));
}

/// What can be asked whether to stop.
pub(crate) fn flags(entrants: &mut impl FlagEntrants) {
    entrants.enter::<tokio_util::Token>(row(TOKEN, tokio_util::NAME));
    entrants.enter::<yardstick::Bool>(yardstick(
        "one relaxed load",
        "knows no tree and no waiting",
    ));
}

/// Trees of cancellation.
pub(crate) fn scopes(entrants: &mut impl ScopeEntrants) {
    entrants.enter::<tokio_util::Token>(row(TOKEN, tokio_util::NAME));
}

/// What ends a future early when told to.
pub(crate) fn guards(entrants: &mut impl GuardEntrants) {
    entrants.enter::<tokio_util::RunUntil>(row(
        "CancellationToken run_until_cancelled",
        tokio_util::NAME,
    ));
    entrants.enter::<tokio_util::Select>(row("CancellationToken select!", tokio_util::NAME));
    let abortable = Entrant {
        shown_only: Some("cancels one future, each with a handle of its own"),
        ..row("Abortable", futures_util::NAME)
    };
    entrants.enter::<futures_util::OneAbortable>(abortable);
    entrants.enter::<yardstick::NoGuard>(no_guard());
}

/// What ends a future early at a deadline.
pub(crate) fn deadlines(entrants: &mut impl GuardEntrants) {
    entrants.enter::<tokio_tasks::Timeout>(row("tokio::time::timeout", tokio::NAME));
    entrants.enter::<tokio_util::TimeoutAndToken>(row(
        "tokio::time::timeout + run_until_cancelled",
        tokio_util::NAME,
    ));
    entrants.enter::<yardstick::NoGuard>(no_guard());
}

/// Rate limits.
pub(crate) fn rate_limits(entrants: &mut impl RateLimitEntrants) {
    entrants.enter::<ratelimits::Governor>(peer(ratelimits::GOVERNOR));
    entrants.enter::<ratelimits::GovernorGiven>(row(
        "governor with its clock for tests",
        ratelimits::GOVERNOR,
    ));
    entrants.enter::<ratelimits::LeakyBucket>(peer(ratelimits::LEAKY_BUCKET));
    entrants.enter::<ratelimits::Ratelimit>(peer(ratelimits::RATELIMIT));
    entrants.enter::<ratelimits::Clock>(yardstick(
        "reading a clock",
        "is what all but those given the moment do besides",
    ));
}

/// Streams into batches.
pub(crate) fn stream_batches(entrants: &mut impl StreamEntrants) {
    entrants.enter(
        row("futures chunks", futures_util::NAME),
        streams::futures_chunks,
    );
    entrants.enter(
        row("tokio-stream chunks_timeout", streams::TOKIO),
        streams::tokio_chunks_timeout,
    );
}

const TOKEN: &str = "CancellationToken";

fn no_guard() -> Entrant {
    yardstick("no guard", "is the bare future, part of every figure")
}

/// A row that shows what the least one could do takes.
fn yardstick(name: &str, why: &'static str) -> Entrant {
    Entrant {
        name: name.to_owned(),
        version: "–",
        ours: false,
        shown_only: Some(why),
    }
}

/// Streams on one task.
pub(crate) fn stream_fused(entrants: &mut impl StreamEntrants) {
    entrants.enter(row("futures", futures_util::NAME), streams::futures_fused);
    entrants.enter(row("tokio-stream", streams::TOKIO), streams::tokio_fused);
    entrants.enter(yardstick("Iterator", "is no stream"), streams::plain);
}

/// Streams of futures in flight.
pub(crate) fn stream_parallel(entrants: &mut impl StreamEntrants) {
    let futures = |name| row(name, futures_util::NAME);
    entrants.enter(
        futures("spawned + buffer_unordered"),
        streams::spawned_unordered,
    );
    entrants.enter(futures("spawned + buffered"), streams::spawned_ordered);
    let one_task = "polls all on one task, so that one core does the work";
    let on_one_task = |name| Entrant {
        shown_only: Some(one_task),
        ..futures(name)
    };
    entrants.enter(on_one_task("buffer_unordered"), streams::buffer_unordered);
    entrants.enter(on_one_task("buffered"), streams::buffered);
}

/// Streams of work for several cores.
pub(crate) fn stream_computing(entrants: &mut impl StreamEntrants) {
    entrants.enter(
        row("spawn + buffered(8)", futures_util::NAME),
        streams::computing_spawned,
    );
    entrants.enter(row("sequential", tokio::NAME), streams::computing_in_turn);
}

/// Streams from task to task.
pub(crate) fn stream_boundaries(entrants: &mut impl StreamEntrants) {
    entrants.enter(row("tokio mpsc", tokio::NAME), streams::tokio_mpsc);
}

/// Streams of lines, in batches, from task to task.
pub(crate) fn stream_bytes(entrants: &mut impl StreamEntrants) {
    entrants.enter(
        row("futures chunks + tokio mpsc", futures_util::NAME),
        streams::tokio_batches,
    );
}
