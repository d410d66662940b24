//! The members of a group: who is alive, who may join, who judges, and when all have ended.
//!
//! A spawn and the end of a task are to cost little, also when they happen on different cores. So what both must know is
//! one [`Word`], which a spawn adds to once, and which ends subtract from many at a time; all else is in *shards*, of
//! which each thread uses its own:
//!
//! ```text
//!   spawn   ──▶ word: index, live + 1 ──▶ (spawned) ──▶ own shard: `born`, for the tree and an abort
//!   end     ──▶ own shard: `pending`, to be judged; `ended` + 1 ── now and then ──▶ word: live - ended
//!   failure ──▶ core: judged at once                             ──────────────▶ word: live - 1
//! ```
//!
//! Nothing of the user's runs under a lock.
//!
//! # Counting
//!
//! `live` in the word is too high by what the shards have not *flushed*. They flush at 64, and whoever needs the exact
//! number *collects*: locks each shard in turn and flushes it. That is who finds the group full, who closes it, and who
//! waits. Once the group is closed and `live` is no more than shards × 64, which is when what was not flushed may be all
//! that is left, every end flushes at once, and the flush that crossed this line collects. So the last one out knows it:
//! an end that was not flushed was either put in its shard before the collecting lock, which found it; or after it, and
//! then it saw the line crossed.
//!
//! # Judging
//!
//! The policy is the user's code, so it cannot run under a lock, and it is `&mut`, so one at a time. The [`Judge`] is
//! therefore *taken out* of the core by whoever brings an end and finds it there; who finds it gone leaves the end in the
//! core's pending list and goes. The holder judges until that list is empty, and puts the judge back under the lock that
//! saw it so. Ends that can wait (see [`Triage`]) wait in their shard until 64 are together, or the group has ended.
//!
//! # Invariants
//!
//! I1. `live`, less what is not flushed, counts the members that have not left, those that are being spawned, and groups
//!     taken in. The holder of the judge is one of them. So once all have left the judge is in its place.
//! I2. Once the word says CLOSED and that number is 0, it stays 0.
//! I3. Whoever makes what the owner waits for true looks for the owner's waker under the core's lock afterwards; the
//!     owner looks for what it waits for under that lock, and leaves its waker there.
//! I4. `born` keeps tasks that have ended, at most as many as had not at the last pruning, and 64. The group owns them
//!     and they own the group: when it has ended, whoever finds that out clears `born`.
//! I5. No lock is taken while another is held, but the core's or a shard's under that of `room`.
//!
//! # Why not one lock
//!
//! It was so at first: three lock pairs a task, and 750 ns above a bare spawn where the spawner and the workers are on
//! different cores, since each waits for the others' cache lines, and sleeps.

mod judge;
mod room;
mod shard;
mod slab;
mod word;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use aqueduct_core::node::Node;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicUsize, Lock, MutexGuard, Ordering};
use aqueduct_core::wait_queue::WaitQueue;

use crate::enclosing::Enclosing;
use crate::info::{TaskKind, TaskRef};
use crate::policy::{Policy, Triage};

pub(crate) use judge::{End, Judge, Verdicts};
pub(crate) use room::{Ask, GiveBack, Want};
use shard::{BATCH, Entry, Shard};
use slab::Slab;
use word::{Counted, Word};

/// By which a task is stopped from outside.
pub(crate) trait Abort {
    fn abort(&self);
}

pub(crate) struct Members<P: Policy, H> {
    word: Padded<Word>,
    shards: Box<[Padded<Lock<Shard<P, H>>>]>,
    core: Lock<Core<P>>,
    /// Those of the living that nothing can stop.
    blocking: AtomicUsize,
    /// How many may be alive at once: the group's limit, and those that are alive but have lent their seat, or never
    /// had one. Nothing for any number.
    limit: Option<AtomicUsize>,
    /// Who waits for a seat.
    room: WaitQueue<Ask>,
}

