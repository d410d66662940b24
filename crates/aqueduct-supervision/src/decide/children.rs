//! The children of a supervisor: their places, their order and their states.
//!
//! Children sit in a slab, linked in the order of their start through the slab's indices. So one is added, found by key,
//! found by id, and taken out of the middle in constant time, and its neighbours are one step away. A `Vec` in order
//! would shift all that come after it, which among a million is a millisecond for each end.
//!
//! What is counted over all children is counted when a state changes, so that a look costs nothing.

use std::collections::HashMap;
use std::time::Duration;

use aqueduct_resilience::Delays;
use tokio::time::Instant;

use super::interface::{ChildCount, ChildStatus, ExitClass, Key, Named, Run};
use crate::spec::{ChildId, ChildKind, ChildPolicy, Readiness, Restart, Shutdown};

/// Where a child is in its life. The diagram is in the module above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It does not run, and nothing will start it by itself but a restart of its group.
    Resting,
    /// It was stopped with its group, and will be started with it.
    Held,
    /// It was started, and has not said yet that it is ready. One at a time.
    Starting,
    /// It runs.
    Running,
    /// It has ended by itself, and what is to be done about it is in line.
    Ended(ExitClass),
    /// Its next try is in line, or waits for its time. The token tells it from tries that were called off.
    Restarting { token: u64 },
    /// It was asked to end.
    Stopping,
    /// It was aborted.
    Aborting,
    /// It was aborted and did not end in time. When it does, it rests or is gone.
    Unresponsive(Leftover),
}

/// What is to become of one that is unresponsive, once it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftover {
    Rests,
    IsGone,
}

impl State {
    /// Might anything of it run?
    pub(super) fn is_alive(self) -> bool {
        match self {
            Self::Starting
            | Self::Running
            | Self::Stopping
            | Self::Aborting
            | Self::Unresponsive(_) => true,
            Self::Resting | Self::Held | Self::Ended(_) | Self::Restarting { .. } => false,
        }
    }

    /// OTP's pid, as far as it is one.
    fn status(self, run: Run) -> ChildStatus {
        match self {
            Self::Resting | Self::Held => ChildStatus::Resting,
            Self::Restarting { .. } => ChildStatus::Restarting,
            Self::Starting
            | Self::Running
            | Self::Ended(_)
            | Self::Stopping
            | Self::Aborting
            | Self::Unresponsive(_) => ChildStatus::Running(run),
        }
    }
}

#[derive(Debug)]
pub(super) struct Child {
    id: ChildId,
    kind: ChildKind,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) significant: bool,
    pub(super) readiness: Readiness,
    /// Most have none of it, and there may be a million.
    seldom: Option<Box<Seldom>>,
    state: State,
    pub(super) run: Run,
    /// When this run was ready.
    ready_at: Option<Instant>,
    earlier: Option<u32>,
    later: Option<u32>,
}

#[derive(Debug)]
struct Seldom {
    start_timeout: Option<Duration>,
    delays: Option<Delays>,
}

