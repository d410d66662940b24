//! Any number of streams pulled by one task, each under a waker of its own. What [`merge_all`](super::merge_all()) and
//! [`Flow::flat_map_merge`] are made of.
//!
//! ```text
//!            insert                    its turn comes, at the front of the line
//!   vacant ─────────▶ in line ◀──────────────────────────────────────▶ pulled
//!     ▲                  ▲          it said More: to the end of the line     │ it waits
//!     │                  └───────────────────── its waker ──────── waiting ◀─┤
//!     └───────────────────────────────────────────────────────────────────── ┘ it said End
//! ```
//!
//! A pull asks one stream, the one at the front. So the cost of a wake is that of one stream, however many there are,
//! and streams that always have items take turns, a chunk each.
//!
//! # Invariants
//!
//! C1. `Call::queued` is set exactly while the slot's number is in the line. Who sets it puts the number there.
//! C2. It is cleared before the stream is polled, so that a wake during the poll puts it in line again.
//! C3. Before the set says `Pending`, the task's waker is in [`Line`], put there under the lock under which the line was
//!     found empty. Whoever puts a number into the line takes the waker out, and calls it after the lock.
//!
//! # Why not poll all
//!
//! That is `n` polls a wake; `merge` does it for two. A box for each stream is the price: streams cannot be moved once
//! they were polled, and the set grows. A slot keeps its box and its waker for the next stream.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use aqueduct_core::sync::Lock;

use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A set of streams.
pub(super) struct Children<S> {
    slots: Vec<Slot<S>>,
    vacant: Vec<usize>,
    line: Arc<Lock<Line>>,
}

struct Slot<S> {
    flow: Pin<Box<Option<Flow<S>>>>,
    call: Arc<Call>,
    /// Of `call`.
    waker: Waker,
}

/// Which streams are to be asked.
#[derive(Default)]
struct Line {
    numbers: VecDeque<usize>,
    waker: Option<Waker>,
}

/// What wakes the task for one stream.
struct Call {
    number: usize,
    queued: AtomicBool,
    line: Arc<Lock<Line>>,
}

impl Call {
    fn queue(&self) {
        // Pairs with the swap in `poll_pull`: what was done before this wake is seen by the poll that follows it.
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let waker = {
            let mut line = self.line.lock();
            line.numbers.push_back(self.number);
            line.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.queue();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue();
    }
}

impl<S> Children<S> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
            line: Arc::default(),
        }
    }

    /// How many streams have not ended.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Adds a stream, at the end of the line.
    pub(super) fn insert(&mut self, flow: Flow<S>) {
        let number = match self.vacant.pop() {
            Some(number) => {
                self.slots[number].flow.set(Some(flow));
                number
            }
            None => {
                self.push(flow);
                self.slots.len() - 1
            }
        };
        self.slots[number].call.queue();
    }

    fn push(&mut self, flow: Flow<S>) {
        let call = Arc::new(Call {
            number: self.slots.len(),
            queued: AtomicBool::new(false),
            line: Arc::clone(&self.line),
        });
        self.slots.push(Slot {
            flow: Box::pin(Some(flow)),
            waker: Waker::from(Arc::clone(&call)),
            call,
        });
    }

    /// The number of the stream whose turn it is, or `None` after seeing to it that the task is woken.
    fn next_number(&self, cx: &Context<'_>) -> Option<usize> {
        if let Some(number) = self.line.lock().numbers.pop_front() {
            return Some(number);
        }
        // Cloning and dropping wakers is not for under the lock.
        let mut waker = Some(cx.waker().clone());
        let mut line = self.line.lock();
        let number = line.numbers.pop_front();
        if number.is_none() {
            std::mem::swap(&mut line.waker, &mut waker);
        }
        drop(line);
        number
    }
}

impl<S: Source> Children<S> {
    /// Pulls one of the streams. `End` means that there is none.
    pub(super) fn poll_pull<O>(&mut self, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        if self.len() == 0 {
            return Poll::Ready(Pull::End);
        }
        let Some(number) = self.next_number(cx) else {
            return Poll::Pending;
        };
        let slot = &mut self.slots[number];
        // Pairs with the swap in `queue`: what was done before any wake that found it in line is seen by this poll.
        slot.call.queued.swap(false, Ordering::AcqRel);
        let mut flow = slot.flow.as_mut();
        if let Some(flow) = flow.as_mut().as_pin_mut() {
            let mut counted = Counted::up_to(outlet, CHUNK);
            let mut cx = Context::from_waker(&slot.waker);
            match flow.poll_pull(&mut cx, &mut counted) {
                Poll::Ready(Pull::More) => slot.call.queue(),
                Poll::Ready(Pull::End) => {
                    slot.flow.set(None);
                    self.vacant.push(number);
                }
                Poll::Pending => {}
            }
        }
        // The line is looked at by the next pull. A late wake for a stream that has ended costs one, too.
        Poll::Ready(Pull::More)
    }

    /// How many items are left in all of them.
    pub(super) fn size_hint(&self) -> (usize, Option<usize>) {
        let flows = self
            .slots
            .iter()
            .filter_map(|slot| slot.flow.as_ref().get_ref().as_ref());
        flows
            .map(Source::size_hint)
            .fold((0, Some(0)), |sum, hint| {
                let upper = sum.1.zip(hint.1).and_then(|(a, b)| a.checked_add(b));
                (sum.0.saturating_add(hint.0), upper)
            })
    }
}

impl<S: fmt::Debug> fmt::Debug for Children<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flows = self
            .slots
            .iter()
            .filter_map(|slot| slot.flow.as_ref().get_ref().as_ref());
        f.debug_list().entries(flows).finish()
    }
}
