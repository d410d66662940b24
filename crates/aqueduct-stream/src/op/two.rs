//! Two streams pulled by one task: whose turn it is, and when both wait. What the operators of two streams that do not pair
//! their items are made of.
//!
//! Both are asked under the same waker, so a wake by one asks the other in vain: that is cheaper than a waker of their own
//! for two. For many, see [`children`](super::children).

use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// An item, and which of two streams it is of.
pub(super) enum Side<A, B> {
    First(A),
    Second(B),
}

/// Who is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Who was not asked last; the first, where both have waited.
    Fair,
    /// Always the first.
    FirstFirst,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    First,
    Second,
}

pin_project! {
    /// Two streams.
    #[derive(Clone)]
    pub(super) struct Two<A, B> {
        #[pin]
        first: Flow<A>,
        #[pin]
        second: Flow<B>,
        order: Order,
        turn: Turn,
    }
}

impl<A: Source, B: Source> Two<A, B> {
    pub(super) fn new(first: Flow<A>, second: Flow<B>, order: Order) -> Self {
        Self {
            first,
            second,
            order,
            turn: Turn::First,
        }
    }

    /// Pulls the one whose turn it is, and the other if that has nothing.
    #[inline]
    pub(super) fn poll_pull<O>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outlet: &mut O,
    ) -> Poll<Pull>
    where
        O: Outlet<Side<A::Item, B::Item>> + ?Sized,
    {
        let mut this = self.project();
        let mut turn = *this.turn;
        for _ in 0..2 {
            let mut counted = Counted::up_to(outlet, CHUNK);
            // One that has ended says so again.
            let pulled;
            (pulled, turn) = match turn {
                Turn::First => {
                    let mut outlet = First(&mut counted, PhantomData);
                    (this.first.as_mut().poll_pull(cx, &mut outlet), Turn::Second)
                }
                Turn::Second => {
                    let mut outlet = Second(&mut counted, PhantomData);
                    (this.second.as_mut().poll_pull(cx, &mut outlet), Turn::First)
                }
            };
            // What came is the chunk of this pull, also if no more comes from there now.
            if counted.count() > 0 || pulled == Poll::Ready(Pull::More) {
                if *this.order == Order::Fair {
                    *this.turn = turn;
                }
                return Poll::Ready(Pull::More);
            }
        }
        *this.turn = Turn::First;
        if this.first.has_ended() && this.second.has_ended() {
            return Poll::Ready(Pull::End);
        }
        Poll::Pending
    }

    pub(super) fn first_has_ended(&self) -> bool {
        self.first.has_ended()
    }

    pub(super) fn second_has_ended(&self) -> bool {
        self.second.has_ended()
    }

    /// How many items both give together.
    pub(super) fn size_hint(&self) -> (usize, Option<usize>) {
        let (first, second) = self.size_hints();
        let upper = first.1.zip(second.1).and_then(|(a, b)| a.checked_add(b));
        (first.0.saturating_add(second.0), upper)
    }

    pub(super) fn size_hints(&self) -> ((usize, Option<usize>), (usize, Option<usize>)) {
        (
            Source::size_hint(&self.first),
            Source::size_hint(&self.second),
        )
    }
}

struct First<'a, O: ?Sized, B>(&'a mut O, PhantomData<fn(B)>);

impl<A, B, O: Outlet<Side<A, B>> + ?Sized> Outlet<A> for First<'_, O, B> {
    #[inline]
    fn room(&self) -> usize {
        self.0.room()
    }

    #[inline]
    fn push(&mut self, item: A) -> ControlFlow<()> {
        self.0.push(Side::First(item))
    }
}

struct Second<'a, O: ?Sized, A>(&'a mut O, PhantomData<fn(A)>);

impl<A, B, O: Outlet<Side<A, B>> + ?Sized> Outlet<B> for Second<'_, O, A> {
    #[inline]
    fn room(&self) -> usize {
        self.0.room()
    }

    #[inline]
    fn push(&mut self, item: B) -> ControlFlow<()> {
        self.0.push(Side::Second(item))
    }
}

impl<A: fmt::Debug, B: fmt::Debug> fmt::Debug for Two<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entry(&self.first)
            .entry(&self.second)
            .finish()
    }
}
