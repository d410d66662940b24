//! An async function for each item, one at a time.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Slot;
use crate::source::{Outlet, Pull, Source};

/// # A future for each item
impl<S: Source> Flow<S> {
    /// Gives what the future gives that `f` makes of each item. No item is taken before the future of the one before is
    /// ready.
    ///
    /// Holds one future, with its item: dropped with the stream, they are lost. The chunks it gives are of one item.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # async fn look_up(id: u32) -> String { format!("user {id}") }
    /// let users: Vec<String> = aqueduct_stream::iter([7, 9]).then(look_up).collect().await;
    /// assert_eq!(users, ["user 7", "user 9"]);
    /// # }
    /// ```
    pub fn then<F, Fut>(self, f: F) -> Flow<Then<S, F, Fut>>
    where
        F: FnMut(S::Item) -> Fut,
        Fut: Future,
    {
        Flow::new(Then {
            source: self,
            f,
            running: None,
        })
    }
}

pin_project! {
    /// The source of [`Flow::then`].
    pub struct Then<S, F, Fut> {
        #[pin]
        source: Flow<S>,
        f: F,
        #[pin]
        running: Option<Fut>,
    }
}

impl<S, F, Fut> Source for Then<S, F, Fut>
where
    S: Source,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    type Item = Fut::Output;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Fut::Output> + ?Sized,
    {
        let mut this = self.project();
        if this.running.is_none() {
            let mut slot = Slot::new();
            let pulled = this.source.poll_pull(cx, &mut slot);
            match slot.take() {
                Some(item) => this.running.set(Some((this.f)(item))),
                None => return pulled,
            }
        }
        if let Some(running) = this.running.as_mut().as_pin_mut() {
            let made = ready!(running.poll(cx));
            this.running.set(None);
            // One item is all of this pull.
            let _ = outlet.push(made);
        }
        Poll::Ready(Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let running = usize::from(self.running.is_some());
        let (lower, upper) = Source::size_hint(&self.source);
        let upper = upper.and_then(|upper| upper.checked_add(running));
        (lower.saturating_add(running), upper)
    }
}

impl<S: fmt::Debug, F, Fut> fmt::Debug for Then<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then")
            .field("source", &self.source)
            .field("running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
