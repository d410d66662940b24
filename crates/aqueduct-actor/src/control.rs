//! The control lane: how an actor is told what does not wait in its mailbox.
//!
//! ```text
//!   stop, kill, close, freeze, signal ──▶ a bit in the word ──▶ looked at between messages: one load
//!                                    └──▶ the loop's waker, always
//! ```
//!
//! A full mailbox is not in its way. Whoever tells something sets a bit, and then wakes the actor's task whether it sleeps or
//! not. The loop reads the word before each message and at each poll.
//!
//! # Invariants
//!
//! C1. A bit is set under the lock, and the waker taken out by the same hold of it; it is called after. So the loop is
//!     polled after each bit that was set while there was a waker.
//! C2. While there is none, `ABSENT` is set, and `TOLD` if anything was said since there was one: also what has been taken
//!     back meanwhile, such as a freeze that the loop has seen. A task that is about to sleep puts its waker in, under the
//!     lock, and looks again if it was told; what is told later finds the waker.
//! C3. `SIGNALS` is set exactly while signals are queued. It changes under the lock.
//! C4. After `ENDED` nothing is queued: signals are handed back.
//! C5. A signal is queued only in the turn that it is for, and forgotten with that, both under the lock: none comes to a
//!     later incarnation. So is the stop of a link, or of a supervisor, which may be told late. One of a link that is told
//!     early, before the first incarnation has begun, is for that one: who was linked by then is linked.
//! C6. A request to end holds for the address, whatever lives there. A `CLOSE`, and a stop or a kill whose exit is an orderly
//!     one, outlive an incarnation that ends otherwise, until one has ended in an orderly way and not since its supervisor
//!     said so, or rests. One that asks for a failure is over with any end: that is what it asked for.
//!
//! # Why not a wait cell
//!
//! A wait cell is for what is told often: the loop would arm it, with a barrier, before each sleep, beside the mailbox's
//! own. Control is rare, so that its side pays: a lock and a wake each time, and a sleep of the loop costs nothing for it.

use std::collections::VecDeque;
use std::task::Waker;

use aqueduct_core::sync::{AtomicU32, Lock, Ordering};

/// What the loop is told, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits(u32);

impl Bits {
    /// End after the current message.
    pub(crate) const STOP: Self = Self(1);
    /// Drop everything at the next poll.
    pub(crate) const KILL: Self = Self(1 << 1);
    /// Take nothing new; end when what is inside was handled.
    pub(crate) const CLOSE: Self = Self(1 << 2);
    /// Leave the mailbox alone.
    pub(crate) const FREEZE: Self = Self(1 << 3);
    /// Signals are queued.
    pub(crate) const SIGNALS: Self = Self(1 << 4);
    /// Nobody has a reference any more, perhaps.
    pub(crate) const UNREACHABLE: Self = Self(1 << 5);
    /// Timers, streams or tasks of the actor have something for it.
    pub(crate) const OWN: Self = Self(1 << 6);
    /// The loop is to leave its waker.
    pub(crate) const ABSENT: Self = Self(1 << 7);
    /// It is not running, and takes nothing until it is started again.
    pub(crate) const RESTING: Self = Self(1 << 8);
    /// It has ended for good.
    pub(crate) const ENDED: Self = Self(1 << 9);

    /// Something was told since the loop has left its waker.
    const TOLD: Self = Self(1 << 10);

    pub(crate) const NONE: Self = Self(0);

    /// What forbids new messages.
    pub(crate) const REFUSING: Self = Self(Self::CLOSE.0 | Self::RESTING.0 | Self::ENDED.0);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline(always)]
    pub(crate) const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }
}

/// The lane. `S` is a signal; `X` is why the actor shall stop.
pub(crate) struct Control<S, X> {
    word: AtomicU32,
    lane: Lock<Lane<S, X>>,
}