impl Child {
    fn new(policy: ChildPolicy) -> Self {
        let seldom = Seldom {
            start_timeout: policy.start_timeout,
            delays: policy.backoff.map(|backoff| backoff.delays()),
        };
        let has_seldom = seldom.start_timeout.is_some() || seldom.delays.is_some();
        Self {
            id: policy.id,
            kind: policy.kind,
            restart: policy.restart,
            shutdown: policy.shutdown,
            significant: policy.significant,
            readiness: policy.readiness,
            seldom: has_seldom.then(|| Box::new(seldom)),
            state: State::Resting,
            run: 0,
            ready_at: None,
            earlier: None,
            later: None,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn start_timeout(&self) -> Option<Duration> {
        self.seldom.as_ref()?.start_timeout
    }

    /// How long to wait before the next try: not at all without a back-off.
    pub(super) fn next_delay(&mut self) -> Duration {
        match self.seldom.as_mut().and_then(|s| s.delays.as_mut()) {
            Some(delays) => delays.next_delay(),
            None => Duration::ZERO,
        }
    }

    /// The next delay is a first one.
    pub(super) fn reset_delays(&mut self) {
        if let Some(delays) = self.seldom.as_mut().and_then(|s| s.delays.as_mut()) {
            delays.reset();
        }
    }

    pub(super) fn ready_at(&mut self, now: Instant) {
        self.ready_at = Some(now);
    }

    /// A run that was as long as the supervisor remembers failures was a good one.
    pub(super) fn ran_until(&mut self, now: Instant, memory: Duration) {
        let ready_at = self.ready_at.take();
        if ready_at.is_some_and(|at| now.saturating_duration_since(at) >= memory) {
            self.reset_delays();
        }
    }

    pub(super) fn status(&self) -> ChildStatus {
        self.state.status(self.run)
    }

    pub(super) fn id(&self) -> &ChildId {
        &self.id
    }

    pub(super) fn kind(&self) -> ChildKind {
        self.kind
    }

    /// Is it one that `all` of the significant children waits for?
    fn is_awaited(&self) -> bool {
        self.significant && !matches!(self.state, State::Resting | State::Held)
    }
}

#[derive(Debug, Default)]
pub(super) struct Children {
    places: Vec<Place>,
    free: Option<u32>,
    first: Option<u32>,
    last: Option<u32>,
    /// Not used by a dynamic supervisor, whose children are of one kind and whose ids need not differ.
    by_id: HashMap<ChildId, Key>,
    are_named: bool,
    supervisors: usize,
    workers: usize,
    alive: usize,
    restarting: usize,
    awaited: usize,
}

#[derive(Debug)]
struct Place {
    generation: u32,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Free { next: Option<u32> },
    Taken(Child),
}

impl Children {
    /// Found by their ids, which differ.
    pub(super) fn named() -> Self {
        Self {
            are_named: true,
            ..Self::default()
        }
    }

    /// Found by their keys.
    pub(super) fn nameless() -> Self {
        Self::default()
    }

    /// Adds one, the last to be started, at rest.
    ///
    /// # Panics
    ///
    /// With more than 2³² children.
    pub(super) fn insert(&mut self, policy: ChildPolicy) -> Key {
        let mut child = Child::new(policy);
        child.earlier = self.last;
        let id = self.are_named.then(|| child.id.clone());
        self.count(&child, true);
        let key = self.take_place(child);
        match self.last.replace(key.index) {
            Some(last) => self.at_mut(last).later = Some(key.index),
            None => self.first = Some(key.index),
        }
        if let Some(id) = id {
            self.by_id.insert(id, key);
        }
        key
    }

    fn take_place(&mut self, child: Child) -> Key {
        let Some(index) = self.free else {
            let index = u32::try_from(self.places.len()).expect("fewer than 2^32 children");
            self.places.push(Place {
                generation: 0,
                content: Content::Taken(child),
            });
            return Key {
                index,
                generation: 0,
            };
        };
        let place = &mut self.places[index as usize];
        if let Content::Free { next } = place.content {
            self.free = next;
        }
        place.content = Content::Taken(child);
        Key {
            index,
            generation: place.generation,
        }
    }

    /// Takes one out. Its key names nobody from here.
    pub(super) fn remove(&mut self, key: Key) {
        self.set_state(key, State::Resting);
        let place = &mut self.places[key.index as usize];
        debug_assert_eq!(place.generation, key.generation);
        place.generation = place.generation.wrapping_add(1);
        let freed = Content::Free { next: self.free };
        let Content::Taken(child) = std::mem::replace(&mut place.content, freed) else {
            unreachable!("a child is removed once");
        };
        self.free = Some(key.index);
        match child.earlier {
            Some(earlier) => self.at_mut(earlier).later = child.later,
            None => self.first = child.later,
        }
        match child.later {
            Some(later) => self.at_mut(later).earlier = child.earlier,
            None => self.last = child.earlier,
        }
        self.count(&child, false);
        if self.are_named {
            self.by_id.remove(&child.id);
        }
    }

    pub(super) fn set_state(&mut self, key: Key, state: State) {
        let child = self.get_mut(key);
        let (was, was_awaited) = (child.state, child.is_awaited());
        child.state = state;
        let is_awaited = child.is_awaited();
        let is_restarting = |state| matches!(state, State::Restarting { .. });
        add(&mut self.alive, state.is_alive(), was.is_alive());
        add(
            &mut self.restarting,
            is_restarting(state),
            is_restarting(was),
        );
        add(&mut self.awaited, is_awaited, was_awaited);
    }

    fn count(&mut self, child: &Child, is_there: bool) {
        let kind = match child.kind {
            ChildKind::Supervisor => &mut self.supervisors,
            ChildKind::Worker => &mut self.workers,
        };
        add(kind, is_there, !is_there);
        debug_assert!(
            child.state == State::Resting,
            "no counted state comes or goes"
        );
    }

    /// The child of a key that is known to name one.
    pub(super) fn get(&self, key: Key) -> &Child {
        self.find(key).expect("the key of a child")
    }

    pub(super) fn get_mut(&mut self, key: Key) -> &mut Child {
        debug_assert!(self.find(key).is_some());
        self.at_mut(key.index)
    }

    pub(super) fn find(&self, key: Key) -> Option<&Child> {
        match self.places.get(key.index as usize)? {
            Place {
                generation,
                content: Content::Taken(child),
            } if *generation == key.generation => Some(child),
            _ => None,
        }
    }

    pub(super) fn find_id(&self, id: &ChildId) -> Option<Key> {
        self.by_id.get(id).copied()
    }

    /// Did the key ever name a child?
    pub(super) fn has_issued(&self, key: Key) -> bool {
        self.places.get(key.index as usize).is_some_and(|place| {
            let is_taken = matches!(place.content, Content::Taken(_));
            key.generation < place.generation || (is_taken && key.generation == place.generation)
        })
    }

    pub(super) fn named_of(&self, key: Key) -> Named {
        let child = self.get(key);
        Named {
            key,
            id: child.id.clone(),
            run: child.run,
        }
    }

    pub(super) fn first(&self) -> Option<Key> {
        self.first.map(|index| self.key_at(index))
    }

    pub(super) fn last(&self) -> Option<Key> {
        self.last.map(|index| self.key_at(index))
    }

    pub(super) fn later(&self, key: Key) -> Option<Key> {
        self.get(key).later.map(|index| self.key_at(index))
    }

    pub(super) fn earlier(&self, key: Key) -> Option<Key> {
        self.get(key).earlier.map(|index| self.key_at(index))
    }

    /// How many wait for their next try.
    pub(super) fn restarting(&self) -> usize {
        self.restarting
    }

    /// How many significant ones have not ended for good.
    pub(super) fn awaited(&self) -> usize {
        self.awaited
    }

    pub(super) fn counts(&self) -> ChildCount {
        ChildCount {
            specs: self.supervisors + self.workers,
            active: self.alive,
            supervisors: self.supervisors,
            workers: self.workers,
        }
    }

    /// How many places are taken, by a walk of those that are free, and how many there are.
    #[cfg(test)]
    pub(super) fn places(&self) -> (usize, usize) {
        let next = |index: &u32| match self.places[*index as usize].content {
            Content::Free { next } => next,
            Content::Taken(_) => unreachable!("a place that is taken is not free"),
        };
        let free = std::iter::successors(self.free, next).count();
        (self.places.len() - free, self.places.len())
    }

    #[cfg(test)]
    pub(super) const fn bytes_each() -> usize {
        size_of::<Place>()
    }

    fn key_at(&self, index: u32) -> Key {
        Key {
            index,
            generation: self.places[index as usize].generation,
        }
    }

    fn at_mut(&mut self, index: u32) -> &mut Child {
        match &mut self.places[index as usize].content {
            Content::Taken(child) => child,
            Content::Free { .. } => unreachable!("links lead to children"),
        }
    }
}

fn add(count: &mut usize, is: bool, was: bool) {
    *count = *count + usize::from(is) - usize::from(was);
}