struct Core<P: Policy> {
    /// In its place, unless somebody judges.
    judge: Option<Box<Judge<P>>>,
    pending: Vec<Ended<P>>,
    /// Of the ends that were judged at once; the shards have the others.
    tally: Tally,
    owner: Option<Waker>,
    /// Whether the owner waits for judgements, not only for the end.
    wants_ends: bool,
    abandoned: bool,
    /// Who waits for this group instead of its owner.
    foster: Option<Arc<dyn Enclosing>>,
}

type Ended<P> = (Arc<Node>, End<<P as Policy>::Output>);

/// How many tasks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) spawned: usize,
    pub(crate) returned: usize,
    pub(crate) panicked: usize,
    pub(crate) cut_short: usize,
}

/// Whether there is a place for another task.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// There is, and its place in the order of spawning is this.
    Index(usize),
    /// Not now.
    Full,
    /// No more.
    Closed,
}

impl<P: Policy, H: Abort> Members<P, H> {
    /// With `shards` for that many threads that spawn and end tasks.
    pub(crate) fn new(judge: Judge<P>, limit: Option<NonZeroUsize>, shards: usize) -> Self {
        Self {
            word: Padded(Word::new()),
            shards: (0..shards.max(1))
                .map(|_| Padded(Lock::new(Shard::new())))
                .collect(),
            core: Lock::new(Core {
                judge: Some(Box::new(judge)),
                pending: Vec::new(),
                tally: Tally::default(),
                owner: None,
                wants_ends: false,
                abandoned: false,
                foster: None,
            }),
            blocking: AtomicUsize::new(0),
            limit: limit.map(|limit| AtomicUsize::new(limit.get())),
            room: WaitQueue::new(0),
        }
    }

    #[inline]
    fn shard(&self) -> (usize, &Lock<Shard<P, H>>) {
        let number = match self.shards.len() {
            1 => 0,
            shards => shard::thread_number() % shards,
        };
        (number, &self.shards[number].0)
    }

    /// How many ends the shards may keep to themselves.
    fn unflushed_max(&self) -> usize {
        self.shards.len() * BATCH
    }

    /// Takes a place for another task, if there is one.
    #[inline]
    pub(crate) fn reserve(&self) -> Reserved {
        let Some(limit) = &self.limit else {
            return self.word.0.enter();
        };
        match self.word.0.enter_below(limit.load(Ordering::Relaxed)) {
            Reserved::Full => {
                let reserved = self.reserve_exactly(limit);
                self.settle();
                reserved
            }
            reserved => reserved,
        }
    }

    /// Some may have left that the word does not know of. Tells nobody, so that it can be asked under a lock: see
    /// [`settle`](Self::settle).
    #[cold]
    fn reserve_exactly(&self, limit: &AtomicUsize) -> Reserved {
        self.flush_all();
        self.word.0.enter_below(limit.load(Ordering::Relaxed))
    }

    /// Gives a reserved place back.
    pub(crate) fn unreserve(&self) {
        self.count_out(1);
        self.serve_room();
    }

    /// Counts members out, exactly and at once.
    fn count_out(&self, count: usize) {
        let counted = self.word.0.leave(count);
        self.counted(counted);
    }

    /// Does what follows from a flush.
    fn counted(&self, counted: Counted) {
        if counted.crosses(self.unflushed_max()) {
            self.collect();
        }
        if counted.may_be_over() {
            self.tell();
        }
    }

    /// Flushes all shards, so that the word is exact.
    fn collect(&self) {
        self.flush_all();
        self.settle();
    }

    fn flush_all(&self) {
        for shard in &self.shards {
            let ended = shard.0.lock().take_ended();
            if ended > 0 {
                // What follows from it is `settle`'s.
                let _ = self.word.0.leave(ended);
            }
        }
    }

    /// Tells who waits for the end if a flush that told nobody has brought it.
    pub(crate) fn settle(&self) {
        if self.word.0.is_over() || self.word.0.is_aborted() {
            self.tell();
        }
    }