struct Lane<S, X> {
    waker: Option<Waker>,
    /// Which incarnation it is, of those that have a signal or a stop of their own.
    turn: u32,
    /// Whether an incarnation has begun, of an actor that may be started again; the turn is that of the first one before, too.
    /// Of one that has a single incarnation it is never said, and nobody asks what is held for it.
    has_begun: bool,
    /// What is rarely there.
    more: Option<Box<More<S, X>>>,
}

struct More<S, X> {
    signals: VecDeque<S>,
    stop: Option<X>,
    kill: Option<X>,
    /// How the address was asked to end, and no end was an answer to it yet (C6).
    held: Option<X>,
    /// The stop of a link, told before the first incarnation has begun (C5).
    early: Option<X>,
    /// The incarnation was told to end by who owns it: its end answers nobody else.
    dismissed: bool,
}

/// To whom a stop is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// Whoever lives there: it is held until it was answered (C6).
    Address,
    /// Whoever lives there at that moment.
    Incarnation,
    /// The incarnation of that turn.
    Turn(u32),
    /// The incarnation of that turn, by its supervisor.
    Child(u32),
}

/// What was told to an incarnation that is over. It is the user's, in part, and to be dropped outside of locks.
pub(crate) struct Forgotten<S, X> {
    _more: Option<Box<More<S, X>>>,
    _waker: Option<Waker>,
    _held: Option<X>,
}

impl<S, X> Lane<S, X> {
    fn more(&mut self) -> &mut More<S, X> {
        self.more.get_or_insert_with(|| {
            Box::new(More {
                signals: VecDeque::new(),
                stop: None,
                kill: None,
                held: None,
                early: None,
                dismissed: false,
            })
        })
    }
}

