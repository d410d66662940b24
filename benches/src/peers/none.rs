//! No peers: built without the feature `peers`, for a run of ours alone.

use crate::channel::Message;
use crate::entrants::{
    ActorEntrants, BatchEntrants, Entrants, FlagEntrants, GuardEntrants, OneShotEntrants,
    PermitEntrants, QueueEntrants, RateLimitEntrants, ScopeEntrants, StreamEntrants,
    SupervisorEntrants, TaskEntrants,
};
use crate::harness::runtime::Rt;

pub(crate) fn actors(_: Rt, _: &mut impl ActorEntrants) {}

pub(crate) fn supervisors(_: &mut impl SupervisorEntrants) {}

pub(crate) fn prepare() {}

pub(crate) fn bulkheads(_: &mut impl PermitEntrants) {}

pub(crate) fn spsc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn mpsc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn mpmc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn broadcast(_: &mut impl Entrants<usize>) {}

pub(crate) fn unbounded<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn unbounded_mpmc<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn rendezvous<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn every_kind<T: Message>(_: &mut impl Entrants<T>) {}

pub(crate) fn batches(_: &mut impl BatchEntrants) {}

pub(crate) fn spsc_queues(_: &mut impl QueueEntrants) {}

pub(crate) fn mpmc_queues(_: &mut impl QueueEntrants) {}

pub(crate) fn oneshots(_: &mut impl OneShotEntrants) {}

pub(crate) fn tasks(_: &mut impl TaskEntrants) {}

pub(crate) fn task_trees(_: &mut impl TaskEntrants) {}

pub(crate) fn flags(_: &mut impl FlagEntrants) {}

pub(crate) fn scopes(_: &mut impl ScopeEntrants) {}

pub(crate) fn guards(_: &mut impl GuardEntrants) {}

pub(crate) fn deadlines(_: &mut impl GuardEntrants) {}

pub(crate) fn rate_limits(_: &mut impl RateLimitEntrants) {}
pub(crate) fn stream_batches(_: &mut impl StreamEntrants) {}

pub(crate) fn stream_fused(_: &mut impl StreamEntrants) {}

pub(crate) fn stream_parallel(_: &mut impl StreamEntrants) {}

pub(crate) fn stream_computing(_: &mut impl StreamEntrants) {}

pub(crate) fn stream_boundaries(_: &mut impl StreamEntrants) {}

pub(crate) fn stream_bytes(_: &mut impl StreamEntrants) {}
