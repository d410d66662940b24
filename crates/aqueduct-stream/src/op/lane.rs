//! The bounded queue of a consumer that shares its source with others.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use aqueduct_core::sync::Lock;

use super::hub::{Hub, Turn};
use crate::source::{CHUNK, Outlet, Pull};

/// A queue, and where its consumer waits.
pub(super) struct Lane<T> {
    seat: usize,
    capacity: usize,
    state: Lock<State<T>>,
    /// How many lanes of the hub are full.
    full: Arc<AtomicUsize>,
}

struct State<T> {
    queue: VecDeque<T>,
    /// How many have been taken out of the queue and not been given on yet, so that some may come back.
    out: usize,
    /// Its consumer is no more.
    is_gone: bool,
    /// Nothing will come.
    is_done: bool,
}

/// What became of an item.
pub(super) struct Pushed {
    /// It is alone in the queue: its consumer may wait.
    pub(super) is_first: bool,
    /// There is no room for another.
    pub(super) is_full: bool,
}

impl<T> Lane<T> {
    pub(super) fn new(seat: usize, capacity: usize, full: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            seat,
            capacity,
            state: Lock::new(State {
                queue: VecDeque::new(),
                out: 0,
                is_gone: false,
                is_done: false,
            }),
            full: Arc::clone(full),
        })
    }

    pub(super) fn seat(&self) -> usize {
        self.seat
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state.lock().is_gone
    }

    /// Says that nothing will come.
    pub(super) fn finish(&self) {
        self.state.lock().is_done = true;
    }

    /// Appends an item; there must be room. Without a consumer it is dropped.
    pub(super) fn push(&self, item: T) -> Pushed {
        let mut state = self.state.lock();
        if state.is_gone {
            drop(state);
            drop(item);
            return Pushed {
                is_first: false,
                is_full: false,
            };
        }
        let is_first = state.queue.is_empty();
        state.queue.push_back(item);
        let is_full = state.len() == self.capacity;
        if is_full {
            // Read by who holds the hub's work, after its lock or this one: so it needs no order of its own.
            self.full.fetch_add(1, Ordering::Relaxed);
        }
        Pushed { is_first, is_full }
    }

    /// Gives on what is there, and says how many. `None` is the end.
    fn give<O>(&self, buffer: &mut VecDeque<T>, outlet: &mut O) -> Option<usize>
    where
        O: Outlet<T> + ?Sized,
    {
        let limit = outlet.room().min(CHUNK);
        {
            let mut state = self.state.lock();
            if state.queue.is_empty() {
                return (!state.is_done).then_some(0);
            }
            if state.queue.len() <= limit {
                std::mem::swap(&mut state.queue, buffer);
            } else {
                buffer.extend(state.queue.drain(..limit));
            }
            state.out = buffer.len();
        }
        let count = buffer.len();
        while let Some(item) = buffer.pop_front() {
            if outlet.push(item).is_break() {
                break;
            }
        }
        let given = count - buffer.len();
        let mut state = self.state.lock();
        self.changes(&mut state, |state| {
            state.out = 0;
            while let Some(item) = buffer.pop_back() {
                state.queue.push_front(item);
            }
        });
        Some(given)
    }

    /// Drops what is there, and whatever comes.
    fn close(&self) {
        let mut queue = VecDeque::new();
        let mut state = self.state.lock();
        self.changes(&mut state, |state| {
            state.is_gone = true;
            state.out = 0;
            std::mem::swap(&mut state.queue, &mut queue);
        });
        drop(state);
        drop(queue);
    }

    /// Makes room, and counts.
    fn changes(&self, state: &mut State<T>, change: impl FnOnce(&mut State<T>)) {
        let was_full = state.len() == self.capacity;
        change(state);
        if was_full && state.len() < self.capacity {
            self.full.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<T> State<T> {
    fn len(&self) -> usize {
        self.queue.len() + self.out
    }
}

/// What is pulled by all of a hub's consumers.
pub(super) trait Work {
    /// What pulling needs to know beside.
    type Beside: ?Sized;

    /// Pulls up to so many items and puts them into lanes, of which none is full. Notes in `touched` who may have to be woken.
    fn poll_deal(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
        beside: &Self::Beside,
        touched: &mut Vec<usize>,
    ) -> Poll<Pull>;
}

/// A consumer of a hub: its lane, and a buffer that is empty between pulls.
pub(super) struct Consumer<T> {
    lane: Arc<Lane<T>>,
    buffer: VecDeque<T>,
}

impl<T> Consumer<T> {
    pub(super) fn new(lane: Arc<Lane<T>>) -> Self {
        Self {
            lane,
            buffer: VecDeque::new(),
        }
    }

    /// Gives on what is in the lane; if there is nothing, pulls.
    pub(super) fn poll_pull<W, O>(
        &mut self,
        hub: &Hub<W>,
        beside: &W::Beside,
        cx: &mut Context<'_>,
        outlet: &mut O,
    ) -> Poll<Pull>
    where
        W: Work,
        O: Outlet<T> + ?Sized,
    {
        let seat = self.lane.seat;
        if let Some(pull) = self.give(hub, outlet) {
            return Poll::Ready(pull);
        }
        hub.bell().sit(seat, cx.waker());
        if let Some(pull) = self.give(hub, outlet) {
            return Poll::Ready(pull);
        }
        let mut out = match hub.turn(seat) {
            Turn::Mine(out) => out,
            Turn::NotMine => return Poll::Pending,
            Turn::Over => return Poll::Ready(self.give(hub, outlet).unwrap_or(Pull::End)),
        };
        if self.some_lane_is_full() {
            out.block();
            if self.some_lane_is_full() {
                out.put_back_unused();
                return Poll::Pending;
            }
        }
        let limit = outlet.room().min(CHUNK);
        let mut touched = Vec::new();
        let mut cx = Context::from_waker(hub.waker());
        let pulled = out.work().poll_deal(&mut cx, limit, beside, &mut touched);
        out.put_back(pulled);
        touched.retain(|touched| *touched != seat);
        if !touched.is_empty() {
            hub.bell().ring(touched);
        }
        match self.give(hub, outlet) {
            Some(pull) => Poll::Ready(pull),
            None => pulled,
        }
    }

    /// What to say if something was given on, or never will be.
    fn give<W, O>(&mut self, hub: &Hub<W>, outlet: &mut O) -> Option<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        match self.lane.give(&mut self.buffer, outlet) {
            Some(0) => None,
            Some(_) => {
                hub.took();
                Some(Pull::More)
            }
            None => Some(Pull::End),
        }
    }

    fn some_lane_is_full(&self) -> bool {
        self.lane.full.load(Ordering::Relaxed) > 0
    }

    /// Frees the others of what this one held up.
    pub(super) fn leave<W>(&self, hub: &Hub<W>) {
        self.lane.close();
        hub.took();
        hub.bell().leave(self.lane.seat);
    }
}
