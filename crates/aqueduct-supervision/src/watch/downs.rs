//! The ends of what is started again and again, one after the other, to each who wants them all.
//!
//! A [`Lifeline`](super::Lifeline) is of one incarnation. The place in which they follow each other has [`Ends`] beside it,
//! from the first who asks for [`Downs`] on.
//!
//! # Invariants
//!
//! D1. The place tells an end, and makes `Downs`, under one lock of its own, with which it says whether an incarnation lives.
//!     So who comes is either there when that one ends, or is given its end as the first: each end once.
//! D2. An end is put with each who has `Downs`, under the lock, and with it its waker is taken out. Who finds nothing leaves
//!     its waker under that lock. So no wake is lost.
//! D3. Of each, no more than [`KEPT`] ends are kept; the oldest is lost for a new one, and is counted.
//! D4. Wakers are called, and ends dropped, outside of both locks: by [`Told`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use aqueduct_core::coop;
use aqueduct_core::sync::Lock;
use futures_core::Stream;

use super::{Down, MonitorId, ProcessId};
use crate::exit::{Exit, ignore_panic};
use crate::refs::{Arc, Text};

/// How many ends are kept for one who does not come for them.
const KEPT: usize = 64;

/// The ends of all incarnations of something: one [`Down`] for each, in order, and none when nothing will be started again.
/// A [`Stream`] of them.
///
/// Who does not come for them is behind by 64 at most: of more, the oldest are lost, and [counted](Self::missed). So what is
/// kept is bounded, however often something is started again while nobody looks.
#[must_use = "it keeps the ends that nobody asks for"]
pub struct Downs {
    record: Arc<Record>,
    id: MonitorId,
}

/// Owned by the place of what is started again and again: tells its ends to who has [`Downs`]. For those who build such
/// places; a child has one, and an actor.
///
/// When it is dropped, nothing will be started again.
///
/// ```
/// use aqueduct_supervision::exit::Exit;
/// use aqueduct_supervision::watch::{Ends, Lifeline};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let ends = Ends::new(Some("worker".into()));
/// let mut downs = ends.downs(None);
/// for exit in [Exit::Killed, Exit::Normal] {
///     let lifeline = Lifeline::new(Some("worker".into()));
///     drop(ends.tell(lifeline.id(), &exit));
///     lifeline.end(exit);
/// }
/// drop(ends);
/// assert!(matches!(downs.next().await.unwrap().exit, Exit::Killed));
/// assert!(downs.next().await.unwrap().exit.is_normal());
/// assert!(downs.next().await.is_none());
/// # }
/// ```
pub struct Ends {
    record: Arc<Record>,
}

struct Record {
    name: Option<Text>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    /// Nothing will be started again.
    is_over: bool,
    /// By number: so who came first is told first.
    listeners: BTreeMap<MonitorId, Listener>,
}

#[derive(Default)]
struct Listener {
    /// The oldest first.
    ends: VecDeque<(ProcessId, Exit)>,
    missed: u64,
    waker: Option<Waker>,
}

/// Who is to be woken for an end: dropped, it wakes them. It is the users' code, so it is dropped where no lock is held.
#[must_use = "dropped, it wakes who waits; no lock may be held then"]
#[derive(Default)]
pub struct Told {
    wakers: Vec<Waker>,
    /// What was lost to make room.
    lost: Vec<Exit>,
}

impl Ends {
    /// Of something of this name.
    pub fn new(name: Option<Text>) -> Self {
        let record = Record {
            name,
            state: Lock::default(),
        };
        Self {
            record: Arc::new(record),
        }
    }

    /// Of all ends from now on, and of this one before them: that of the last incarnation, where none lives.
    pub fn downs(&self, last: Option<(ProcessId, Exit)>) -> Downs {
        let mut listener = Listener::default();
        listener.ends.extend(last);
        let mut state = self.record.state.lock();
        let id = MonitorId::next();
        state.listeners.insert(id, listener);
        drop(state);
        Downs {
            record: self.record.clone(),
            id,
        }
    }

    /// An incarnation has ended: once for each.
    pub fn tell(&self, id: ProcessId, exit: &Exit) -> Told {
        let mut told = Told::default();
        let mut state = self.record.state.lock();
        for listener in state.listeners.values_mut() {
            if listener.ends.len() == KEPT {
                told.lost.extend(listener.ends.pop_front().map(|it| it.1));
                listener.missed += 1;
            }
            listener.ends.push_back((id, exit.clone()));
            told.wakers.extend(listener.waker.take());
        }
        told
    }

    /// Whether anybody has [`Downs`] of it.
    pub fn is_heard(&self) -> bool {
        !self.record.state.lock().listeners.is_empty()
    }

    #[cfg(not(aqueduct_loom))]
    pub(crate) fn name(&self) -> Option<Text> {
        self.record.name.clone()
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        let mut told = Told::default();
        let mut state = self.record.state.lock();
        state.is_over = true;
        let listeners = state.listeners.values_mut();
        told.wakers
            .extend(listeners.filter_map(|it| it.waker.take()));
        drop(state);
        drop(told);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        for waker in self.wakers.drain(..) {
            ignore_panic(|| waker.wake());
        }
    }
}

impl Downs {
    /// The next end, or none when nothing will be started again.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: an end is taken only by the poll that gives it.
    pub async fn next(&mut self) -> Option<Down> {
        poll_fn(|cx| self.poll_down(cx)).await
    }

    /// Which monitor it is. All its [`Down`]s have the same.
    pub fn id(&self) -> MonitorId {
        self.id
    }

    /// How many ends were lost so far, as this was too far behind.
    pub fn missed(&self) -> u64 {
        let state = self.record.state.lock();
        state.listeners.get(&self.id).map_or(0, |it| it.missed)
    }

    fn poll_down(&mut self, cx: &mut Context<'_>) -> Poll<Option<Down>> {
        let coop = ready!(coop::poll_proceed(cx));
        // A clone, and the waker of before, are the user's: made and dropped outside of the lock.
        let mut waker = Some(cx.waker().clone());
        let polled = self.record.poll(self.id, &mut waker);
        drop(waker);
        let end = ready!(polled);
        coop.made_progress();
        Poll::Ready(end.map(|(id, exit)| Down {
            monitor: self.id,
            id,
            name: self.record.name.clone(),
            exit,
        }))
    }
}

impl Record {
    /// Gives the next end, or leaves the waker, for the one that was there.
    fn poll(&self, id: MonitorId, waker: &mut Option<Waker>) -> Poll<Option<(ProcessId, Exit)>> {
        let mut state = self.state.lock();
        let is_over = state.is_over;
        let listener = state.listeners.get_mut(&id);
        let listener = listener.expect("it is there as long as its `Downs`");
        match listener.ends.pop_front() {
            None if !is_over => {
                std::mem::swap(&mut listener.waker, waker);
                Poll::Pending
            }
            end => Poll::Ready(end),
        }
    }
}

impl Stream for Downs {
    type Item = Down;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Down>> {
        self.poll_down(cx)
    }
}

impl Drop for Downs {
    fn drop(&mut self) {
        let listener = self.record.state.lock().listeners.remove(&self.id);
        ignore_panic(|| drop(listener));
    }
}

impl fmt::Debug for Downs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downs")
            .field("id", &self.id)
            .field("name", &self.record.name)
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends")
            .field("name", &self.record.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told")
            .field("wakers", &self.wakers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
