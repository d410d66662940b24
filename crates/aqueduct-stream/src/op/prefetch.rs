//! Items taken before they are asked for, on the same task.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Queue;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # Ahead on the same task
impl<S: Source> Flow<S> {
    /// Takes up to `count` items from the source when it is asked for fewer, and keeps the rest until they are.
    ///
    /// For a source to which each pull is dear, and a consumer that asks for single items, such as
    /// [`next`](Self::next) or the methods of `futures::StreamExt`. To go on while the consumer is busy takes a task: see
    /// [`spawned`](Self::spawned).
    ///
    /// Holds up to `count - 1` items between pulls.
    ///
    /// # Panics
    ///
    /// With a count of 0.
    #[track_caller]
    pub fn prefetch(self, count: usize) -> Flow<Prefetch<S, S::Item>> {
        assert!(count > 0, "at least 1 item is taken at a time");
        Flow::new(Prefetch {
            source: self,
            items: VecDeque::new(),
            count,
        })
    }
}

pin_project! {
    /// The source of [`Flow::prefetch`].
    pub struct Prefetch<S, T> {
        #[pin]
        source: Flow<S>,
        items: VecDeque<T>,
        count: usize,
    }
}

impl<S: Source<Item = T>, T> Source for Prefetch<S, T> {
    type Item = T;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let mut this = self.project();
        let mut pulled = Poll::Ready(Pull::More);
        if this.items.is_empty() {
            let mut queue = Queue::up_to(this.items, *this.count);
            pulled = this.source.as_mut().poll_pull(cx, &mut queue);
        }
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(item) = this.items.pop_front() else {
                return pulled;
            };
            if outlet.push(item).is_break() {
                break;
            }
        }
        match this.items.is_empty() {
            true => pulled,
            false => Poll::Ready(Pull::More),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (lower, upper) = Source::size_hint(&self.source);
        let inside = self.items.len();
        let upper = upper.and_then(|upper| upper.checked_add(inside));
        (lower.saturating_add(inside), upper)
    }
}

impl<S: fmt::Debug, T> fmt::Debug for Prefetch<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefetch")
            .field("source", &self.source)
            .field("inside", &self.items.len())
            .finish()
    }
}
