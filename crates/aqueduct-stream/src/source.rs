//! What a stream is made of: something that gives items, and something that takes them.
//!
//! ```text
//!   poll_pull ────────────────────────────────────────────────▶
//!   terminal        operator          operator           source
//!   (an Outlet) ◀── (its Outlet) ◀─── (its Outlet) ◀──── a run of items
//!                            push, push, push …
//! ```
//!
//! A pull goes up to the source, by one call an operator; the run of items that it brings comes down by one call an item
//! an operator, which the compiler melts into one loop. So an operator without a state of its own has no buffer either,
//! and nothing is on its way between two calls.
//!
//! # Invariants
//!
//! Of each source:
//!
//! P1. In one call it pushes at most [`CHUNK`] items, and at most as many as the outlet had [`room`](Outlet::room) for
//!     when the call began. After a push that said [`Break`](ControlFlow::Break) it pushes no other.
//!
//! P2. It takes from where it has its items from no more than it pushes. What it has to hold back (a batch that fills, the
//!     head of a pair, the rest of a chunk that was received in one go and broken off) its documentation counts.
//!
//! P3. What was pushed has been handed over, whatever the call then returns: `Pending` does not mean that there was nothing.
//!
//! P4. It never waits for more while it has something to push: a chunk is not held back to be filled.
//!
//! P5. It returns [`Pull::More`] if it can go on at once, with or without having pushed. It never loops until it has
//!     something, however little is left over by a filter: the loop is its caller's, who spends the budget for it (P7).
//!
//! P6. After [`Pull::End`] it is not asked again, but by an operator that says so.
//!
//! Of each that has a loop, which is every terminal and every boundary, and no operator:
//!
//! P7. Each pull takes a unit of Tokio's coop budget. So a unit is at most [`CHUNK`] items, and a task that has had its share
//!     yields, whatever its stream is made of. A pull that brought nothing gives its unit back, unless it is the last
//!     (`unit`).
//!
//! # Why not a buffer from stage to stage
//!
//! A source that appends to a `Vec` of its caller is the same thing, for one kind of outlet; and a terminal that wants its
//! items in a buffer passes one. But an operator would need a buffer for what comes in, beside its caller's for what goes
//! out: two more passes through memory for each stage, and items in the buffer that are lost when the stream is dropped,
//! or were taken from the source in vain when a `take_while` ends. The price is that [`Source::poll_pull`] is generic, so
//! that a source that is boxed has to push through a `dyn Outlet`, one virtual call an item.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A source pushes at most so many items in one call.
///
/// What a pull costs is shared by as many; and so much work is done for one unit of Tokio's coop budget.
pub const CHUNK: usize = 64;

/// Where items come from. What a [`Flow`](crate::Flow) wraps: the sources, and every operator over another.
///
/// Implement it for a source or an operator of your own, and wrap it with [`Flow::new`](crate::Flow::new). The rules
/// are these: push at most [`CHUNK`] items a call and not more than there is [room](Outlet::room) for, none after a
/// push that said `Break`; never wait while there is something to push; and leave it to the caller to ask again.
#[must_use = "a source does nothing unless it is pulled"]
pub trait Source {
    /// What it gives.
    type Item;

    /// Pushes what is there, in order, and says whether to go on.
    ///
    /// `Pending` means that the task will be woken when there is more. Items may have been pushed before that.
    ///
    /// # Panics
    ///
    /// It may panic if it is asked again after it said [`Pull::End`].
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized;

    /// How many items are left: at least, and at most if that is known.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

/// Whether a source has more to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a source that said `End` must not be asked again"]
pub enum Pull {
    /// Ask again, at once: there may be more without waiting.
    More,
    /// Nothing will come.
    End,
}

/// Where items go to. An operator has one around the outlet that it was given.
pub trait Outlet<T> {
    /// How many items it can take now, which is at least 1 when a pull begins.
    fn room(&self) -> usize;

    /// Takes an item. `Break` says that it took this one, and wants no other in this pull.
    fn push(&mut self, item: T) -> ControlFlow<()>;
}

impl<T, O: Outlet<T> + ?Sized> Outlet<T> for &mut O {
    #[inline]
    fn room(&self) -> usize {
        (**self).room()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        (**self).push(item)
    }
}

impl<S: Source + Unpin> Source for &mut S {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        Pin::new(&mut **self).poll_pull(cx, outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }
}

impl<S: Source> Source for Pin<&mut S> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        self.as_deref_mut().poll_pull(cx, outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (**self).size_hint()
    }
}
