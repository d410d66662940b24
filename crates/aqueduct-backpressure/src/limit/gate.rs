//! Who gets in: the word, the shares, and the line.
//!
//! ```text
//!   take ──▶ the share guaranteed to the partition, or a free permit nobody waits for ──▶ in
//!     └── neither ──▶ join the line ──▶ served by whoever gives back or raises the limit ──▶ in
//! ```
//!
//! # What a share guarantees
//!
//! A partition whose share is `s` has `⌊s · limit⌋` permits *guaranteed*: while it has fewer in flight, it gets one,
//! whatever the others do. That may be none: a limit of 1 guarantees nothing to each of four. Rounded up, the four
//! would keep a limit of 1 at 4 for good, and a service that needs the limit to be that low would not get it. Beyond that it gets what is free, in competition with all others. So an idle partition's share
//! is lent out, and is had back at once: its owner is let in beyond the limit, and until those who borrowed return, there
//! is nothing free for anybody beyond their share. What is in flight therefore never exceeds the limit by more than the
//! shares of those partitions that were idle, and with one partition, or none, not at all.
//!
//! The other way, to keep idle shares free, wastes them; to make their owner wait for a borrower denies the share just when
//! it is needed.
//!
//! # A limit that shrinks
//!
//! Nothing is taken from anybody: what is in flight exceeds the limit until enough have returned, and nothing is free
//! meanwhile. The count is never swapped for another, so that no permit is given back to where it did not come from.
//!
//! # Losing no wake-up
//!
//! Who finds no permit takes the line's lock, gets in line, sets `waiting` in the word, and then serves the line as anybody
//! would who gives back. All changes of the word are ordered: a permit given back before `waiting` was set is found by that
//! round of service, one given back after it is given back by somebody who sees it, and serves. A partition's own count is
//! given back before the word, so whoever sees the word changed sees it, too.
//!
//! # Why not `tokio::sync::Semaphore`
//!
//! It cannot shrink below what is free, has one order, and takes its lock for each return.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicUsize, Lock, MutexGuard, Ordering};
use aqueduct_core::wake_batch::{WakeBatch, keep_first};

use super::line::{Entry, Fate, Key, Line};
use super::order::{Priority, Queue};
use super::rejected::{Counters, Rejected};
use super::word::{State, Word};

pub(super) struct Gate {
    word: Padded<Word>,
    /// None where there is one partition, which has everything.
    shares: Box<[Padded<Share>]>,
    line: Lock<Line>,
    pub(super) rejected: Counters,
}

/// A partition.
#[derive(Debug)]
struct Share {
    in_flight: AtomicUsize,
    share: f64,
}

impl Share {
    fn guaranteed(&self, limit: usize) -> usize {
        (self.share * limit as f64) as usize
    }

    /// Takes one of those that are guaranteed.
    fn take(&self, limit: usize) -> bool {
        let guaranteed = self.guaranteed(limit);
        let add = |in_flight| (in_flight < guaranteed).then_some(in_flight + 1);
        self.in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .is_ok()
    }

    /// The part of its share that is in use.
    fn used(&self) -> f64 {
        self.in_flight.load(Ordering::Relaxed) as f64 / self.share
    }
}

impl Gate {
    pub(super) fn new(limit: usize, queue: Queue, shares: &[f64]) -> Self {
        let share = |share: &f64| {
            Padded(Share {
                in_flight: AtomicUsize::new(0),
                share: *share,
            })
        };
        Self {
            word: Padded(Word::new(limit)),
            shares: shares.iter().map(share).collect(),
            line: Lock::new(Line::new(queue, shares)),
            rejected: Counters::default(),
        }
    }

    pub(super) fn state(&self) -> State {
        self.word.get()
    }

    pub(super) fn queued(&self) -> usize {
        self.line.lock().len()
    }

    pub(super) fn in_flight_of(&self, partition: usize) -> usize {
        match self.shares.get(partition) {
            Some(share) => share.in_flight.load(Ordering::Relaxed),
            None => self.state().in_flight(),
        }
    }

    pub(super) fn partitions(&self) -> usize {
        self.shares.len().max(1)
    }

    /// Takes a permit if that needs no waiting.
    #[inline(always)]
    pub(super) fn take(&self, partition: usize) -> bool {
        if self.shares.is_empty() {
            return self.word.take();
        }
        self.take_of(partition)
    }

