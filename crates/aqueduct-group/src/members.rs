//! The members of a group: who is alive, who may join, who judges, and when all have ended.
//!
//! Everything that decides is in one [`State`] under one lock. A task takes it three times: to reserve its place, to put
//! its handle there once it is spawned, and to leave. Nothing of the user's runs under it.
//!
//! ```text
//!   reserve ──▶ (spawned) ──▶ insert ──▶ … ──▶ leave ──▶ [judge the batch] ──▶ gone
//!                    └──────── leave before insert: the record says GONE, insert keeps nothing
//! ```
//!
//! # Judging
//!
//! The policy is the user's code, so it cannot run under the lock, and it is `&mut`, so one at a time. The [`Judge`] is
//! therefore *taken out* of the state by whoever leaves and finds it there; who finds it gone puts the end of its task in
//! the pending list and leaves. The holder judges what is pending until there is nothing more, and puts the judge back
//! under the lock that saw the list empty. A task's end that can wait (see [`Triage`]) stays in the list until somebody
//! judges, or 64 have come together.
//!
//! # Invariants
//!
//! I1. `live` counts the reserved members that have not left, and groups taken in. The holder of the judge is one of
//!     them, or the owner. So when `live` is 0 the judge is in its place, unless the owner has it.
//! I2. Once `closed` and `live` is 0, `live` stays 0: nothing is reserved or taken in any more.
//! I3. An entry is in `entries` exactly while its record's slot is its place.
//! I4. Whoever makes the condition that the owner waits for true takes the owner's waker under the same lock.
//!
//! # Why not a counter beside the lock
//!
//! A closed bit and a count in one atomic word would save a lock for who only leaves. But every task has to take its
//! entry out anyway, which the tree and an abort need; and with two words the "last one out" has to argue about both.

mod judge;
mod room;
mod slab;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aqueduct_core::node::Node;
use aqueduct_core::sync::{Lock, Ordering};
use aqueduct_core::wait_queue::WaitQueue;

use crate::enclosing::Enclosing;
use crate::info::{Record, TaskKind, TaskRef};
use crate::policy::{Policy, Triage};

pub(crate) use judge::{End, Judge, Verdicts};
pub(crate) use room::{Ask, GiveBack, Want};
use slab::Slab;

/// How many ends are judged together at most.
const BATCH: usize = if cfg!(aqueduct_loom) { 2 } else { 64 };

/// By which a task is stopped from outside.
pub(crate) trait Abort {
    fn abort(&self);
}

pub(crate) struct Members<P: Policy, H> {
    state: Lock<State<P, H>>,
    /// How many may be seated at once; nothing for any number.
    limit: Option<NonZeroUsize>,
    /// Who waits for a seat. Its lock is taken before the state's, never the other way round.
    room: WaitQueue<Ask>,
}

struct State<P: Policy, H> {
    entries: Slab<Entry<H>>,
    /// In its place, unless somebody judges.
    judge: Option<Box<Judge<P>>>,
    pending: Vec<Ended<P>>,
    live: usize,
    /// Those of `live` that count against the limit.
    seated: usize,
    /// Seats that their owners gave up while they wait for room for another task.
    lent: usize,
    /// Those of `live` that nothing can stop.
    blocking: usize,
    closed: bool,
    aborted: bool,
    abandoned: bool,
    tally: Tally,
    next_index: usize,
    owner: Option<Waker>,
    /// Who waits for this group instead of its owner.
    foster: Option<Arc<dyn Enclosing>>,
    /// Whether the owner waits for judgements, not only for the end.
    wants_ends: bool,
    /// Whether nobody wants to know any more what becomes of members.
    retired: bool,
}

struct Entry<H> {
    node: Arc<Node>,
    handle: Option<H>,
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
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// There is, and its place in the order of spawning is this.
    Index(usize),
    /// Not now.
    Full,
    /// No more.
    Closed,
}

/// Who is to be told that all is over, once the lock is released.
#[must_use]
#[derive(Default)]
struct Told {
    owner: Option<Waker>,
    foster: Option<Arc<dyn Enclosing>>,
}

impl Told {
    fn tell(self) {
        if let Some(owner) = self.owner {
            owner.wake();
        }
        if let Some(foster) = self.foster {
            foster.adopted_ended();
        }
    }
}

impl<P: Policy, H> State<P, H> {
    fn has_seat(&self, limit: Option<NonZeroUsize>) -> bool {
        limit.is_none_or(|limit| self.seated - self.lent < limit.get())
    }

    /// Whether the owner need not wait any longer.
    fn is_over(&self) -> bool {
        let stopped = self.aborted && self.live == self.blocking;
        (self.closed && self.live == 0) || stopped || self.abandoned
    }

    /// To be told whenever what [`is_over`](Self::is_over) looks at has changed (I4).
    fn told(&mut self) -> Told {
        if !self.is_over() {
            return Told::default();
        }
        let foster = if self.live == 0 {
            self.foster.take()
        } else {
            None
        };
        Told {
            owner: self.owner.take(),
            foster,
        }
    }

