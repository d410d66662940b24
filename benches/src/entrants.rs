//! Who takes part in a contest: ours first, then the peers.
//!
//! A contest is a visitor ([`Entrants`]) that is shown each entrant's type and builds a case from it, so that a line-up
//! is written once and serves every group of its shape.

use crate::actors::Actors;
use crate::cancel::{Flag, Guard, Scope};
use crate::channel::{BatchChannel, Channel, Message, OneShot, Queue};
use crate::harness::Entrant;
use crate::harness::runtime::Rt;
use crate::limits::RateLimit;
use crate::permits::Permits;
use crate::stream::Pipeline;
use crate::supervisors::Supervisors;
use crate::tasks::Tasks;
use crate::{ours, peers};

/// A contest that channels of one shape can enter.
pub(crate) trait Entrants<T> {
    fn enter<C: Channel<T>>(&mut self, who: Entrant);
}

/// A contest of moving batches.
pub(crate) trait BatchEntrants {
    fn enter<C: BatchChannel>(&mut self, who: Entrant);
}

/// A contest of bare queues.
pub(crate) trait QueueEntrants {
    fn enter<Q: Queue>(&mut self, who: Entrant);
}

/// A contest of channels for one value.
pub(crate) trait OneShotEntrants {
    fn enter<C: OneShot>(&mut self, who: Entrant);
}

/// A contest of groups of tasks.
pub(crate) trait TaskEntrants {
    fn enter<S: Tasks>(&mut self, who: Entrant);
}

/// A contest of asking whether to stop.
pub(crate) trait FlagEntrants {
    fn enter<F: Flag>(&mut self, who: Entrant);
}

/// A contest of trees of cancellation.
pub(crate) trait ScopeEntrants {
    fn enter<S: Scope>(&mut self, who: Entrant);
}

/// A contest of watching over a future.
pub(crate) trait GuardEntrants {
    fn enter<G: Guard>(&mut self, who: Entrant);
}

/// A contest of handing out permits.
pub(crate) trait PermitEntrants {
    fn enter<P: Permits>(&mut self, who: Entrant);
}

/// Limits that stay.
pub(crate) fn bulkheads(entrants: &mut impl PermitEntrants) {
    ours::bulkheads(entrants);
    peers::bulkheads(entrants);
}

/// Limits that adapt, beside ones that do not: no peer of that kind hands out permits without waiting.
pub(crate) fn limits(entrants: &mut impl PermitEntrants) {
    ours::limits(entrants);
    peers::bulkheads(entrants);
}

/// A contest of taking permits of a rate limit.
pub(crate) trait RateLimitEntrants {
    fn enter<L: RateLimit>(&mut self, who: Entrant);
}

/// A contest of streams.
pub(crate) trait StreamEntrants {
    fn enter(&mut self, who: Entrant, pipeline: Pipeline);
}

/// A contest of actors.
pub(crate) trait ActorEntrants {
    fn enter<A: Actors>(&mut self, who: Entrant);
}

/// A contest of supervisors.
pub(crate) trait SupervisorEntrants {
    fn enter<S: Supervisors>(&mut self, who: Entrant);
}

/// Supervisors of many children.
pub(crate) fn supervisors(entrants: &mut impl SupervisorEntrants) {
    ours::supervisors(entrants);
    peers::supervisors(entrants);
}

/// Actors that run on `rt`.
pub(crate) fn actors(rt: Rt, entrants: &mut impl ActorEntrants) {
    ours::actors(entrants);
    peers::actors(rt, entrants);
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

/// One sender, many receivers that each get everything.
pub(crate) fn broadcast(entrants: &mut impl Entrants<usize>) {
    ours::broadcast(entrants);
    peers::broadcast(entrants);
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

/// Many senders, many receivers, no bound.
pub(crate) fn unbounded_mpmc<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::unbounded_mpmc(entrants);
    peers::unbounded_mpmc(entrants);
}

/// One sender, many receivers, bounded. No peer makes this shape apart from mpmc.
pub(crate) fn spmc<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::spmc(entrants);
    peers::mpmc(entrants);
}

