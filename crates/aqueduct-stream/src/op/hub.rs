//! A source that several consumers share, without a task of its own: whoever is polled pulls it.
//!
//! ```text
//!                 turn                                        put_back
//!   here ─────────────────────▶ out, with one consumer ──────────────────▶ here
//!                                  │ the source ended    │ it panicked
//!                                  ▼                     ▼
//!                                 over                panicked
//! ```
//!
//! The source and what deals out its items (the *work*) is taken out of the hub by the consumer that pulls, and put back
//! afterwards. So nothing of the user's runs under a lock: the source's poll has the source to itself because nobody
//! else has it.
//!
//! The source is polled under a waker of the hub's own, the [`Bell`], which wakes every consumer that waits: any of them may
//! have gone away meanwhile.
//!
//! # Invariants
//!
//! H1. A consumer that says `Pending` has sat down at the bell before it looked for the last time, and one of these holds:
//!     the last pull said `Pending` (`parked`); somebody else had the work (`missed`); a queue was full (`blocked`).
//! H2. Who puts the work back rings if somebody missed it, and if its pull said `Ready` where the one before said
//!     `Pending`: those who wait rely on a wake that the source need not give any more.
//! H3. Who takes from a queue clears `blocked`, and rings if it was set. Who finds a queue full sets it, then looks again.
//! H4. The phase is `panicked` before the work is dropped by a panic, and `over` after it has been dropped by an end, also if
//!     its destructor panics.
//!
//! # Why not a lock around the source
//!
//! It would be held while the source is polled and while closures of the user's run, and a consumer on another thread
//! would block its thread for as long.

use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use aqueduct_core::sync::Lock;

use crate::source::Pull;

/// Where consumers wait.
#[derive(Default)]
pub(super) struct Bell {
    seats: Lock<Seats>,
}

#[derive(Default)]
struct Seats {
    wakers: Vec<Option<Waker>>,
    vacant: Vec<usize>,
}

impl Bell {
    /// A place for one more consumer.
    pub(super) fn seat(&self) -> usize {
        let mut seats = self.seats.lock();
        if let Some(seat) = seats.vacant.pop() {
            return seat;
        }
        seats.wakers.push(None);
        seats.wakers.len() - 1
    }

    /// Gives a place up.
    pub(super) fn leave(&self, seat: usize) {
        let waker = {
            let mut seats = self.seats.lock();
            seats.vacant.push(seat);
            seats.wakers[seat].take()
        };
        drop(waker);
    }

    /// Sees to it that the next ring wakes a consumer.
    pub(super) fn sit(&self, seat: usize, waker: &Waker) {
        // Cloning and dropping wakers is not for under the lock.
        let mut waker = Some(waker.clone());
        std::mem::swap(&mut self.seats.lock().wakers[seat], &mut waker);
    }

