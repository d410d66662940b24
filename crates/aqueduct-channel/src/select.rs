//! Waiting on many channels at once, where how many and which is known only when the program runs.
//!
//! Where the channels are known when it is compiled, `tokio::select!` does it: every receive and every reserve of this
//! crate is cancel-safe. [`Select`] is for a set that grows and shrinks: a receiver for each connection, an outlet for
//! each worker.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use aqueduct_channel::{Select, mpsc, spsc};
//!
//! enum Event {
//!     Number(usize, Option<u32>),
//!     Word(Option<String>),
//! }
//!
//! let (mut numbers, mut inlets): (Vec<_>, Vec<_>) = (0..3).map(|_| spsc::channel(8)).unzip();
//! let (words, mut word_inlet) = mpsc::channel(8);
//!
//! let mut select = Select::new();
//! for (n, inlet) in inlets.iter_mut().enumerate() {
//!     select.recv(inlet, move |number| Event::Number(n, number));
//! }
//! select.recv(&mut word_inlet, Event::Word);
//!
//! numbers[1].send(7).await.unwrap();
//! words.send("seven".to_owned()).await.unwrap();
//! drop((numbers, words));
//!
//! let (mut received, mut ended) = (Vec::new(), 0);
//! while let Some(event) = select.select().await {
//!     match event {
//!         Event::Number(n, Some(number)) => received.push(format!("{n}: {number}")),
//!         Event::Word(Some(word)) => received.push(word),
//!         Event::Number(_, None) | Event::Word(None) => ended += 1,
//!     }
//! }
//! received.sort();
//! assert_eq!((received, ended), (vec!["1: 7".to_owned(), "seven".to_owned()], 4));
//! # }
//! ```
//!
//! # Cases
//!
//! A case is a channel and a closure. [`select`](Select::select) does what one case is ready for, hands the closure what
//! came of it, and returns what the closure makes of that: a value of the one type that all cases share. So there is
//! no second step, and nothing in it to be mixed up:
//!
//! - The obvious other way, an index that says which case is ready and a call that completes it, must check at run time
//!   that the call is for the channel of the index, and is a trap where others receive from it too: ready is not yet
//!   received. To return the message itself, without a closure, it would have to be a `Box<dyn Any>`.
//! - A set of futures, as `FuturesUnordered`, allocates one for each wait, and gives up a place in line with none of
//!   them. A map of streams polls them all at each wake-up, and knows nothing of sending.
//!
//! To send, a case waits for room and is given a permit ([`reserve`](Select::reserve)). The message need not exist before.
//!
//! A case stays from one event to the next. When its channel has ended the closure is told so, once, and the case is
//! gone: when [`select`](Select::select) says `None` no case is left.
//!
//! # Fairness
//!
//! Strict rotation: each look begins behind the case that was served last. Between two events of one case, every other
//! case that is ready all the time is served once.
//!
//! # Costs
//!
//! A case is allocated when it is added, with its waker and, where others wait in line for the same channel, its place.
//! Waiting allocates nothing. A wake-up has the cases looked at that were woken, not all; an event costs a look at those
//! that may be ready, and at those that have left a line where others wait.
//!
//! # How it waits
//!
//! ```text
//!   channels                 case wakers            Ready                     the task
//!   ┌─────┐  wakes          ┌────────┐   sets    ┌───────────────┐  wakes   ┌────────┐
//!   │ rx  │ ──────────────▶ │ case 3 │ ────────▶ │ woken: ···1·· │ ───────▶ │ select │
//!   └─────┘                 └────────┘           └───────────────┘          └────────┘
//! ```
//!
//! I1. A case that is neither *hot* nor woken has its waker in its channel, or is disabled, or is none: so if it is ready,
//!     it is hot or woken. A case leaves the hot ones only by a look that left its waker behind.
//! I2. Who sets a bit in `woken` notifies the task's wait cell after it; the task arms the cell and then looks for bits.
//! I3. Outside a call of `poll_select` that is pending no case is in a line where others wait: it would keep messages or
//!     room from them. `in_line` has all cases that may be in one.
//!
//! `docs/internals/select.md` has the proof.

