//! Many streams at once.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::children::Children;
use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// Gives the items of all these streams as they come, and ends when all have ended.
///
/// It is fair: streams that have items take turns, a chunk each. The items of each stream stay in order. A wake costs a
/// poll of the stream that it is about, however many there are.
///
/// Holds nothing between pulls; each stream is in a box. For streams of different types, see [`Flow::boxed`]; for streams
/// that come while others run, [`Flow::flat_map_merge`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use aqueduct_stream::{iter, merge_all};
///
/// let sum = merge_all([iter(0..10), iter(10..20), iter(20..30)])
///     .fold(0, |sum, n| sum + n)
///     .await;
/// assert_eq!(sum, 435);
/// # }
/// ```
pub fn merge_all<I, S>(flows: I) -> Flow<MergeAll<S>>
where
    I: IntoIterator<Item = Flow<S>>,
    S: Source,
{
    let mut children = Children::new();
    flows.into_iter().for_each(|flow| children.insert(flow));
    Flow::new(MergeAll { children })
}

/// The source of [`merge_all`].
#[derive(Debug)]
pub struct MergeAll<S> {
    children: Children<S>,
}

impl<S: Source> Source for MergeAll<S> {
    type Item = S::Item;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        self.children.poll_pull(cx, outlet)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.children.size_hint()
    }
}
