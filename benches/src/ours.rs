//! The adaptors of `aqueduct-channel`, one file a kind, and of the other crates, and which of them takes part in which
//! contest. The row named `aqueduct` is the kind made for the shape of the contest, with its default options; each
//! contest has it once.

mod actors;
mod backpressure;
mod broadcast;
mod cancel;
mod group;
mod mpmc;
mod mpsc;
mod oneshot;
mod ratelimit;
mod spmc;
mod spsc;
mod stream;
mod supervisors;

use aqueduct_backpressure::rate::RateLimiter;
use aqueduct_cancel::CancelScope;

use crate::channel::Message;
use crate::entrants::{
    ActorEntrants, BatchEntrants, Entrants, FlagEntrants, GuardEntrants, OneShotEntrants,
    PermitEntrants, QueueEntrants, RateLimitEntrants, ScopeEntrants, StreamEntrants,
    SupervisorEntrants, TaskEntrants,
};
use crate::harness::Entrant;
use crate::report::OURS;
use crate::versions;

/// The row `name` of `aqueduct-channel`.
fn entrant(name: &str) -> Entrant {
    row(name, "aqueduct-channel")
}

/// The row `name` of `aqueduct-cancel`.
fn scope(name: &str) -> Entrant {
    row(name, "aqueduct-cancel")
}

/// The row `name` of `aqueduct-group`.
fn tasks_of(name: &str) -> Entrant {
    row(name, "aqueduct-group")
}

/// The row `name` of `aqueduct-backpressure`.
fn limit(name: &str) -> Entrant {
    row(name, "aqueduct-backpressure")
}

/// The row `name` of `aqueduct-backpressure`, of those that limit what is in flight.
fn permits(name: &str) -> Entrant {
    row(name, "aqueduct-backpressure")
}

/// The row `name` of `aqueduct-stream`.
fn stream_of(name: &str) -> Entrant {
    row(name, "aqueduct-stream")
}

/// The row `name` of ours, from the crate `package`.
fn row(name: &str, package: &str) -> Entrant {
    Entrant {
        name: name.to_owned(),
        version: versions::of(package),
        ours: true,
        shown_only: None,
    }
}

/// Limits that stay.
pub(crate) fn bulkheads(entrants: &mut impl PermitEntrants) {
    entrants.enter::<backpressure::Bulkhead>(permits(OURS));
    entrants.enter::<backpressure::OwnedBulkhead>(permits("aqueduct owned"));
}

/// Limits that adapt.
pub(crate) fn limits(entrants: &mut impl PermitEntrants) {
    entrants.enter::<backpressure::Adaptive>(permits(OURS));
    entrants.enter::<backpressure::ReadsClock>(permits("aqueduct, reading the clock"));
}

/// Actors.
pub(crate) fn actors(entrants: &mut impl ActorEntrants) {
    entrants.enter::<actors::Ours>(row(OURS, "aqueduct-actor"));
}

/// Supervisors of many children.
pub(crate) fn supervisors(entrants: &mut impl SupervisorEntrants) {
    entrants.enter::<supervisors::Dynamic>(row(OURS, "aqueduct-supervision"));
}

/// One sender, one receiver, bounded.
pub(crate) fn spsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<spsc::Bounded>(entrant(OURS));
}

/// Many senders, one receiver, bounded.
pub(crate) fn mpsc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<mpsc::Bounded>(entrant(OURS));
}

/// One sender, many receivers that each get everything.
pub(crate) fn broadcast(entrants: &mut impl Entrants<usize>) {
    entrants.enter::<broadcast::DropOldest>(entrant(OURS));
    entrants.enter::<broadcast::Wait>(entrant("aqueduct wait"));
}

/// Many senders, many receivers, bounded.
pub(crate) fn mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<mpmc::Bounded>(entrant(OURS));
}

/// Many senders, one receiver, no bound.
pub(crate) fn unbounded<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<mpsc::Unbounded>(entrant(OURS));
}

/// Many senders, many receivers, no bound.
pub(crate) fn unbounded_mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<mpmc::Unbounded>(entrant(OURS));
}

/// One sender, many receivers, bounded.
pub(crate) fn spmc<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<spmc::Bounded>(entrant(OURS));
}

/// One sender, one receiver, no buffer.
pub(crate) fn rendezvous<T: Message>(entrants: &mut impl Entrants<T>) {
    entrants.enter::<mpmc::Rendezvous>(entrant(OURS));
}

