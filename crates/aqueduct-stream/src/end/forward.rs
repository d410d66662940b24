//! Into a sink of another library.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;
use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Slot;
use crate::source::{Pull, Source};

/// # The end of a stream, in a sink
impl<S: Source> Flow<S> {
    /// Gives all items to a [`futures_sink::Sink`], and closes it. It is flushed when the source has nothing more for the
    /// moment.
    ///
    /// # Errors
    ///
    /// Of the sink.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: an item leaves the source when the sink is ready for it, and is given to it then. What the sink holds goes with
    /// it; pass `&mut sink` to keep it.
    pub fn forward<K: Sink<S::Item>>(self, sink: K) -> Forward<S, K> {
        Forward {
            source: self,
            sink,
            dirty: false,
            ended: false,
        }
    }
}

pin_project! {
    /// See [`Flow::forward`].
    ///
    /// # Cancel safety
    ///
    /// *Strict*: an item leaves the source when the sink is ready for it, and is given to it then.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Forward<S, K> {
        #[pin]
        source: Flow<S>,
        #[pin]
        sink: K,
        // Whether the sink has items that were not flushed.
        dirty: bool,
        ended: bool,
    }
}

impl<S: Source, K: Sink<S::Item>> Future for Forward<S, K> {
    type Output = Result<(), K::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        let mut this = self.project();
        loop {
            if *this.ended {
                return this.sink.poll_close(cx);
            }
            ready!(this.sink.as_mut().poll_ready(cx))?;
            let coop = ready!(poll_proceed(cx));
            let mut slot = Slot::new();
            let pulled = this.source.as_mut().poll_pull(cx, &mut slot);
            if pulled == Poll::Ready(Pull::End) {
                *this.ended = true;
            }
            if let Some(item) = slot.take() {
                coop.made_progress();
                this.sink.as_mut().start_send(item)?;
                *this.dirty = true;
            } else if pulled.is_ready() {
                coop.made_progress();
            } else {
                if *this.dirty {
                    ready!(this.sink.as_mut().poll_flush(cx))?;
                    *this.dirty = false;
                }
                return Poll::Pending;
            }
        }
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Forward<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
