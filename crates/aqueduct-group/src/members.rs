//! The members of a group: who is alive, who may join, who judges, and when all have ended.
//!
//! A spawn and the end of a task are to cost little, also when they happen on different cores. So what both must know is
//! one [`Word`], which a spawn adds to once, and which ends subtract from many at a time; all else is in *shards*, of
//! which each thread uses its own:
//!
//! ```text
//!   spawn   ──▶ word: index, live + 1 ──▶ own shard: a record in `born`, for the tree and an abort ──▶ (spawned)
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
//! Who collects serves nobody who waits for room, for who ended does. So it takes an end out of the shard and out of the
//! word under one lock: whoever looks at both finds it in one of them.
//!
//! # Judging
//!
//! The policy is the user's code, so it cannot run under a lock, and it is `&mut`, so one at a time. The [`Judge`] is
//! therefore *taken out* of the core by whoever brings an end and finds it there; who finds it gone leaves the end in the
//! core's pending list and goes. The holder judges until that list is empty, and puts the judge back under the lock that
//! saw it so; unless the owner has gone meanwhile, and what is not taken out yet is never judged: then the holder drops it.
//! Ends that can wait (see [`Triage`](crate::policy::Triage)) wait in their shard until 64 are together,
//! or the group has ended.
//!
//! # Invariants
//!
//! I1. `live`, less what is not flushed, counts the members that have not left, those that are being spawned, and groups
//!     taken in. The holder of the judge is one of them. So once all have left the judge is in its place, or
//!     gone with the owner.
//! I2. Once the word says CLOSED and that number is 0, it stays 0; but for groups that are taken in while the group's body
//!     runs, whose owner therefore does not wait yet.
//! I3. Whoever makes what the owner waits for true looks for the owner's waker under the core's lock afterwards; the
//!     owner looks for what it waits for under that lock, and leaves its waker there.
//! I4. `born` keeps records of tasks that have ended: of those that did since the last pruning, which comes when they are as
//!     many as the living, and 64; and of earlier ones if they share a block with one that lives, or are in the last block of
//!     a shard. The group lists the blocks, and each has the group for its header: when all have left, whoever finds that
//!     out clears `born`.
//! I5. No lock is taken while another is held, but the core's or a shard's under that of `room`.
//!
//! # Why not one lock
//!
//! It was so at first: three lock pairs a task, and 750 ns above a bare spawn where the spawner and the workers are on
//! different cores, since each waits for the others' cache lines, and sleeps.

mod judge;
mod leave;
mod over;
mod owner;
mod room;
mod shard;
mod slab;
mod word;

use crate::refs::Arc;
use std::num::NonZeroUsize;
use std::task::Waker;

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicBool, AtomicUsize, Lock, Ordering};
use aqueduct_core::thread;
use aqueduct_core::wait_queue::WaitQueue;

use crate::enclosing::{self, Enclosing};
use crate::info::{Record, Seat, Seats};
use crate::policy::Policy;

use judge::quietly;
pub(crate) use judge::{Cause, End, Judge, Verdicts, Why, drop_quietly};
use room::Limit;
pub(crate) use room::{Ask, GiveBack, Want};
use shard::{BATCH, Shard};
use slab::Slab;
use word::{Counted, Word};

pub(crate) struct Members<P: Policy + 'static> {
    word: Padded<Word>,
    shards: Box<[Padded<Lock<Shard<P>>>]>,
    /// How many have left since the shards were last pruned.
    left: AtomicUsize,
    pruned: AtomicBool,
    core: Lock<Core<P>>,
    /// Those of the living that nothing can stop.
    blocking: AtomicUsize,
    /// How many may be alive at once. Nothing for any number.
    limit: Option<Limit>,
    /// Who waits for a seat.
    room: WaitQueue<Ask>,
}

