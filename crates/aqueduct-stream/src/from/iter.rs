//! Streams of iterators.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of the items of an iterator.
///
/// The iterator runs on the task that pulls; one that takes long for an item holds it up.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let sum = aqueduct_stream::iter(1..=4).fold(0, |sum, n| sum + n).await;
/// assert_eq!(sum, 10);
/// # }
/// ```
pub fn iter<I: IntoIterator>(items: I) -> Flow<Iter<I::IntoIter>> {
    Flow::new(Iter {
        items: items.into_iter(),
    })
}

/// A stream of nothing.
pub fn empty<T>() -> Flow<Iter<std::iter::Empty<T>>> {
    iter(std::iter::empty())
}

/// A stream of one item.
pub fn once<T>(item: T) -> Flow<Iter<std::iter::Once<T>>> {
    iter(std::iter::once(item))
}

/// A stream of clones without end.
pub fn repeat<T: Clone>(item: T) -> Flow<Iter<std::iter::Repeat<T>>> {
    iter(std::iter::repeat(item))
}

/// A stream of what `f` gives, without end. For an async function, see [`generate`](crate::generate) and
/// [`unfold`](crate::unfold).
pub fn repeat_with<T, F: FnMut() -> T>(f: F) -> Flow<Iter<std::iter::RepeatWith<F>>> {
    iter(std::iter::repeat_with(f))
}

/// The source of [`iter`].
#[derive(Clone, Debug)]
pub struct Iter<I> {
    items: I,
}

// Nothing in it is pinned.
impl<I> Unpin for Iter<I> {}

impl<I: Iterator> Source for Iter<I> {
    type Item = I::Item;

    #[inline]
    fn poll_pull<O>(mut self: Pin<&mut Self>, _: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<I::Item> + ?Sized,
    {
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(item) = self.items.next() else {
                return Poll::Ready(Pull::End);
            };
            if outlet.push(item).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}