    /// Counts an end in this thread's shard.
    #[inline]
    fn end_in(&self, mut shard: MutexGuard<'_, Shard<P, H>>) {
        let must_flush = self.word.0.must_flush(self.unflushed_max());
        let ended = shard.end(must_flush);
        drop(shard);
        if ended > 0 {
            let counted = self.word.0.leave(ended);
            self.counted(counted);
        }
    }

    /// A member that nothing can stop is about to run.
    pub(crate) fn note_blocking(&self) {
        self.blocking.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts a spawned task where the tree and an abort find it. Aborts it if the group has been.
    #[inline]
    pub(crate) fn insert(&self, node: Arc<Node>, handle: H) {
        let (number, shard) = self.shard();
        let mut shard = shard.lock();
        shard.tally.spawned += 1;
        if shard::has_ended(&node) {
            // Dropped after the lock.
            drop(shard);
            return;
        }
        if self.word.0.is_aborted() {
            // It comes too late for `abort_all`, which has passed this shard, or will find nothing.
            drop(shard);
            handle.abort();
            return;
        }
        let pruned = shard.add(number, Entry { node, handle });
        drop(shard);
        drop(pruned);
    }

    /// A task has ended: judges it now or leaves it to be judged, and counts it out.
    ///
    /// `cancel_rest` is called if the policy wants the others cancelled, while the task still counts.
    #[inline]
    pub(crate) fn leave(&self, node: &Arc<Node>, end: End<P::Output>, cancel_rest: impl Fn()) {
        if TaskRef::of(node).is_some_and(|task| task.kind() == TaskKind::Blocking) {
            self.blocking.fetch_sub(1, Ordering::Relaxed);
        }
        match end.triage::<P>() {
            Triage::Now => self.judge_now(node, end, cancel_rest),
            Triage::Later => self.judge_later(node, end, cancel_rest),
            Triage::Never => {
                // Dropped before the task counts as ended.
                let tally = end.tally();
                drop(end);
                self.leave_unjudged(node, tally);
            }
        }
        self.serve_room();
    }

    fn leave_unjudged(&self, node: &Node, tally: Tally) {
        let (number, shard) = self.shard();
        let mut shard = shard.lock();
        shard.tally.add(tally);
        let entry = shard.remove(number, node);
        self.end_in(shard);
        drop(entry);
    }

    fn judge_later(&self, node: &Arc<Node>, end: End<P::Output>, cancel_rest: impl Fn()) {
        let (number, shard) = self.shard();
        let mut shard = shard.lock();
        shard.tally.add(end.tally());
        let entry = shard.remove(number, node);
        if self.word.0.is_retired() {
            self.end_in(shard);
            drop((end, entry));
            return;
        }
        // The entry's reference goes on to the pending list, where there is one.
        let (node, handle) = match entry {
            Some(Entry { node, handle }) => (node, Some(handle)),
            None => (node.clone(), None),
        };
        shard.pending.push((node, end));
        if shard.pending.len() < BATCH {
            self.end_in(shard);
            drop(handle);
            return;
        }
        // This task counts until its batch is judged.
        let mut batch = std::mem::take(&mut shard.pending);
        drop(shard);
        drop(handle);
        let mut core = self.core.lock();
        core.pending.append(&mut batch);
        let judge = core.judge.take();
        drop(core);
        self.judge_pending(judge, cancel_rest);
        let mut shard = self.shards[number].0.lock();
        if shard.pending.capacity() == 0 {
            // The room of this batch is for the next.
            shard.pending = batch;
        }
    }

    fn judge_now(&self, node: &Arc<Node>, end: End<P::Output>, cancel_rest: impl Fn()) {
        let mut core = self.core.lock();
        core.tally.add(end.tally());
        if self.word.0.is_retired() {
            drop(core);
            drop(end);
            self.count_out(1);
            return;
        }
        core.pending.push((node.clone(), end));
        let judge = core.judge.take();
        drop(core);
        self.judge_pending(judge, cancel_rest);
    }

    /// With the judge: judges what is pending until nothing is, and puts the judge back. Then counts one member out.
    fn judge_pending(&self, judge: Option<Box<Judge<P>>>, cancel_rest: impl Fn()) {
        let Some(mut judge) = judge else {
            self.count_out(1);
            return;
        };
        loop {
            let mut core = self.core.lock();
            if core.pending.is_empty() {
                core.judge = Some(judge);
                // Under the lock, so that the owner, who waits for the next end, sees whether there is one to come.
                let counted = self.word.0.leave(1);
                let next = core.wants_ends.then(|| core.owner.take()).flatten();
                drop(core);
                if let Some(next) = next {
                    next.wake();
                }
                self.counted(counted);
                return;
            }
            judge.take_batch(&mut core.pending);
            drop(core);
            if judge.judge_batch() {
                cancel_rest();
            }
        }
    }

    /// No more members.
    pub(crate) fn close(&self) {
        if self.word.0.close() {
            self.collect();
            self.tell();
            if self.room.is_waited_on() {
                self.room.serve_all();
            }
        }
    }

    /// Closes the group and aborts all members, also those that are being spawned.
    pub(crate) fn abort_all(&self) {
        self.close();
        self.word.0.abort();
        // The owner looks again in any case: what it runs itself is to be dropped.
        let owner = self.core.lock().owner.take();
        if let Some(owner) = owner {
            owner.wake();
        }
        for shard in &self.shards {
            // Nothing is added any more (see `insert`), so what is taken out is all there is.
            let born = std::mem::replace(&mut shard.0.lock().born, Slab::new());
            born.iter().for_each(|entry| entry.handle.abort());
            // The tree shows them until they have ended. Those that do so meanwhile are not found, and stay for `clear`.
            shard.0.lock().born = born;
        }
        self.collect();
        if self.word.0.is_over() {
            // It may have been before they were back.
            self.clear();
        }
    }

    /// Gives up waiting for members that nothing could stop.
    pub(crate) fn abandon(&self) {
        self.core.lock().abandoned = true;
        self.tell();
    }

    /// Takes in a group whose owner has gone. False if there is nobody left here to wait for it.
    pub(crate) fn adopt(&self) -> bool {
        if let Some(limit) = &self.limit {
            limit.fetch_add(1, Ordering::Relaxed);
        }
        self.collect();
        let adopts = self.word.0.enter_unless_over();
        if !adopts {
            self.shrink_limit();
        }
        adopts
    }

    /// A group that was taken in has ended.
    pub(crate) fn adopted_ended(&self) {
        self.shrink_limit();
        self.count_out(1);
    }

    fn shrink_limit(&self) {
        if let Some(limit) = &self.limit {
            limit.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The owner goes before its members. `foster` waits in its place, and is told when the last has left; if that
    /// was so already it is handed back.
    pub(crate) fn entrust(&self, foster: Arc<dyn Enclosing>) -> Result<(), Arc<dyn Enclosing>> {
        self.collect();
        let mut core = self.core.lock();
        if self.word.0.is_over() {
            drop(core);
            return Err(foster);
        }
        core.foster = Some(foster);
        Ok(())
    }

    /// The owner has gone: what is not judged yet never is. Whatever is pending would keep its group alive for ever,
    /// and the group it.
    pub(crate) fn retire(&self) {
        self.word.0.retire();
        for shard in &self.shards {
            let pending = std::mem::take(&mut shard.0.lock().pending);
            drop(pending);
        }
        let mut core = self.core.lock();
        let unjudged = (std::mem::take(&mut core.pending), core.judge.take());
        let owner = core.owner.take();
        drop(core);
        drop((unjudged, owner));
        if self.word.0.is_over() {
            self.clear();
        }
    }

    /// All has ended: lets go of the tasks (I4).
    fn clear(&self) {
        for shard in &self.shards {
            let born = std::mem::replace(&mut shard.0.lock().born, Slab::new());
            drop(born);
        }
    }

    fn is_over(&self, core: &Core<P>) -> bool {
        let stopped = || {
            self.word.0.is_aborted() && self.word.0.live() == self.blocking.load(Ordering::Relaxed)
        };
        self.word.0.is_over() || core.abandoned || stopped()
    }

    /// Tells who waits for the end, if it has come (I3).
    #[cold]
    fn tell(&self) {
        let mut core = self.core.lock();
        if !self.is_over(&core) {
            return;
        }
        let ended = self.word.0.is_over();
        let foster = if ended { core.foster.take() } else { None };
        let owner = core.owner.take();
        drop(core);
        if ended {
            self.clear();
        }
        if let Some(owner) = owner {
            owner.wake();
        }
        if let Some(foster) = foster {
            foster.adopted_ended();
        }
    }

    /// Whether all members have left, or those that have not cannot be waited for; if not, wakes the owner once they
    /// have, or once the group is aborted.
    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_owner(cx, |core| self.is_over(core).then_some(()))
    }

    /// Whether the group has been aborted; if not, wakes the owner once it is.
    pub(crate) fn poll_aborted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_owner(cx, |_| self.word.0.is_aborted().then_some(()))
    }

    /// Shows the policy and whether members are left to `take`, until it gives something. To be called by the owner of a
    /// group whose policy judges everything at once.
    pub(crate) fn poll_policy<R>(
        &self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut P, bool) -> Option<R>,
    ) -> Poll<R> {
        self.collect();
        self.poll_owner(cx, |core| {
            core.wants_ends = true;
            let none_left = self.word.0.live() == 0;
            let taken = take(core.judge.as_mut()?.policy(), none_left);
            core.wants_ends = taken.is_none();
            taken
        })
    }

