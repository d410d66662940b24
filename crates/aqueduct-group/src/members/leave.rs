//! How a task leaves its group. See "Counting" and "Judging" in the [parent](super).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use aqueduct_core::sync::{MutexGuard, Ordering};

use super::judge::{Cause, End, Judge, drop_quietly, quietly};
use super::shard::{BATCH, Shard};
use super::{Members, Tally};
use crate::info::{Seat, TaskKind};
use crate::policy::{Policy, Triage};

impl<P: Policy + 'static> Members<P> {
    /// A task has ended: judges it now or leaves it to be judged, and counts it out.
    ///
    /// `cancel_rest` is called if the policy wants the others cancelled, while the task still counts.
    #[inline]
    pub(crate) fn leave(&self, seat: Seat, end: End<P::Output>, cancel_rest: impl Fn(Cause)) {
        if seat.kind() == TaskKind::Blocking {
            self.blocking.fetch_sub(1, Ordering::Relaxed);
        }
        self.forget_seat(&seat);
        let (end, triage) = end.triaged::<P>();
        match triage {
            Triage::Now => self.judge_now(seat, end, cancel_rest),
            Triage::Later => self.judge_later(seat, end, cancel_rest),
            Triage::Never => {
                // Dropped before the task counts as ended.
                let tally = end.tally();
                drop_quietly((seat, end));
                self.leave_unjudged(tally);
            }
        }
        self.serve_room();
    }

    fn leave_unjudged(&self, tally: Tally) {
        let (_, shard) = self.shard();
        let mut shard = shard.lock();
        shard.tally.add(tally);
        self.end_in(shard);
    }

    fn judge_later(&self, seat: Seat, end: End<P::Output>, cancel_rest: impl Fn(Cause)) {
        let (number, shard) = self.shard();
        let mut shard = shard.lock();
        shard.tally.add(end.tally());
        if self.word.0.is_retired() {
            shard.tally.unjudged += 1;
            drop(shard);
            // Dropped before the task counts as ended.
            drop_quietly((end, seat));
            self.end_in(self.shard().1.lock());
            return;
        }
        shard.pending.push((seat, end));
        if shard.pending.len() < BATCH {
            self.end_in(shard);
            return;
        }
        // This task counts until its batch is judged.
        let mut batch = std::mem::take(&mut shard.pending);
        drop(shard);
        let mut core = self.core.lock();
        if self.word.0.is_retired() {
            // Since the look above; what were left here now, nobody would come for.
            core.tally.unjudged += batch.len();
            drop(core);
            drop_quietly(batch);
            self.count_out(1);
            return;
        }
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

    fn judge_now(&self, seat: Seat, end: End<P::Output>, cancel_rest: impl Fn(Cause)) {
        let mut core = self.core.lock();
        core.tally.add(end.tally());
        if self.word.0.is_retired() {
            core.tally.unjudged += 1;
            drop(core);
            drop_quietly(end);
            self.count_out(1);
            return;
        }
        core.pending.push((seat, end));
        let judge = core.judge.take();
        drop(core);
        self.judge_pending(judge, cancel_rest);
    }

    /// With the judge: judges what is pending until nothing is, and puts the judge back. Then counts one member out.
    fn judge_pending(&self, judge: Option<Box<Judge<P>>>, cancel_rest: impl Fn(Cause)) {
        let Some(mut judge) = judge else {
            self.count_out(1);
            return;
        };
        let mut panic = None;
        loop {
            let mut core = self.core.lock();
            core.tally.recount(judge.take_cut_short());
            if core.gone {
                // The policy would keep all that it has until the last handle goes, and itself, if it has such a handle.
                drop(core);
                drop_quietly(judge);
                self.count_out(1);
                return panic.map_or((), |payload| resume_unwind(payload));
            }
            if core.pending.is_empty() {
                core.judge = Some(judge);
                // Under the lock, so that the owner, who waits for the next end, sees whether there is one to come.
                let counted = self.word.0.leave(1);
                let next = core.wants_ends.then(|| core.owner.take()).flatten();
                drop(core);
                if let Some(next) = next {
                    quietly(|| next.wake());
                }
                self.counted(counted);
                if let Some(payload) = panic {
                    resume_unwind(payload);
                }
                return;
            }
            judge.take_batch(&mut core.pending);
            drop(core);
            if let Some(cause) = judge.judge_batch() {
                // It wakes the user's wakers; should one panic, the judge has to come back first.
                let cancelled = catch_unwind(AssertUnwindSafe(|| cancel_rest(cause)));
                panic = panic.or(cancelled.err());
            }
        }
    }

    /// Counts an end in this thread's shard.
    #[inline]
    fn end_in(&self, mut shard: MutexGuard<'_, Shard<P>>) {
        let must_flush = self.word.0.must_flush(self.unflushed_max());
        let ended = shard.end(must_flush);
        drop(shard);
        if ended > 0 {
            let counted = self.word.0.leave(ended);
            self.counted(counted);
        }
    }
}
