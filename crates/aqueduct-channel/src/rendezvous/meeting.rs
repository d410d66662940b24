//! Who offers, who waits, and who was called: all that a rendezvous knows, under one lock.
//!
//! # Invariants
//!
//! I1. As many receivers are called as there are offers in line, or all of them: `called = min(offered, called + waiting)`.
//!     So every offer beyond the called ones is a newcomer's to take, and then nobody waits uncalled.
//! I2. An offer holds its value while it is in line or refused, and not when it was taken.
//! I3. Who has a key removes its node; nobody else does. Handed offers have no owner and go when they are taken.
//! I4. Once closed, only handed offers are in line.
//! I5. Nothing of the user's runs in here: wakers come in cloned, and leave to be called or dropped after the lock.

use std::task::Waker;

use aqueduct_core::wake_batch::WakeBatch;

use super::line::{Key, Line, Nodes};
use crate::pop::Pop;
use crate::stats::Stats;

#[derive(Debug)]
pub(super) struct Meeting<T> {
    offers: Nodes<Offer<T>>,
    offered: Line,
    seats: Nodes<Seat>,
    called: Line,
    waiting: Line,
    closed: bool,
    /// How many of the offers in line are handed ones.
    handed: usize,
    handed_max: usize,
    taken: u64,
}