    /// Removes a task that ends from the entries, and says with which handle it was there.
    fn unlink(&mut self, record: &Record) -> Option<H> {
        let slot = record.slot.load(Ordering::Relaxed);
        record.slot.store(Record::GONE, Ordering::Relaxed);
        if slot == Record::ABSENT {
            return None;
        }
        self.entries.remove(slot).handle
    }
}

impl<P: Policy, H: Abort> Members<P, H> {
    pub(crate) fn new(judge: Judge<P>, limit: Option<NonZeroUsize>) -> Self {
        Self {
            state: Lock::new(State {
                entries: Slab::new(),
                judge: Some(Box::new(judge)),
                pending: Vec::new(),
                live: 0,
                seated: 0,
                lent: 0,
                blocking: 0,
                closed: false,
                aborted: false,
                abandoned: false,
                tally: Tally::default(),
                next_index: 0,
                owner: None,
                foster: None,
                wants_ends: false,
                retired: false,
            }),
            limit,
            room: WaitQueue::new(0),
        }
    }

    /// Takes a place for another task, if there is one.
    pub(crate) fn reserve(&self) -> Reserved {
        let mut state = self.state.lock();
        if state.closed {
            return Reserved::Closed;
        }
        if !state.has_seat(self.limit) {
            return Reserved::Full;
        }
        state.live += 1;
        state.seated += 1;
        state.next_index += 1;
        Reserved::Index(state.next_index - 1)
    }

    /// Gives a reserved place back.
    pub(crate) fn unreserve(&self) {
        let mut state = self.state.lock();
        state.live -= 1;
        state.seated -= 1;
        let told = state.told();
        drop(state);
        told.tell();
        self.serve_room();
    }

    /// Puts a spawned task among the entries, unless it has ended already. Aborts it if the group has been.
    pub(crate) fn insert(&self, node: Arc<Node>, handle: H) {
        let mut late = Some(handle);
        let mut state = self.state.lock();
        state.tally.spawned += 1;
        let record = record_of(&node);
        if record.slot.load(Ordering::Relaxed) == Record::GONE {
            // Dropped after the lock, with the node, which is the caller's.
            drop(state);
            return;
        }
        state.blocking += usize::from(record.kind == TaskKind::Blocking);
        let handle = if state.aborted { None } else { late.take() };
        let slot = state.entries.next_slot();
        record.slot.store(slot, Ordering::Relaxed);
        state.entries.insert(Entry { node, handle });
        let told = state.told();
        drop(state);
        told.tell();
        if let Some(handle) = late {
            // `abort_all` came by before it was there.
            handle.abort();
        }
    }

    /// A task has ended: takes it out, judges it now or leaves it to be judged, and counts it out.
    ///
    /// `cancel_rest` is called if the policy wants the others cancelled, while the task still counts.
    pub(crate) fn leave(&self, node: &Arc<Node>, end: End<P::Output>, cancel_rest: impl Fn()) {
        let record = record_of(node);
        let triage = end.triage::<P>();
        let mut dropped = None;
        let mut judge = None;
        let mut told = Told::default();

        let mut state = self.state.lock();
        let handle = state.unlink(record);
        state.blocking -= usize::from(handle.is_some() && record.kind == TaskKind::Blocking);
        state.seated -= 1;
        state.tally.count(&end);
        if triage == Triage::Never || state.retired {
            dropped = Some(end);
        } else {
            state.pending.push((node.clone(), end));
            if triage == Triage::Now || state.pending.len() >= BATCH {
                judge = state.judge.take();
            }
        }
        if judge.is_none() {
            state.live -= 1;
            told = state.told();
        }
        drop(state);

        drop((handle, dropped));
        told.tell();
        if let Some(judge) = judge {
            self.judge_pending(judge, cancel_rest);
        }
        self.serve_room();
    }

    /// Judges what is pending until nothing is, puts the judge back, and counts its holder out.
    fn judge_pending(&self, mut judge: Box<Judge<P>>, cancel_rest: impl Fn()) {
        loop {
            let mut state = self.state.lock();
            if state.pending.is_empty() {
                // In a retired group it is dropped with the last handle.
                state.judge = Some(judge);
                state.live -= 1;
                let told = state.told();
                let next = state.wants_ends.then(|| state.owner.take()).flatten();
                drop(state);
                if let Some(next) = next {
                    next.wake();
                }
                told.tell();
                return;
            }
            judge.take_batch(&mut state.pending);
            drop(state);
            if judge.judge_batch() {
                cancel_rest();
            }
        }
    }