    fn take_of(&self, partition: usize) -> bool {
        let share = &self.shares[partition];
        // Those in line who have not all of their share were served when they joined it: so nobody of this partition is
        // overtaken who could be served.
        if share.take(self.word.get().limit()) {
            self.word.take_anyway();
            return true;
        }
        let taken = self.word.take();
        if taken {
            share.in_flight.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Gives a permit back. Returns how many were in flight, this one included.
    ///
    /// `now` is called only if somebody waits.
    #[inline(always)]
    pub(super) fn give_back(&self, partition: usize, now: impl FnOnce() -> Duration) -> usize {
        if let Some(share) = self.shares.get(partition) {
            share.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        let before = self.word.give_back();
        if before.is_waited_on() {
            self.serve_now(now);
        }
        before.in_flight()
    }

    /// [`serve`](Self::serve), where the clock is not part of the caller either.
    #[cold]
    #[inline(never)]
    fn serve_now(&self, now: impl FnOnce() -> Duration) {
        self.serve(now());
    }

    /// Changes the limit, and serves those whom a larger one lets in.
    pub(super) fn set_limit(&self, limit: usize, now: impl FnOnce() -> Duration) {
        if self.word.set_limit(limit).is_waited_on() {
            self.serve(now());
        }
    }

    /// Gets in line. To be followed by [`serve`](Self::serve), whatever happens.
    pub(super) fn join(&self, entry: Entry) -> Result<Key, Rejected> {
        let mut line = self.line.lock();
        let joined = line.join(entry);
        if joined.is_ok() {
            self.word.set_waiting();
        }
        drop(line);
        match joined {
            Ok((key, displaced)) => {
                if let Some(displaced) = displaced {
                    self.rejected.count(displaced.why);
                    // A panic of it is for this caller, who is in line and would leave it a ghost.
                    let woken = catch_unwind(AssertUnwindSafe(|| wake(displaced.waker)));
                    if let Err(payload) = woken {
                        self.leave(key, || entry.since);
                        resume_unwind(payload);
                    }
                }
                Ok(key)
            }
            Err(why) => Err(why),
        }
    }

    /// What became of one in line. Once it is ready the key is gone.
    pub(super) fn poll(&self, key: Key, cx: &mut Context<'_>) -> Poll<Result<(), Rejected>> {
        let mut line = self.line.lock();
        if line.fate(key) == Fate::Waiting {
            if line.would_wake(key, cx.waker()) {
                return Poll::Pending;
            }
            drop(line);
            // Cloned outside of the lock, and what it replaces dropped there: both are the user's code.
            let waker = cx.waker().clone();
            line = self.line.lock();
            let waker = if line.fate(key) == Fate::Waiting {
                line.set_waker(key, waker)
            } else {
                Some(waker)
            };
            let waits = line.fate(key) == Fate::Waiting;
            drop(line);
            drop(waker);
            if waits {
                return Poll::Pending;
            }
            line = self.line.lock();
        }
        match line.leave(key) {
            (Fate::Granted, _) => Poll::Ready(Ok(())),
            (Fate::Refused(why), _) => Poll::Ready(Err(why)),
            (Fate::Waiting, _) => unreachable!("who waits does not leave"),
        }
    }

    /// One in line goes away. What it was granted goes to the next.
    pub(super) fn leave(&self, key: Key, now: impl FnOnce() -> Duration) {
        let mut line = self.line.lock();
        let partition = line.entry(key).partition;
        let (fate, waker) = line.leave(key);
        self.unlock(line);
        drop(waker);
        if fate == Fate::Granted {
            self.give_back(partition, now);
        }
    }

    /// Gives those in line what there is, and wakes them.
    #[cold]
    pub(super) fn serve(&self, now: Duration) {
        let mut panic = None;
        loop {
            let mut batch = WakeBatch::new();
            let mut line = self.line.lock();
            while !batch.is_full() {
                match self.serve_one(&mut line, now) {
                    None => break,
                    Some(None) => {}
                    Some(Some(waker)) => batch.push(waker),
                }
            }
            self.unlock(line);
            let full = batch.is_full();
            // There may be more to serve, and a waker that panics shall not keep them from it.
            let woken = catch_unwind(AssertUnwindSafe(move || batch.wake_all()));
            if let Err(payload) = woken {
                keep_first(&mut panic, payload);
            }
            if !full {
                break;
            }
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// None if there is nobody left to serve, or nothing to serve them with.
    fn serve_one(&self, line: &mut Line, now: Duration) -> Option<Option<Waker>> {
        let key = self.next(line)?;
        if let Some(why) = line.judge(key, now) {
            let partition = line.entry(key).partition;
            self.put_back(partition);
            self.rejected.count(why);
            return Some(line.refuse_next(key, why).waker);
        }
        Some(line.grant(key))
    }

    /// Takes a permit for the one who is next.
    fn next(&self, line: &Line) -> Option<Key> {
        if self.shares.is_empty() {
            let (_, key) = line.next_of(0)?;
            return self.word.take_for_waiter().then_some(key);
        }
        let limit = self.word.get().limit();
        let mut best: Option<(Priority, f64, usize, Key)> = None;
        for (partition, share) in self.shares.iter().enumerate() {
            let Some((priority, key)) = line.next_of(partition) else {
                continue;
            };
            if share.take(limit) {
                self.word.take_anyway();
                return Some(key);
            }
            let used = share.used();
            let better = best.is_none_or(|(other, least, ..)| {
                priority > other || (priority == other && used < least)
            });
            if better {
                best = Some((priority, used, partition, key));
            }
        }
        let (.., partition, key) = best?;
        if !self.word.take_for_waiter() {
            return None;
        }
        self.shares[partition]
            .in_flight
            .fetch_add(1, Ordering::Relaxed);
        Some(key)
    }

    /// Gives back what was taken for one who is refused, under the lock: the round goes on.
    fn put_back(&self, partition: usize) {
        if let Some(share) = self.shares.get(partition) {
            share.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        self.word.give_back();
    }

    /// Keeps I2 of the word.
    fn unlock(&self, mut line: MutexGuard<'_, Line>) {
        if line.is_empty() {
            line.emptied();
            self.word.clear_waiting();
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "gate/tests/loom.rs"]
mod loom;