/// One sender, one receiver, no buffer.
pub(crate) fn rendezvous<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::rendezvous(entrants);
    peers::rendezvous(entrants);
}

/// Every kind of channel there is: spsc under the crate's name, the others with their kind's behind it.
pub(crate) fn every_kind<T: Message>(entrants: &mut impl Entrants<T>) {
    ours::every_kind(entrants);
    peers::every_kind(entrants);
}

/// Channels that move batches.
pub(crate) fn batches(entrants: &mut impl BatchEntrants) {
    ours::batches(entrants);
    peers::batches(entrants);
}

/// Queues and channels with one of each side.
pub(crate) fn spsc_queues(entrants: &mut impl QueueEntrants) {
    ours::spsc_queues(entrants);
    peers::spsc_queues(entrants);
}

/// Queues and channels with many of each side.
pub(crate) fn mpmc_queues(entrants: &mut impl QueueEntrants) {
    ours::mpmc_queues(entrants);
    peers::mpmc_queues(entrants);
}

/// Channels for one value.
pub(crate) fn oneshots(entrants: &mut impl OneShotEntrants) {
    ours::oneshots(entrants);
    peers::oneshots(entrants);
}

/// Groups of tasks.
pub(crate) fn tasks(entrants: &mut impl TaskEntrants) {
    ours::tasks(entrants);
    peers::tasks(entrants);
}

/// Groups of tasks that can lie inside one another, results read.
pub(crate) fn task_trees(entrants: &mut impl TaskEntrants) {
    ours::task_trees(entrants);
    peers::task_trees(entrants);
}

/// What can be asked whether to stop.
pub(crate) fn flags(entrants: &mut impl FlagEntrants) {
    ours::flags(entrants);
    peers::flags(entrants);
}

/// Trees of cancellation.
pub(crate) fn scopes(entrants: &mut impl ScopeEntrants) {
    ours::scopes(entrants);
    peers::scopes(entrants);
}

/// What ends a future early when told to.
pub(crate) fn guards(entrants: &mut impl GuardEntrants) {
    ours::guards(entrants);
    peers::guards(entrants);
}

/// What ends a future early at a deadline.
pub(crate) fn deadlines(entrants: &mut impl GuardEntrants) {
    ours::deadlines(entrants);
    peers::deadlines(entrants);
}

/// Rate limits.
pub(crate) fn rate_limits(entrants: &mut impl RateLimitEntrants) {
    ours::rate_limits(entrants);
    peers::rate_limits(entrants);
}

/// Streams into batches.
pub(crate) fn stream_batches(entrants: &mut impl StreamEntrants) {
    ours::stream_batches(entrants);
    peers::stream_batches(entrants);
}

/// Streams on one task.
pub(crate) fn stream_fused(entrants: &mut impl StreamEntrants) {
    ours::stream_fused(entrants);
    peers::stream_fused(entrants);
}

/// Streams of futures in flight.
pub(crate) fn stream_parallel(entrants: &mut impl StreamEntrants) {
    ours::stream_parallel(entrants);
    peers::stream_parallel(entrants);
}

/// Streams of work for several cores.
pub(crate) fn stream_computing(entrants: &mut impl StreamEntrants) {
    ours::stream_computing(entrants);
    peers::stream_computing(entrants);
}

/// Streams from task to task.
pub(crate) fn stream_boundaries(entrants: &mut impl StreamEntrants) {
    ours::stream_boundaries(entrants);
    peers::stream_boundaries(entrants);
}

/// Streams of lines, in batches, from task to task.
pub(crate) fn stream_bytes(entrants: &mut impl StreamEntrants) {
    ours::stream_bytes(entrants);
    peers::stream_bytes(entrants);
}