mod bits;
mod case;
mod kinds;
mod ready;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use aqueduct_core::barrier::Pace;
use aqueduct_core::sync::Arc;
use futures_core::Stream;

use self::bits::Bits;
use self::case::Case;
pub(crate) use self::case::{Join, Look, Sole};
pub use self::kinds::{Receive, Reserve};
use self::ready::{CaseWaker, Ready};
use crate::blocking::block_on;
use crate::budget::Budget;
use crate::error::{SendError, TryRecvError};
use crate::snooze::Snooze;

/// A set of receive and send cases, of which one at a time is served. See the [module](self).
///
/// `'a` is how long it borrows its channels, `O` what its closures make of what they are given.
pub struct Select<'a, O> {
    slots: Vec<Slot<'a, O>>,
    /// How many slots have a case that is enabled.
    live: usize,
    /// The cases that are to be looked at.
    hot: Bits,
    /// The cases that wait in a line where others wait too.
    in_line: Vec<usize>,
    /// Where the next look begins.
    next: usize,
    ready: Arc<Ready>,
    /// How many events there were since the task last slept.
    events: u64,
    pace: Pace,
    budget: Budget,
}

struct Slot<'a, O> {
    case: Option<Case<'a, O>>,
    enabled: bool,
    /// Tells the cases apart that have been in this slot.
    generation: u32,
    /// How many looks in a row found nothing.
    idle: u8,
    waker: Waker,
}

/// Names a case of the [`Select`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseId {
    slot: usize,
    generation: u32,
}

impl<'a, O> Select<'a, O> {
    /// Creates an empty set.
    pub fn new() -> Self {
        let pace = Pace::new(0);
        Self {
            slots: Vec::new(),
            live: 0,
            hot: Bits::new(),
            in_line: Vec::new(),
            next: 0,
            ready: Arc::new(Ready::new(pace.payer())),
            events: 0,
            pace,
            budget: Budget::default(),
        }
    }

    /// Adds a case that receives: `then` is given what `recv().await` would give.
    ///
    /// The receivers of all kinds can be given by value; those with one owner by `&mut`, those that can be cloned by `&`.
    /// A [`oneshot`](crate::oneshot) is over with its first event, the others when they have ended.
    pub fn recv<R>(&mut self, receiver: R, then: impl FnMut(R::Output) -> O + Send + 'a) -> CaseId
    where
        R: Receive + 'a,
    {
        self.add(receiver.into_case(then))
    }

    /// Adds a case that waits for room for one message: `then` is given a permit for it, or told that the channel is
    /// closed, with which the case is over.
    ///
    /// The permit sends at once and cannot fail. Dropped, it gives the room back, and the case is ready again soon: where
    /// there is nothing to send, [`disable`](Self::disable) the case.
    ///
    /// Senders are given by `&`, those that cannot be cloned by `&mut`. The permit of an [`spsc`](crate::spsc) sender has the
    /// sender for itself, so such a case is over with its first permit. Given by value, the sender comes back from
    /// [`OwnedPermit::send`](crate::spsc::OwnedPermit::send), and can be added again:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_channel::{Select, mpsc};
    ///
    /// let (outlets, mut receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel(1)).unzip();
    /// let mut select = Select::new();
    /// for outlet in &outlets {
    ///     select.reserve(outlet, |permit| permit);
    /// }
    /// for job in ["one", "two", "three"] {
    ///     let permit = select.select().await.expect("there are outlets");
    ///     permit.expect("they are open").send(job); // To whichever has room.
    /// }
    /// for receiver in &mut receivers {
    ///     assert!(receiver.recv().await.is_some());
    /// }
    /// # }
    /// ```
    pub fn reserve<S>(
        &mut self,
        sender: S,
        then: impl FnMut(Result<S::Permit, SendError<()>>) -> O + Send + 'a,
    ) -> CaseId
    where
        S: Reserve + 'a,
    {
        self.add(sender.into_case(then))
    }

    fn add(&mut self, case: Case<'a, O>) -> CaseId {
        let vacant = self.slots.iter().position(|slot| slot.case.is_none());
        let index = vacant.unwrap_or_else(|| {
            let index = self.slots.len();
            self.slots.push(Slot {
                case: None,
                enabled: false,
                generation: 0,
                idle: 0,
                waker: CaseWaker::waker(&self.ready, index),
            });
            index
        });
        let slot = &mut self.slots[index];
        slot.case = Some(case);
        slot.enabled = true;
        slot.idle = 0;
        self.live += 1;
        self.hot.set(index);
        CaseId {
            slot: index,
            generation: slot.generation,
        }
    }

    /// Takes a case out; what it holds of its channel is dropped. Says whether it was there: not one that is over.
    pub fn remove(&mut self, id: CaseId) -> bool {
        let found = self.find(id).is_some();
        if found {
            drop(self.end(id.slot));
        }
        found
    }

    /// Has a case be ignored until it is [enabled](Self::enable) again, in its place in the rotation. Says whether it is
    /// there.
    pub fn disable(&mut self, id: CaseId) -> bool {
        let Some(slot) = self.find(id) else {
            return false;
        };
        if std::mem::replace(&mut slot.enabled, false) {
            if let Some(case) = &mut slot.case {
                case.stand_back();
            }
            self.live -= 1;
            self.hot.clear(id.slot);
        }
        true
    }

    /// Undoes [`disable`](Self::disable). Says whether the case is there.
    pub fn enable(&mut self, id: CaseId) -> bool {
        let Some(slot) = self.find(id) else {
            return false;
        };
        if !std::mem::replace(&mut slot.enabled, true) {
            self.live += 1;
            self.hot.set(id.slot);
        }
        true
    }

    fn find(&mut self, id: CaseId) -> Option<&mut Slot<'a, O>> {
        let slot = self.slots.get_mut(id.slot)?;
        (slot.generation == id.generation && slot.case.is_some()).then_some(slot)
    }

