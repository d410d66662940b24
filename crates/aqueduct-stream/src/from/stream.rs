//! Streams of other libraries.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of the items of a [`futures_core::Stream`], in its order.
///
/// A chunk is as many items as it gives without waiting.
pub fn from_stream<T: Stream>(stream: T) -> Flow<FromStream<T>> {
    Flow::new(FromStream { stream })
}

pin_project! {
    /// The source of [`from_stream`].
    #[derive(Clone, Debug)]
    pub struct FromStream<T> {
        #[pin]
        stream: T,
    }
}

impl<T: Stream> Source for FromStream<T> {
    type Item = T::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T::Item> + ?Sized,
    {
        let mut stream = self.project().stream;
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(item) = std::task::ready!(stream.as_mut().poll_next(cx)) else {
                return Poll::Ready(Pull::End);
            };
            if outlet.push(item).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
