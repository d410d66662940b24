//! Who has what in hand: the memory of the pipeline, which no child takes with it when it dies.
//!
//! ```text
//!   add ─▶ Waiting ──hold──▶ Held ──done──▶ Done
//!            ▲  ▲              │
//!            │  └──put_down────┤        it is passed on, in order: to the next stage, by a channel
//!            └─────give_back───┤        its holder died: it is handed out again
//!                              └──────▶ GivenUp      … so many times that it is the item that kills
//! ```
//!
//! 1. An item that was added is open until it is done or given up; the work is over when none is open.
//! 2. It is done once. What comes later, of somebody who had it before, changes nothing.
//! 3. What is handed out again is so one more *handing out*; there is a most of them for an item.
//! 4. Who holds an item for longer than his patience is overdue. Patience grows with each handing out, so that an item
//!    which only takes long is not taken away from everybody.
//!
//! The book is a value: it knows no channel, no clock and no lock. Those are the [`desk`](crate::desk)'s.
//!
//! # Why not a channel alone
//!
//! What a child has taken out of a channel is nowhere else, and dies with the child.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// All items of one kind. `W` is the work, and `H` those who hold it.
#[derive(Debug)]
pub(crate) struct Book<W, H> {
    items: Vec<Item<W, H>>,
    open: usize,
    again: u64,
    handings_max: u32,
}

/// The number of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(usize);

#[derive(Debug)]
struct Item<W, H> {
    /// None once it is done: only who is late still has it.
    work: Option<Arc<W>>,
    /// How many times it was handed out, this one included.
    handings: u32,
    state: State<H>,
}

#[derive(Debug)]
enum State<H> {
    /// In a channel, or about to be.
    Waiting,
    Held {
        by: H,
        since: Instant,
    },
    Done,
    GivenUp,
}

/// What becomes of an item that was given back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GivenBack<W> {
    /// It is to be handed out again; this is which handing out.
    Again(Arc<W>, u32),
    /// It was handed out too often, and is not any more.
    GivenUp,
    /// It was done, or given up, before.
    Over,
}

/// Somebody who holds an item for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overdue<H> {
    pub(crate) id: Id,
    pub(crate) by: H,
    /// For how long he has it.
    pub(crate) held: Duration,
}

impl<W, H: Clone> Book<W, H> {
    /// An empty one, in which an item is handed out so many times at most.
    pub(crate) fn new(handings_max: u32) -> Self {
        Self {
            items: Vec::new(),
            open: 0,
            again: 0,
            handings_max,
        }
    }

    /// A new item, to be handed out for the first time.
    pub(crate) fn add(&mut self, work: Arc<W>) -> Id {
        let id = Id(self.items.len());
        self.items.push(Item {
            work: Some(work),
            handings: 1,
            state: State::Waiting,
        });
        self.open += 1;
        id
    }

    /// Somebody begins to work on it.
    pub(crate) fn hold(&mut self, id: Id, by: H, now: Instant) {
        let item = &mut self.items[id.0];
        if item.is_open() {
            item.state = State::Held { by, since: now };
        }
    }

    /// Its holder passes it on.
    pub(crate) fn put_down(&mut self, id: Id) {
        let item = &mut self.items[id.0];
        if item.is_open() {
            item.state = State::Waiting;
        }
    }

    /// Who had it is no more, or has failed.
    pub(crate) fn give_back(&mut self, id: Id) -> GivenBack<W> {
        let item = &mut self.items[id.0];
        let work = match &item.work {
            Some(work) if item.is_open() => work.clone(),
            _ => return GivenBack::Over,
        };
        if item.handings >= self.handings_max {
            item.state = State::GivenUp;
            self.open -= 1;
            return GivenBack::GivenUp;
        }
        item.handings += 1;
        item.state = State::Waiting;
        self.again += 1;
        GivenBack::Again(work, item.handings)
    }

    /// All that was to be done with it is done. Whether it was open until now.
    pub(crate) fn done(&mut self, id: Id) -> bool {
        let item = &mut self.items[id.0];
        let is_first = item.is_open();
        if is_first {
            item.state = State::Done;
            item.work = None;
            self.open -= 1;
        }
        is_first
    }

    /// Who has held something for longer than `patience`, times how often it was handed out.
    pub(crate) fn overdue(&self, now: Instant, patience: Duration) -> Vec<Overdue<H>> {
        let overdue = |(at, item): (usize, &Item<W, H>)| match &item.state {
            State::Held { by, since } => {
                let held = now.saturating_duration_since(*since);
                (held > patience.saturating_mul(item.handings)).then(|| Overdue {
                    id: Id(at),
                    by: by.clone(),
                    held,
                })
            }
            State::Waiting | State::Done | State::GivenUp => None,
        };
        self.items.iter().enumerate().filter_map(overdue).collect()
    }

    /// How many items are neither done nor given up.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// How many items there are, and were.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// How many times an item was handed out that had been handed out before.
    pub(crate) fn again(&self) -> u64 {
        self.again
    }

    /// What was given up.
    pub(crate) fn given_up(&self) -> impl Iterator<Item = &Arc<W>> {
        let given_up = |item: &&Item<W, H>| matches!(item.state, State::GivenUp);
        self.items
            .iter()
            .filter(given_up)
            .filter_map(|item| item.work.as_ref())
    }
}

impl<W, H> Item<W, H> {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::Held { .. })
    }
}

#[cfg(test)]
mod tests;