    /// Empties a slot.
    fn end(&mut self, index: usize) -> Option<Case<'a, O>> {
        let slot = &mut self.slots[index];
        slot.generation = slot.generation.wrapping_add(1);
        self.live -= usize::from(slot.enabled);
        self.hot.clear(index);
        slot.case.take()
    }

    /// How many cases there are, the disabled ones too.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.case.is_some()).count()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until a case is ready, and serves it. `None` says that there is none left to wait for: all are over, were
    /// removed or are disabled.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, *yields its place*: a message is taken, and room is promised, only in the poll that returns what the
    /// closure makes of it. Dropped, it leaves all lines it has been waiting in, and what it was given there goes to the
    /// next. The same happens to the other cases when one was served.
    pub fn select(&mut self) -> impl Future<Output = Option<O>> {
        SelectFuture { select: self }
    }

    /// [`select`](Self::select) as a poll.
    ///
    /// If it is pending the cases keep their places in line until the next call: drop the set, or call
    /// [`try_select`](Self::try_select), to leave them.
    pub fn poll_select(&mut self, cx: &mut Context<'_>) -> Poll<Option<O>> {
        if self.live == 0 {
            return Poll::Ready(None);
        }
        ready!(self.budget.poll(cx));
        loop {
            self.ready.drain_into(&mut self.hot);
            // First without getting in line: a busy set never does.
            let mut served = self.sweep(Depth::Look, &mut false);
            if served.is_none() {
                served = self.sweep(Depth::Join, &mut false);
            }
            if let Some(output) = served {
                self.stand_back();
                self.events += 1;
                self.budget.spend();
                return Poll::Ready(Some(output));
            }
            let events = std::mem::take(&mut self.events);
            ready!(self.ready.poll(cx, &mut self.pace, events));
        }
    }

    /// Serves a case that is ready now.
    ///
    /// # Errors
    ///
    /// `Empty` if none is ready, `Disconnected` if there is none to wait for either.
    pub fn try_select(&mut self) -> Result<O, TryRecvError> {
        self.stand_back();
        let mut snooze = Snooze::new();
        loop {
            // All of them: one that was woken in this moment may not have said so yet.
            for (index, slot) in self.slots.iter().enumerate() {
                if slot.case.is_some() && slot.enabled {
                    self.hot.set(index);
                }
            }
            let mut lagging = false;
            if let Some(output) = self.sweep(Depth::Try, &mut lagging) {
                return Ok(output);
            }
            if !lagging {
                break;
            }
            snooze.snooze();
        }
        Err(match self.live {
            0 => TryRecvError::Disconnected,
            _ => TryRecvError::Empty,
        })
    }

    /// [`select`](Self::select) on a thread that may sleep.
    ///
    /// # Panics
    ///
    /// On a thread that is driving async tasks.
    #[track_caller]
    pub fn blocking_select(&mut self) -> Option<O> {
        block_on(self.select())
    }

    /// Looks at the hot cases, in rotation, until one is ready, and serves it. Says in `lagging` whether one of them will
    /// be in a moment.
    fn sweep(&mut self, depth: Depth, lagging: &mut bool) -> Option<O> {
        let start = self.next;
        for (mut at, end) in [(start, self.slots.len()), (0, start)] {
            while let Some(index) = self.hot.first_in(at, end) {
                at = index + 1;
                match self.visit(index, depth) {
                    Look::Ready(output) => {
                        self.next = at;
                        return Some(output);
                    }
                    Look::Last(output) => {
                        self.next = at;
                        drop(self.end(index));
                        return Some(output);
                    }
                    Look::Lagging => *lagging = true,
                    Look::Nothing => {}
                }
            }
        }
        None
    }

    fn visit(&mut self, index: usize, depth: Depth) -> Look<O> {
        let slot = &mut self.slots[index];
        let Some(case) = slot.case.as_mut().filter(|_| slot.enabled) else {
            // Woken late.
            self.hot.clear(index);
            return Look::Nothing;
        };
        let mut cx = Context::from_waker(&slot.waker);
        let joins = match depth {
            Depth::Try => false,
            Depth::Look => slot.idle >= PATIENCE && !case.is_shared(),
            Depth::Join => true,
        };
        let look = if joins {
            case.join(&mut cx)
        } else {
            case.look(&mut cx)
        };
        if matches!(look, Look::Ready(_) | Look::Last(_)) {
            slot.idle = 0;
            return look;
        }
        slot.idle = slot.idle.saturating_add(1);
        if joins {
            // I1: its waker is there.
            self.hot.clear(index);
            if case.is_shared() {
                self.in_line.push(index);
            }
        }
        look
    }

    /// Leaves all lines in which others wait.
    fn stand_back(&mut self) {
        for index in self.in_line.drain(..) {
            let slot = &mut self.slots[index];
            if let Some(case) = &mut slot.case
                && case.stand_back()
                && slot.enabled
            {
                // I1: its waker is there no more.
                self.hot.set(index);
            }
        }
    }
}

/// How far a sweep goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Takes what is there.
    Try,
    /// Takes what is there. A case that was idle for long enough, and has no line to share, waits to be woken.
    Look,
    /// Takes what is there, or waits.
    Join,
}

/// How often a case is looked at in vain before it waits to be woken while others are busy.
///
/// Being woken costs several looks; but a large set of mostly idle cases must not be looked at for every event.
const PATIENCE: u8 = if cfg!(aqueduct_loom) { 0 } else { 8 };

struct SelectFuture<'s, 'a, O> {
    select: &'s mut Select<'a, O>,
}

impl<O> Future for SelectFuture<'_, '_, O> {
    type Output = Option<O>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O>> {
        self.select.poll_select(cx)
    }
}

impl<O> Drop for SelectFuture<'_, '_, O> {
    fn drop(&mut self) {
        self.select.stand_back();
    }
}

impl<O> Stream for Select<'_, O> {
    type Item = O;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O>> {
        self.poll_select(cx)
    }
}

impl<O> Default for Select<'_, O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O> fmt::Debug for Select<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("len", &self.len())
            .field("enabled", &self.live)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