/// A sender's place.
#[derive(Debug)]
struct Offer<T> {
    state: OfferState,
    value: Option<T>,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfferState {
    /// In line, and its sender waits.
    Owned,
    /// In line, from a sender that did not wait.
    Handed,
    /// A receiver has the value.
    Taken,
    /// The channel was closed.
    Refused,
}

/// A receiver's place.
#[derive(Debug)]
struct Seat {
    state: SeatState,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SeatState {
    Waiting,
    /// There is an offer for it.
    Called,
    /// There will be no offer.
    Ended,
}

/// What a waiter found when it looked at its place.
#[derive(Debug)]
pub(super) enum Look<R> {
    /// Its place is gone.
    Done(R),
    Waits,
    /// It waits, but the waker in its place is not the caller's; come back with a clone.
    NeedsWaker,
}

/// Whom to call after the lock.
pub(super) type Call = Option<Waker>;

/// What a receiver found, and what it is to do about it after the lock.
#[derive(Debug)]
#[must_use]
pub(super) struct Found<T> {
    pub(super) pop: Pop<T>,
    pub(super) call: Call,
    /// It took the last of a closed channel, and there are receivers that wait to be told.
    pub(super) was_last: bool,
}

impl<T> Meeting<T> {
    pub(super) fn new() -> Self {
        Self {
            offers: Nodes::new(),
            offered: Line::new(),
            seats: Nodes::new(),
            called: Line::new(),
            waiting: Line::new(),
            closed: false,
            handed: 0,
            handed_max: 0,
            taken: 0,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Puts a value in line, for a sender that waits.
    ///
    /// # Errors
    ///
    /// The value and the waker, if the channel is closed.
    pub(super) fn offer(&mut self, value: T, waker: Waker) -> Result<(Key, Call), (T, Waker)> {
        if self.closed {
            return Err((value, waker));
        }
        let key = self.offers.insert(Offer {
            state: OfferState::Owned,
            value: Some(value),
            waker: Some(waker),
        });
        self.offered.push_back(&mut self.offers, key);
        Ok((key, self.call()))
    }

    /// Puts a value in line for a receiver that waits and was not called yet, from a sender that does not wait.
    ///
    /// # Errors
    ///
    /// The value, if there is no such receiver.
    pub(super) fn hand(&mut self, value: T) -> Result<Call, T> {
        if self.closed || self.waiting.is_empty() {
            return Err(value);
        }
        let key = self.offers.insert(Offer {
            state: OfferState::Handed,
            value: Some(value),
            waker: None,
        });
        self.offered.push_back(&mut self.offers, key);
        self.handed += 1;
        self.handed_max = self.handed_max.max(self.handed);
        Ok(self.call())
    }

    /// What became of an offer: taken, or its value comes back.
    pub(super) fn look_at_offer(
        &mut self,
        key: Key,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> Look<Option<T>> {
        let offer = self.offers.get(key);
        match offer.state {
            OfferState::Taken | OfferState::Refused => Look::Done(self.offers.remove(key).value),
            OfferState::Owned | OfferState::Handed => renew(&mut offer.waker, waker, fresh),
        }
    }

    /// A sender goes away from its offer, with the value if that was not taken.
    pub(super) fn withdraw_offer(&mut self, key: Key) -> (Option<T>, Option<Waker>) {
        if self.offers.get(key).state == OfferState::Owned {
            self.offered.unlink(&mut self.offers, key);
            self.uncall();
        }
        let offer = self.offers.remove(key);
        (offer.value, offer.waker)
    }

    /// Takes an offer that no receiver was called for.
    pub(super) fn take_free(&mut self) -> Found<T> {
        let free = self.offered.len() > self.called.len();
        free.then(|| self.take()).flatten().unwrap_or_else(|| {
            let pop = if self.is_over() {
                Pop::Ended
            } else {
                Pop::Empty
            };
            Found {
                pop,
                call: None,
                was_last: false,
            }
        })
    }

    /// Takes the oldest offer, whoever was called for it.
    pub(super) fn take(&mut self) -> Option<Found<T>> {
        let key = self.offered.front()?;
        self.offered.unlink(&mut self.offers, key);
        self.taken += 1;
        let offer = self.offers.get(key);
        let (value, call) = if offer.state == OfferState::Handed {
            self.handed -= 1;
            (self.offers.remove(key).value, None)
        } else {
            offer.state = OfferState::Taken;
            (offer.value.take(), offer.waker.take())
        };
        Some(Found {
            pop: Pop::Value(value.expect("I2: an offer in line has its value")),
            call,
            was_last: self.is_over() && !self.waiting.is_empty(),
        })
    }

    /// Takes a seat, for a receiver that found no free offer.
    pub(super) fn sit_down(&mut self, waker: Waker) -> Key {
        let key = self.seats.insert(Seat {
            state: SeatState::Waiting,
            waker: Some(waker),
        });
        self.waiting.push_back(&mut self.seats, key);
        key
    }

    /// Takes an offer if this seat was called, and leaves it.
    pub(super) fn look_at_seat(
        &mut self,
        key: Key,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> Look<Found<T>> {
        let seat = self.seats.get(key);
        match seat.state {
            SeatState::Waiting => renew(&mut seat.waker, waker, fresh),
            SeatState::Ended => {
                self.seats.remove(key);
                Look::Done(self.take_free())
            }
            SeatState::Called => {
                self.called.unlink(&mut self.seats, key);
                self.seats.remove(key);
                let found = self.take();
                Look::Done(found.expect("I1: there is an offer for who was called"))
            }
        }
    }

    /// A receiver goes away from its seat. Returns whom to call instead of it, and its own waker.
    pub(super) fn leave_seat(&mut self, key: Key) -> (Call, Option<Waker>) {
        match self.seats.get(key).state {
            SeatState::Waiting => self.waiting.unlink(&mut self.seats, key),
            SeatState::Called => self.called.unlink(&mut self.seats, key),
            SeatState::Ended => {}
        }
        let waker = self.seats.remove(key).waker;
        (self.call(), waker)
    }

    /// Restores I1 where an offer came or a called receiver went.
    fn call(&mut self) -> Call {
        if self.called.len() >= self.offered.len() {
            return None;
        }
        let key = self.waiting.front()?;
        self.waiting.unlink(&mut self.seats, key);
        self.called.push_back(&mut self.seats, key);
        let seat = self.seats.get(key);
        seat.state = SeatState::Called;
        seat.waker.take()
    }

    /// Restores I1 where an offer went: the last that was called waits again, before all others.
    fn uncall(&mut self) {
        if self.called.len() <= self.offered.len() {
            return;
        }
        if let Some(key) = self.called.back() {
            self.called.unlink(&mut self.seats, key);
            self.waiting.push_front(&mut self.seats, key);
            // Its waker was called, so that it looks again, and leaves its waker again.
            self.seats.get(key).state = SeatState::Waiting;
        }
    }

    /// Forbids new offers. Says whether it was the first to do so.
    pub(super) fn close(&mut self) -> bool {
        !std::mem::replace(&mut self.closed, true)
    }

    /// Tells those in line that the channel was closed, as many as the batch holds. Says whether there are more.
    pub(super) fn turn_away(&mut self, batch: &mut WakeBatch) -> bool {
        let mut next = self.offered.front();
        while let Some(key) = next {
            if batch.is_full() {
                return true;
            }
            next = self.offered.after(&self.offers, key);
            let offer = self.offers.get(key);
            if offer.state == OfferState::Owned {
                offer.state = OfferState::Refused;
                offer.waker.take().into_iter().for_each(|w| batch.push(w));
                self.offered.unlink(&mut self.offers, key);
                self.uncall();
            }
        }
        self.end_seats(batch)
    }

    /// Tells receivers of the end, if it has come, as many as the batch holds. Says whether there are more.
    pub(super) fn end_seats(&mut self, batch: &mut WakeBatch) -> bool {
        if !self.is_over() {
            return false;
        }
        while let Some(key) = self.waiting.front() {
            if batch.is_full() {
                return true;
            }
            self.waiting.unlink(&mut self.seats, key);
            let seat = self.seats.get(key);
            seat.state = SeatState::Ended;
            seat.waker.take().into_iter().for_each(|w| batch.push(w));
        }
        false
    }

    /// Whether nothing is in line and nothing will come.
    fn is_over(&self) -> bool {
        self.closed && self.offered.is_empty()
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            sent: self.taken + self.handed as u64,
            received: self.taken,
            dropped: 0,
            len: self.handed,
            len_max: self.handed_max,
            senders_waiting: self.offered.len() - self.handed,
            receivers_waiting: self.called.len() + self.waiting.len(),
        }
    }
}

/// Makes sure that the right task will be woken.
fn renew<R>(held: &mut Option<Waker>, waker: &Waker, fresh: &mut Option<Waker>) -> Look<R> {
    if held.as_ref().is_some_and(|held| held.will_wake(waker)) {
        return Look::Waits;
    }
    if fresh.is_none() {
        return Look::NeedsWaker;
    }
    // The one before goes out to be dropped after the lock.
    std::mem::swap(held, fresh);
    Look::Waits
}
