//! What the owner of a group does with its members: wait for them, take what came of them, or go before them.

use std::task::{Context, Poll, ready};

use super::judge::{Verdicts, drop_quietly};
use super::{Core, Members};
use crate::enclosing::Enclosing;
use crate::policy::Policy;
use crate::refs::Arc;

impl<P: Policy + 'static> Members<P> {
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
        self.word.0.watch();
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
        self.core.lock().tally.recount(judge.take_cut_short());
        Poll::Ready(judge.finish())
    }

    /// Takes in a group whose owner has gone. False if there is nobody left here to wait for it.
    pub(crate) fn adopt(&self) -> bool {
        self.collect();
        let adopts = self.word.0.enter_unless_over();
        if let Some(limit) = self.limit.as_ref().filter(|_| adopts) {
            // After it was counted: so there seems to be too little room in between, and never too much.
            limit.grow();
            self.serve_room();
        }
        adopts
    }

    /// [`adopt`](Self::adopt), where the caller knows that there is somebody to wait. Wakes nobody, so that it can be
    /// called under a lock.
    pub(crate) fn adopt_more(&self) {
        self.word.0.enter_anyway();
        if let Some(limit) = &self.limit {
            // Those who wait for room have not more of it than before.
            limit.grow();
        }
    }

    /// A group that was taken in has ended. See [`Enclosing::adopted_ended`].
    pub(crate) fn adopted_ended(&self) -> Option<Arc<dyn Enclosing>> {
        self.shrink_limit();
        if self.word.0.leave(1).crosses(self.unflushed_max()) {
            self.flush_all();
        }
        let over = self.word.0.may_be_over();
        let foster = over.then(|| self.tell_all_but_foster()).flatten();
        // In between there seemed to be no room.
        self.serve_room();
        foster
    }

    pub(super) fn shrink_limit(&self) {
        if let Some(limit) = &self.limit {
            limit.shrink();
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
            // What it panics with must not keep the rest, and its group with it.
            pending.into_iter().for_each(drop_quietly);
        }
        let mut core = self.core.lock();
        core.gone = true;
        let pending = std::mem::take(&mut core.pending);
        let (judge, owner) = (core.judge.take(), core.owner.take());
        drop(core);
        pending.into_iter().for_each(drop_quietly);
        drop_quietly(judge);
        drop_quietly(owner);
        if self.word.0.is_over() {
            self.clear();
        }
    }

    /// All has ended: lets go of the tasks (I4).
    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let born = std::mem::take(&mut shard.0.lock().born);
            drop(born);
        }
    }
}