/// Every kind: spsc under the bare name.
pub(crate) fn every_kind<T: Message>(entrants: &mut impl Entrants<T>) {
    spsc(entrants);
    entrants.enter::<mpsc::Bounded>(entrant("aqueduct mpsc"));
    entrants.enter::<spmc::Bounded>(entrant("aqueduct spmc"));
    entrants.enter::<mpmc::Bounded>(entrant("aqueduct mpmc"));
    entrants.enter::<mpsc::Unbounded>(entrant("aqueduct unbounded"));
    entrants.enter::<mpmc::Unbounded>(entrant("aqueduct unbounded mpmc"));
}

/// Channels that move batches.
pub(crate) fn batches(entrants: &mut impl BatchEntrants) {
    entrants.enter::<spsc::Batches>(entrant(OURS));
    entrants.enter::<spsc::RecvMany>(entrant("aqueduct recv_many"));
}

/// Queues with one of each side.
pub(crate) fn spsc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<spsc::Bare>(entrant(OURS));
}

/// Queues with many of each side.
pub(crate) fn mpmc_queues(entrants: &mut impl QueueEntrants) {
    entrants.enter::<mpmc::Bare>(entrant(OURS));
}

/// Channels for one value.
pub(crate) fn oneshots(entrants: &mut impl OneShotEntrants) {
    entrants.enter::<oneshot::OneShot>(entrant(OURS));
}

/// Groups of tasks.
pub(crate) fn tasks(entrants: &mut impl TaskEntrants) {
    task_trees(entrants);
    let discard = Entrant {
        shown_only: Some("keeps no results"),
        ..tasks_of("aqueduct Discard")
    };
    entrants.enter::<group::NoResults>(discard);
}

/// Those that are opened inside one another, results read.
pub(crate) fn task_trees(entrants: &mut impl TaskEntrants) {
    entrants.enter::<group::Plain>(tasks_of(OURS));
    entrants.enter::<group::AllOn>(tasks_of("aqueduct all on"));
}

/// What can be asked whether to stop.
pub(crate) fn flags(entrants: &mut impl FlagEntrants) {
    entrants.enter::<CancelScope>(scope(OURS));
}

/// Trees of cancellation.
pub(crate) fn scopes(entrants: &mut impl ScopeEntrants) {
    entrants.enter::<CancelScope>(scope(OURS));
}

/// What ends a future early when told to.
pub(crate) fn guards(entrants: &mut impl GuardEntrants) {
    entrants.enter::<cancel::Run>(scope(OURS));
    entrants.enter::<cancel::RunDeep>(scope("aqueduct depth 16"));
}

/// What ends a future early at a deadline.
pub(crate) fn deadlines(entrants: &mut impl GuardEntrants) {
    entrants.enter::<cancel::RunFor>(scope(OURS));
    entrants.enter::<cancel::ChildWithTimeout>(scope("aqueduct child with_timeout"));
}

/// Rate limits.
pub(crate) fn rate_limits(entrants: &mut impl RateLimitEntrants) {
    entrants.enter::<RateLimiter>(limit(OURS));
    entrants.enter::<ratelimit::Clocked>(limit("aqueduct with Tokio's clock"));
    entrants.enter::<ratelimit::Keyed>(limit("aqueduct keyed"));
}

/// Streams into batches.
pub(crate) fn stream_batches(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::batches);
    entrants.enter(stream_of("aqueduct chunks"), stream::chunks);
    entrants.enter(stream_of("aqueduct with_weight"), stream::weighed);
}

/// Streams on one task.
pub(crate) fn stream_fused(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::fused);
    entrants.enter(stream_of("aqueduct boxed three times"), stream::boxed);
}

/// Streams of futures in flight.
pub(crate) fn stream_parallel(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::parallel);
    entrants.enter(stream_of("aqueduct unordered"), stream::parallel_unordered);
}

/// Streams of work for several cores.
pub(crate) fn stream_computing(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::computing);
}

/// Streams from task to task.
pub(crate) fn stream_boundaries(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::boundary);
}

/// Streams of lines, in batches, from task to task.
pub(crate) fn stream_bytes(entrants: &mut impl StreamEntrants) {
    entrants.enter(stream_of(OURS), stream::batches_across);
    entrants.enter(stream_of("aqueduct batched behind"), stream::lines_across);
}