impl<S, X: Clone> Control<S, X> {
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicU32::new(Bits::ABSENT.0),
            lane: Lock::new(Lane {
                waker: None,
                turn: 0,
                has_begun: false,
                more: None,
            }),
        }
    }

    /// What the loop is told at present.
    #[inline(always)]
    pub(crate) fn bits(&self) -> Bits {
        // Acquire pairs with the Release in `set`: what was said before the bit is seen.
        Bits(self.word.load(Ordering::Acquire))
    }

    /// [`bits`](Self::bits) for who only wants to know whether messages are taken, and reads nothing else by it.
    #[inline(always)]
    pub(crate) fn is_refusing(&self) -> bool {
        Bits(self.word.load(Ordering::Relaxed)).has(Bits::REFUSING)
    }

    fn set(&self, bits: Bits) -> Bits {
        // Release pairs with the Acquire in `bits`.
        Bits(self.word.fetch_or(bits.0, Ordering::AcqRel))
    }

    /// Takes bits away. What they said is over, or is being dealt with.
    pub(crate) fn clear(&self, bits: Bits) {
        // AcqRel pairs with `set`: a bit that is set again is set after this.
        self.word.fetch_and(!bits.0, Ordering::AcqRel);
    }

    /// Tells the loop. Returns what it had been told before.
    pub(crate) fn raise(&self, bits: Bits) -> Bits {
        let mut lane = self.lane.lock();
        let (before, waker) = self.raise_locked(&mut lane, bits);
        drop(lane);
        wake(waker);
        before
    }

    /// By C1. The waker is to be called after the lock.
    fn raise_locked(&self, lane: &mut Lane<S, X>, bits: Bits) -> (Bits, Option<Waker>) {
        let bits = bits.with(Bits::ABSENT).with(Bits::TOLD);
        (self.set(bits), lane.waker.take())
    }

    /// Takes bits away, and has the loop look again.
    pub(crate) fn lower(&self, bits: Bits) {
        let mut lane = self.lane.lock();
        self.clear(bits);
        let (_, waker) = self.raise_locked(&mut lane, Bits::NONE);
        drop(lane);
        wake(waker);
    }

    /// The present turn, for [`signal`](Self::signal) and [`To`].
    pub(crate) fn turn(&self) -> u32 {
        self.lane.lock().turn
    }

    /// Queues a signal for a turn, or hands it back if there is nobody to take it any more.
    pub(crate) fn signal(&self, turn: u32, signal: S) -> Result<(), S> {
        let mut lane = self.lane.lock();
        if lane.turn != turn || self.bits().has(Bits::ENDED) {
            return Err(signal);
        }
        lane.more().signals.push_back(signal);
        let (_, waker) = self.raise_locked(&mut lane, Bits::SIGNALS);
        drop(lane);
        wake(waker);
        Ok(())
    }

    /// Asks the loop to stop. The first reason is the one that stays; false says that this was not it.
    pub(crate) fn stop(&self, reason: X, to: To) -> bool {
        let held = (to == To::Address).then(|| reason.clone());
        let mut early = matches!(to, To::Turn(_)).then(|| reason.clone());
        let mut lane = self.lane.lock();
        let told = self.bits();
        let is_late = match to {
            To::Turn(turn) | To::Child(turn) => turn != lane.turn,
            To::Address | To::Incarnation => false,
        };
        if is_late || told.has(Bits::ENDED) {
            return false;
        }
        let not_held = self.hold(&mut lane, told, held);
        lane.more().dismissed |= matches!(to, To::Child(_));
        if early.is_some() && !lane.has_begun && lane.more().early.is_none() {
            lane.more().early = early.take();
        }
        if told.has(Bits::STOP) {
            drop(lane);
            drop(not_held);
            return false;
        }
        lane.more().stop = Some(reason);
        let (_, waker) = self.raise_locked(&mut lane, Bits::STOP);
        drop(lane);
        drop(not_held);
        wake(waker);
        true
    }

    /// Drops the loop at its next poll, to end as `reason` says. The first reason is the one that stays. `hold` says that it
    /// is for whoever lives there.
    pub(crate) fn kill(&self, reason: X, hold: bool) {
        let held = hold.then(|| reason.clone());
        let mut lane = self.lane.lock();
        let told = self.bits();
        if told.has(Bits::ENDED) {
            return;
        }
        let not_held = self.hold(&mut lane, told, held);
        if told.has(Bits::KILL) {
            drop(lane);
            drop((not_held, reason));
            return;
        }
        lane.more().kill = Some(reason);
        let (_, waker) = self.raise_locked(&mut lane, Bits::KILL);
        drop(lane);
        drop(not_held);
        wake(waker);
    }

    /// What rests has ended: nothing holds for it. Gives what was not kept, to be dropped after the lock.
    fn hold(&self, lane: &mut Lane<S, X>, told: Bits, held: Option<X>) -> Option<X> {
        if held.is_none() || told.has(Bits::RESTING) || lane.more().held.is_some() {
            return held;
        }
        lane.more().held = held;
        None
    }

    /// Has nothing new taken, until an incarnation has ended by it (C6).
    pub(crate) fn close(&self) {
        let mut lane = self.lane.lock();
        if self.bits().has(Bits::RESTING.with(Bits::ENDED)) {
            return;
        }
        let (_, waker) = self.raise_locked(&mut lane, Bits::CLOSE);
        drop(lane);
        wake(waker);
    }

    /// How the address, or the first incarnation before it began, was asked to end, and nothing has ended by it yet.
    pub(crate) fn held(&self) -> Option<X> {
        let lane = self.lane.lock();
        let more = lane.more.as_ref()?;
        more.held.as_ref().or(more.early.as_ref()).cloned()
    }

    /// An incarnation ends in an orderly way: that answers what the address was asked (C6), but where it does since its
    /// supervisor said so.
    pub(crate) fn answered(&self) {
        let mut lane = self.lane.lock();
        if lane.more.as_ref().is_some_and(|more| more.dismissed) {
            return;
        }
        let held = self.forgive(&mut lane);
        drop(lane);
        drop(held);
    }

    /// Nothing is taken until it is started again. It has ended, as the address was asked to, if it was.
    pub(crate) fn rest(&self) {
        let mut lane = self.lane.lock();
        let (_, waker) = self.raise_locked(&mut lane, Bits::RESTING);
        let held = self.forgive(&mut lane);
        drop(lane);
        drop(held);
        wake(waker);
    }

    fn forgive(&self, lane: &mut Lane<S, X>) -> Option<X> {
        self.clear(Bits::CLOSE);
        lane.more.as_mut()?.held.take()
    }

    /// Leaves the loop's waker. True says that something was told while there was none, and that the loop is to look (C2).
    #[must_use = "what was told is heard by who looks again"]
    pub(crate) fn register(&self, waker: Waker) -> bool {
        let mut waker = Some(waker);
        let mut lane = self.lane.lock();
        std::mem::swap(&mut lane.waker, &mut waker);
        let told = self.bits().has(Bits::TOLD);
        self.clear(Bits::ABSENT.with(Bits::TOLD));
        drop(lane);
        drop(waker);
        told
    }

    /// Takes the loop's waker back: it would keep the task's memory for as long as there are references.
    pub(crate) fn retire(&self) {
        let mut lane = self.lane.lock();
        let (_, waker) = self.raise_locked(&mut lane, Bits::NONE);
        drop(lane);
        drop(waker);
    }

    pub(crate) fn take_signal(&self) -> Option<S> {
        let mut lane = self.lane.lock();
        let signals = &mut lane.more.as_mut()?.signals;
        let signal = signals.pop_front();
        if signals.is_empty() {
            self.clear(Bits::SIGNALS);
        }
        signal
    }

    /// Why it shall stop. It stays told until [`renew`](Self::renew).
    pub(crate) fn take_stop(&self) -> Option<X> {
        self.lane.lock().more.as_mut()?.stop.take()
    }

    /// Why it is killed.
    pub(crate) fn take_kill(&self) -> Option<X> {
        self.lane.lock().more.as_mut()?.kill.take()
    }

    /// Forgets what an incarnation was told, for the next one. Signals are the old one's: they are dropped. Being frozen
    /// stays, and what holds for the address (C6). The first one has the turn that there was before it, and the stop of a link
    /// that was told then: who was linked to it by then is linked.
    #[must_use = "it is to be dropped outside of locks"]
    pub(crate) fn renew(&self, is_first: bool) -> Forgotten<S, X> {
        self.forget(Bits::NONE, !is_first)
    }

    /// Ends the lane: nothing is queued from here on (C4), and the loop's waker is taken back.
    pub(crate) fn end(&self) {
        drop(self.forget(Bits::ENDED.with(Bits::ABSENT), true));
    }

    fn forget(&self, set: Bits, turns: bool) -> Forgotten<S, X> {
        let gone = Bits::STOP
            .with(Bits::KILL)
            .with(Bits::SIGNALS)
            .with(Bits::OWN);
        let is_end = set.has(Bits::ENDED);
        let mut lane = self.lane.lock();
        let mut more = lane.more.take();
        let held = more.as_mut().and_then(|more| more.held.take());
        let keeps_early = !turns && held.is_none();
        let early = more.as_mut().filter(|_| keeps_early);
        let early = early.and_then(|more| more.early.take());
        let (mut gone, mut set) = (gone, set);
        let mut over = None;
        if is_end {
            gone = gone.with(Bits::CLOSE);
            over = held;
        } else if let Some(stop) = held.clone().or(early) {
            let more = lane.more();
            more.stop = Some(stop);
            more.held = held;
            set = set.with(Bits::STOP);
        }
        lane.has_begun = true;
        lane.turn = lane.turn.wrapping_add(turns.into());
        let waker = match set.has(Bits::ABSENT) {
            true => lane.waker.take(),
            false => None,
        };
        self.clear(gone);
        self.set(set);
        drop(lane);
        Forgotten {
            _more: more,
            _waker: waker,
            _held: over,
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(all(test, aqueduct_loom))]
#[path = "control/tests/loom.rs"]
mod loom;