    /// Wakes who waits on these places.
    pub(super) fn ring(&self, seats: impl IntoIterator<Item = usize>) {
        let wakers: Vec<Waker> = {
            let mut all = self.seats.lock();
            let wakers = seats.into_iter().filter_map(|seat| all.wakers[seat].take());
            wakers.collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes everybody who waits, but one.
    fn ring_others(&self, but: usize) {
        let wakers: Vec<Waker> = {
            let mut all = self.seats.lock();
            let others = all.wakers.iter_mut().enumerate();
            let others = others.filter(|(seat, _)| *seat != but);
            others.filter_map(|(_, waker)| waker.take()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn ring_all(&self) {
        self.ring_others(usize::MAX);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring_all();
    }
}

/// A source that is shared, with what deals out its items.
pub(super) struct Hub<W> {
    bell: Arc<Bell>,
    /// Of the bell.
    waker: Waker,
    state: Lock<State<W>>,
}

struct State<W> {
    phase: Phase,
    /// None while a consumer has it, and when it is over.
    work: Option<W>,
    parked: bool,
    missed: bool,
    blocked: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Running,
    Over,
    Panicked,
}

/// What a consumer finds that wants to pull.
pub(super) enum Turn<'a, W> {
    /// It is to pull.
    Mine(Out<'a, W>),
    /// Another does, and will ring.
    NotMine,
    /// The source has ended. What came before is in the queues.
    Over,
}

/// The work, taken out of the hub. Dropped by a panic, it tells the others.
pub(super) struct Out<'a, W> {
    hub: &'a Hub<W>,
    seat: usize,
    work: Option<W>,
}

impl<W> Hub<W> {
    pub(super) fn new(bell: Arc<Bell>, work: W) -> Self {
        Self {
            waker: Waker::from(Arc::clone(&bell)),
            bell,
            state: Lock::new(State {
                phase: Phase::Running,
                work: Some(work),
                parked: false,
                missed: false,
                blocked: false,
            }),
        }
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// What the source is to be polled under.
    pub(super) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Takes the work, for a consumer that sits at the bell and has found nothing in its queue.
    ///
    /// # Panics
    ///
    /// If the source has panicked.
    pub(super) fn turn(&self, seat: usize) -> Turn<'_, W> {
        let mut state = self.state.lock();
        match (state.phase, state.work.take()) {
            (Phase::Over, _) => Turn::Over,
            (Phase::Running, Some(work)) => Turn::Mine(Out {
                hub: self,
                seat,
                work: Some(work),
            }),
            (Phase::Running, None) => {
                state.missed = true;
                Turn::NotMine
            }
            (Phase::Panicked, _) => {
                drop(state);
                tell_panic()
            }
        }
    }

    /// To be called where a queue says that nothing will come, before that is called an end: the work may have gone down
    /// with its queues.
    ///
    /// # Panics
    ///
    /// If the source has panicked.
    pub(super) fn assert_ended_well(&self) {
        let phase = self.state.lock().phase;
        if phase == Phase::Panicked {
            tell_panic();
        }
    }

    /// Something was taken from a queue, or a queue is no more.
    pub(super) fn took(&self) {
        let blocked = std::mem::take(&mut self.state.lock().blocked);
        if blocked {
            self.bell.ring_all();
        }
    }
}

#[cold]
fn tell_panic() -> ! {
    panic!("the source panicked when another consumer pulled it")
}

impl<W> Out<'_, W> {
    pub(super) fn work(&mut self) -> &mut W {
        self.work
            .as_mut()
            .expect("it is there until it is put back")
    }

    /// Says that a queue is full. Then it has to be looked at again (H3).
    pub(super) fn block(&self) {
        self.hub.state.lock().blocked = true;
    }

    /// Puts the work back, without a pull.
    pub(super) fn put_back_unused(mut self) {
        let missed = {
            let mut state = self.hub.state.lock();
            state.work = self.work.take();
            std::mem::take(&mut state.missed)
        };
        if missed {
            self.hub.bell.ring_others(self.seat);
        }
    }

    /// Puts the work back after a pull, or ends it.
    pub(super) fn put_back(mut self, pulled: Poll<Pull>) {
        let work = self.work.take();
        if pulled == Poll::Ready(Pull::End) {
            // Before the work, so that it is dropped after it.
            let ending = Ending {
                hub: self.hub,
                seat: self.seat,
            };
            drop(work);
            drop(ending);
            return;
        }
        let rings = {
            let mut state = self.hub.state.lock();
            state.work = work;
            let parked = std::mem::replace(&mut state.parked, pulled.is_pending());
            std::mem::take(&mut state.missed) || (parked && pulled.is_ready())
        };
        if rings {
            self.hub.bell.ring_others(self.seat);
        }
    }
}

/// Ends the hub when the work has been dropped, also if that panicked: the source has ended all the same.
struct Ending<'a, W> {
    hub: &'a Hub<W>,
    seat: usize,
}

impl<W> Drop for Ending<'_, W> {
    fn drop(&mut self) {
        self.hub.state.lock().phase = Phase::Over;
        self.hub.bell.ring_others(self.seat);
    }
}

impl<W> Drop for Out<'_, W> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.hub.state.lock().phase = Phase::Panicked;
            self.hub.bell.ring_all();
            drop(work);
        }
    }
}
