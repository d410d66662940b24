//! Streams of what channels receive.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::{mpmc, mpsc, spsc};

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of the messages of a channel, until it is closed and empty.
///
/// It takes what is inside, up to a chunk, at the price of one message. No message leaves the channel before there is
/// room for it further down; only an operator that ends in the middle of a chunk, such as
/// [`take_while`](Flow::take_while), leaves some in the stream, and they are lost with it.
pub fn receive<R: Receive>(receiver: R) -> Flow<Received<R>> {
    Flow::new(Received {
        receiver,
        chunk: Vec::new(),
    })
}

/// A receiver of a channel, of whatever kind but a broadcast's: what [`receive`] takes.
///
/// A broadcast's receiver may have lost messages, which is no message; it is a stream of results, for
/// [`from_stream`](crate::from_stream).
pub trait Receive: Unpin + sealed::Sealed {
    /// What it receives.
    type Message;

    /// Appends up to `limit` messages, waiting for the first. 0 means that none will come.
    fn poll_receive_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<Self::Message>,
        limit: usize,
    ) -> Poll<usize>;
}

mod sealed {
    pub trait Sealed {}
}

/// The source of [`receive`].
pub struct Received<R: Receive> {
    receiver: R,
    /// The rest of a chunk, backwards. Empty between pulls, but after one that was broken off.
    chunk: Vec<R::Message>,
}

impl<R: Receive> Unpin for Received<R> {}

impl<R: Receive> Received<R> {
    /// The receiver, to look at.
    pub fn receiver(&self) -> &R {
        &self.receiver
    }

    /// The receiver, and the messages that had been received in a chunk of which the end was not wanted.
    pub fn into_parts(mut self) -> (R, Vec<R::Message>) {
        self.chunk.reverse();
        (self.receiver, self.chunk)
    }
}

impl<R: Receive> Source for Received<R> {
    type Item = R::Message;

    #[inline]
    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<R::Message> + ?Sized,
    {
        let this = &mut *self;
        let limit = outlet.room().min(CHUNK);
        if this.chunk.is_empty() {
            if ready!(this.receiver.poll_receive_many(cx, &mut this.chunk, limit)) == 0 {
                return Poll::Ready(Pull::End);
            }
            if let [_] = this.chunk[..] {
                let _ = outlet.push(this.chunk.remove(0));
                return Poll::Ready(Pull::More);
            }
            this.chunk.reverse();
        }
        for _ in 0..limit {
            let Some(message) = this.chunk.pop() else {
                break;
            };
            if outlet.push(message).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }
}

impl<R: Receive + fmt::Debug> fmt::Debug for Received<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("receiver", &self.receiver)
            .field("left_over", &self.chunk.len())
            .finish()
    }
}

macro_rules! receive {
    ($($receiver:ty),*) => {$(
        impl<T> sealed::Sealed for $receiver {}

        impl<T> Receive for $receiver {
            type Message = T;

            #[inline]
            fn poll_receive_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                self.poll_recv_many(cx, buffer, limit)
            }
        }

        impl<T> From<$receiver> for Flow<Received<$receiver>> {
            fn from(receiver: $receiver) -> Self {
                receive(receiver)
            }
        }
    )*};
}

receive!(
    spsc::Receiver<T>,
    mpsc::Receiver<T>,
    mpsc::UnboundedReceiver<T>,
    mpmc::Receiver<T>,
    mpmc::UnboundedReceiver<T>
);

impl<T> sealed::Sealed for mpmc::RendezvousReceiver<T> {}

impl<T> Receive for mpmc::RendezvousReceiver<T> {
    type Message = T;

    fn poll_receive_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        _: usize,
    ) -> Poll<usize> {
        // Who sends is let go on by each message: a batch would let a sender go on for what is not looked at yet.
        let message = ready!(self.poll_recv(cx));
        let count = usize::from(message.is_some());
        buffer.extend(message);
        Poll::Ready(count)
    }
}