    /// No more members.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let told = state.told();
        drop(state);
        told.tell();
        if self.room.is_waited_on() {
            self.room.serve_all();
        }
    }

    /// Closes the group and aborts all members, also those that are being spawned.
    pub(crate) fn abort_all(&self) {
        self.close();
        let mut state = self.state.lock();
        state.aborted = true;
        // The owner looks again in any case: what it runs itself is to be dropped.
        let owner = state.owner.take();
        drop(state);
        if let Some(owner) = owner {
            owner.wake();
        }
        let mut from = 0;
        let mut batch = Vec::new();
        loop {
            let mut state = self.state.lock();
            from = state
                .entries
                .scan(from, BATCH, |entry| batch.extend(entry.handle.take()));
            let done = from >= state.entries.end();
            drop(state);
            batch.drain(..).for_each(|handle| handle.abort());
            if done {
                return;
            }
        }
    }

    /// Gives up waiting for members that nothing could stop.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.abandoned = true;
        let told = state.told();
        drop(state);
        told.tell();
    }

    /// Takes in a group whose owner has gone. False if there is nobody left here to wait for it.
    pub(crate) fn adopt(&self) -> bool {
        let mut state = self.state.lock();
        // A group that has ended stays so (I2).
        let adopts = !(state.closed && state.live == 0);
        state.live += usize::from(adopts);
        adopts
    }

    /// A group that was taken in has ended.
    pub(crate) fn adopted_ended(&self) {
        let mut state = self.state.lock();
        state.live -= 1;
        let told = state.told();
        drop(state);
        told.tell();
    }

    /// The owner goes before its members. `foster` waits in its place, and is told when the last has left; if that
    /// was so already it is handed back.
    pub(crate) fn entrust(&self, foster: Arc<dyn Enclosing>) -> Result<(), Arc<dyn Enclosing>> {
        let mut state = self.state.lock();
        if state.closed && state.live == 0 {
            return Err(foster);
        }
        state.foster = Some(foster);
        Ok(())
    }

    /// Whether all members have left, or those that have not cannot be waited for; if not, wakes the owner once they
    /// have, or once the group is aborted.
    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_owner(cx, |state| state.is_over().then_some(()))
    }

    /// Whether the group has been aborted; if not, wakes the owner once it is.
    pub(crate) fn poll_aborted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_owner(cx, |state| state.aborted.then_some(()))
    }

    /// Shows the policy and whether members are left to `take`, until it gives something. To be called by the owner.
    pub(crate) fn poll_policy<R>(
        &self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut P, bool) -> Option<R>,
    ) -> Poll<R> {
        self.poll_owner(cx, |state| {
            state.wants_ends = true;
            let none_left = state.live == 0;
            let taken = take(state.judge.as_mut()?.policy(), none_left);
            state.wants_ends = taken.is_none();
            taken
        })
    }

    fn poll_owner<R>(
        &self,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut State<P, H>) -> Option<R>,
    ) -> Poll<R> {
        let mut state = self.state.lock();
        if let Some(found) = look(&mut state) {
            return Poll::Ready(found);
        }
        if state
            .owner
            .as_ref()
            .is_some_and(|owner| owner.will_wake(cx.waker()))
        {
            return Poll::Pending;
        }
        drop(state);
        // Cloned outside of the lock, and what it replaces dropped there: both are the user's code.
        let mut waker = Some(cx.waker().clone());
        let mut state = self.state.lock();
        let found = look(&mut state);
        if found.is_none() {
            std::mem::swap(&mut state.owner, &mut waker);
        }
        drop(state);
        drop(waker);
        found.map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes the judge for good, having judged what was pending. To be called by the owner when all is over.
    ///
    /// The judge may be out if members were left behind; then there is nothing more to judge by.
    pub(crate) fn into_verdicts(&self) -> Option<Verdicts<P>> {
        loop {
            let mut state = self.state.lock();
            let mut judge = state.judge.take()?;
            if state.pending.is_empty() {
                drop(state);
                return Some(judge.finish());
            }
            judge.take_batch(&mut state.pending);
            drop(state);
            // All have left, so there is nobody to cancel.
            let _ = judge.judge_batch();
            self.state.lock().judge = Some(judge);
        }
    }

    /// The owner has gone: what is not judged yet never is. Whatever is pending would keep its group alive for ever, and
    /// the group it.
    pub(crate) fn retire(&self) {
        let mut state = self.state.lock();
        state.retired = true;
        let unjudged = (std::mem::take(&mut state.pending), state.judge.take());
        let owner = state.owner.take();
        drop(state);
        drop((unjudged, owner));
    }

    pub(crate) fn tally(&self) -> Tally {
        self.state.lock().tally
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().live
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Who is alive. Cloned a few at a time, so that the lock is not held for long.
    pub(crate) fn alive(&self) -> Vec<Arc<Node>> {
        let mut alive = Vec::new();
        let mut from = 0;
        loop {
            let mut state = self.state.lock();
            from = state
                .entries
                .scan(from, BATCH, |entry| alive.push(entry.node.clone()));
            if from >= state.entries.end() {
                return alive;
            }
        }
    }
}

impl Tally {
    fn count<O>(&mut self, end: &End<O>) {
        match end {
            End::Returned(_) | End::Handed => self.returned += 1,
            End::Panicked(_) => self.panicked += 1,
            End::CutShort => self.cut_short += 1,
        }
    }
}

fn record_of(node: &Node) -> &Record {
    TaskRef::of(node)
        .expect("a task's node has a record")
        .record()
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "members/tests/loom.rs"]
mod loom;