struct Core<P: Policy + 'static> {
    /// In its place, unless somebody judges.
    judge: Option<Box<Judge<P>>>,
    pending: Vec<Ended<P>>,
    /// Of the ends that were judged at once; the shards have the others.
    tally: Tally,
    owner: Option<Waker>,
    /// Who waits for the end beside the owner; nothing in the places of those who were woken.
    waiters: Slab<Option<Waker>>,
    /// Whether the owner waits for judgements, not only for the end.
    wants_ends: bool,
    abandoned: bool,
    /// Whether the owner has gone, so that nobody wants a judge back.
    gone: bool,
    /// Who waits for this group instead of its owner.
    foster: Option<Arc<dyn Enclosing>>,
}

type Ended<P> = (Seat, End<<P as Policy>::Output>);

/// How many tasks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) returned: usize,
    pub(crate) panicked: usize,
    pub(crate) cut_short: usize,
    /// Those among them that no policy saw, since the owner had done waiting.
    pub(crate) unjudged: usize,
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

impl<P: Policy + 'static> Members<P> {
    /// With `shards` for that many threads that spawn and end tasks.
    pub(crate) fn new(judge: Judge<P>, limit: Option<NonZeroUsize>, shards: usize) -> Self {
        Self {
            word: Padded(Word::new()),
            shards: (0..shards.max(1))
                .map(|_| Padded(Lock::new(Shard::new())))
                .collect(),
            left: AtomicUsize::new(0),
            pruned: AtomicBool::new(false),
            core: Lock::new(Core {
                judge: Some(Box::new(judge)),
                pending: Vec::new(),
                tally: Tally::default(),
                owner: None,
                waiters: Slab::new(),
                wants_ends: false,
                abandoned: false,
                gone: false,
                foster: None,
            }),
            blocking: AtomicUsize::new(0),
            limit: limit.map(Limit::new),
            room: WaitQueue::new(0),
        }
    }

    #[inline]
    fn shard(&self) -> (usize, &Lock<Shard<P>>) {
        let number = match self.shards.len() {
            1 => 0,
            shards => thread::number() % shards,
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
        match self.word.0.enter_below(|| limit.get()) {
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
    fn reserve_exactly(&self, limit: &Limit) -> Reserved {
        self.flush_all();
        self.word.0.enter_below(|| limit.get())
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
        self.note_left(counted);
        self.prune_if_due();
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
        if self.flush_each() {
            // Who ended since in a shard that was passed before did not see the line crossed. This finds it.
            self.flush_each();
        }
    }

    /// Says whether this crossed the line after which every end flushes.
    fn flush_each(&self) -> bool {
        let mut crosses = false;
        for shard in &self.shards {
            let mut shard = shard.0.lock();
            let ended = shard.take_ended();
            if ended > 0 {
                // Under the lock: see "Counting".
                let counted = self.word.0.leave(ended);
                drop(shard);
                self.note_left(counted);
                // What else follows from it is `settle`'s.
                crosses |= counted.crosses(self.unflushed_max());
            }
        }
        crosses
    }

    /// Tells who waits for the end if a flush that told nobody has brought it.
    pub(crate) fn settle(&self) {
        self.prune_if_due();
        if self.word.0.may_be_over() {
            self.tell();
        }
    }

    /// A member that nothing can stop is about to run.
    pub(crate) fn note_blocking(&self) {
        self.blocking.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts the record of a task that is about to be spawned where the tree and an abort find it, and gives what the task
    /// shall hold of it, and what it shall leave with.
    #[inline]
    pub(crate) fn enlist(
        &self,
        group: impl FnOnce() -> Arc<dyn Enclosing>,
        record: Record,
    ) -> Seats {
        let (_, shard) = self.shard();
        let mut shard = shard.lock();
        if self.word.0.is_aborted() {
            // It comes too late for `abort_all`, which has passed this shard, or will find it.
            let nobody = record.stop.ask();
            debug_assert!(nobody.is_none(), "it has not run yet");
        }
        shard.born.add(group, record)
    }

    fn note_left(&self, counted: Counted) {
        // Relaxed, as below: it decides when to prune, and no more.
        self.left.fetch_add(counted.count(), Ordering::Relaxed);
    }

    /// Lets go of the records of those that have left and were judged, once they are as many as those that have not.
    fn prune_if_due(&self) {
        if self.left.load(Ordering::Relaxed) < BATCH.max(self.about()) {
            return;
        }
        self.left.store(0, Ordering::Relaxed);
        for shard in &self.shards {
            shard.0.lock().born.prune();
        }
        self.pruned.store(true, Ordering::Relaxed);
    }

    /// Whether records were let go of since this was last asked, so that it is time to let go of what goes with them.
    #[inline]
    pub(crate) fn take_pruned(&self) -> bool {
        self.pruned.load(Ordering::Relaxed) && self.pruned.swap(false, Ordering::Relaxed)
    }

    /// No more members.
    pub(crate) fn close(&self) {
        if self.word.0.close() {
            self.collect();
            self.tell();
            if self.room.is_waited_on() {
                quietly(|| {
                    self.room.serve_all();
                });
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
            quietly(|| owner.wake());
        }
        for shard in &self.shards {
            // Who is added later sees the abort (see `enlist`).
            let shard = shard.0.lock();
            let alive = shard.born.iter().filter(|record| !record.has_ended());
            let waiting = Vec::from_iter(alive.filter_map(|record| record.stop.ask()));
            drop(shard);
            waiting
                .into_iter()
                .for_each(|waker| quietly(|| waker.wake()));
        }
        self.collect();
    }

    /// Gives up waiting for members that nothing could stop.
    pub(crate) fn abandon(&self) {
        self.core.lock().abandoned = true;
        self.tell();
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
        if let Some(foster) = self.tell_all_but_foster() {
            enclosing::tell_ended(foster);
        }
    }

    /// [`tell`](Self::tell), but for the foster, who is the caller's to tell.
    fn tell_all_but_foster(&self) -> Option<Arc<dyn Enclosing>> {
        let mut core = self.core.lock();
        let is_over = self.is_over(&core);
        let none_to_come = core.wants_ends && self.word.0.live() == 0;
        if !none_to_come && !is_over {
            return None;
        }
        let waiters = if is_over {
            core.take_waiters()
        } else {
            Vec::new()
        };
        let ended = self.word.0.is_over();
        let foster = if ended { core.foster.take() } else { None };
        let owner = core.owner.take();
        drop(core);
        if ended {
            self.clear();
        }
        let wakers = owner.into_iter().chain(waiters);
        // Each, whatever the one before does, and the group around in any case.
        wakers.for_each(|waker| quietly(|| waker.wake()));
        foster
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

    /// How many have not left, at most, and not many more than have.
    pub(crate) fn about(&self) -> usize {
        self.word.0.live()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.word.0.is_closed()
    }

    /// Who is alive.
    pub(crate) fn hold_alive(&self) -> Vec<Seat> {
        let shards = self.shards.iter();
        let alive = shards.map(|shard| shard.0.lock().born.hold(|record| !record.has_ended()));
        alive.flatten().collect()
    }

    /// Shows who is alive.
    pub(crate) fn alive<R>(&self, look: impl Fn(&Record) -> R) -> Vec<R> {
        let mut alive = Vec::new();
        for shard in &self.shards {
            let shard = shard.0.lock();
            let living = shard.born.iter().filter(|record| !record.has_ended());
            alive.extend(living.map(&look));
        }
        alive
    }
}

impl<P: Policy + 'static> Core<P> {
    fn take_waiters(&mut self) -> Vec<Waker> {
        self.waiters.iter_mut().filter_map(Option::take).collect()
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.returned = self.returned.wrapping_add(other.returned);
        self.panicked += other.panicked;
        self.cut_short += other.cut_short;
        self.unjudged += other.unjudged;
    }

    /// So many that were counted as returned were cut short. They may have been counted elsewhere, so that it is in the
    /// sum of all parts only that no number is below 0.
    fn recount(&mut self, cut_short: usize) {
        self.returned = self.returned.wrapping_sub(cut_short);
        self.cut_short += cut_short;
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "members/tests/loom.rs"]
mod loom;