    fn poll_owner<R>(
        &self,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut Core<P>) -> Option<R>,
    ) -> Poll<R> {
        let mut core = self.core.lock();
        if let Some(found) = look(&mut core) {
            return Poll::Ready(found);
        }
        if core
            .owner
            .as_ref()
            .is_some_and(|owner| owner.will_wake(cx.waker()))
        {
            return Poll::Pending;
        }
        drop(core);
        // Cloned outside of the lock, and what it replaces dropped there: both are the user's code.
        let mut waker = Some(cx.waker().clone());
        let mut core = self.core.lock();
        let found = look(&mut core);
        if found.is_none() {
            std::mem::swap(&mut core.owner, &mut waker);
        }
        drop(core);
        drop(waker);
        found.map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes the judge for good, having judged what was pending. To be called by the owner when all is over.
    ///
    /// A member that could not be waited for may have the judge at this moment; then this waits for that.
    pub(crate) fn poll_verdicts(&self, cx: &mut Context<'_>) -> Poll<Verdicts<P>> {
        // Whoever leaves from now on is not judged.
        self.word.0.retire();
        let mut pending = Vec::new();
        for shard in &self.shards {
            pending.append(&mut shard.0.lock().pending);
        }
        self.core.lock().pending.append(&mut pending);
        let mut judge = ready!(self.poll_owner(cx, |core| {
            let judge = core.judge.take();
            core.wants_ends = judge.is_none();
            judge
        }));
        judge.take_batch(&mut self.core.lock().pending);
        // Those that have left need not be cancelled, and those that have not cannot be.
        let _ = judge.judge_batch();
        Poll::Ready(judge.finish())
    }

    pub(crate) fn tally(&self) -> Tally {
        let mut tally = self.core.lock().tally;
        for shard in &self.shards {
            tally.add(shard.0.lock().tally);
        }
        tally
    }

    /// How many have not left.
    pub(crate) fn len(&self) -> usize {
        self.collect();
        self.word.0.live()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word.0.is_closed()
    }

    /// Who is alive.
    pub(crate) fn alive(&self) -> Vec<Arc<Node>> {
        let mut alive = Vec::new();
        for shard in &self.shards {
            let shard = shard.0.lock();
            let living = shard
                .born
                .iter()
                .filter(|entry| !shard::has_ended(&entry.node));
            alive.extend(living.map(|entry| entry.node.clone()));
        }
        alive
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.spawned += other.spawned;
        self.returned += other.returned;
        self.panicked += other.panicked;
        self.cut_short += other.cut_short;
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "members/tests/loom.rs"]
mod loom;
