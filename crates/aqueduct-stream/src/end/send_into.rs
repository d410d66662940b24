//! Into a channel.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use crate::unit::poll_proceed;
use aqueduct_channel::error::{SendError, TrySendError};
use aqueduct_channel::{mpmc, mpsc, spmc, spsc};

use crate::flow::Flow;
use crate::outlet::{Slot, flow_if};
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # The end of a stream, in a channel
impl<S: Source> Flow<S> {
    /// Sends all items into a channel, of whatever kind but a broadcast's, and drops the sender. Returns how many they
    /// were. Into a broadcast send in [`for_each`](Self::for_each), or in [`for_each_async`](Self::for_each_async) where it is to
    /// wait for its receivers.
    ///
    /// It takes from the source what there is room for in the channel, up to a chunk at the price of one message; so a full
    /// channel holds the stream up, whatever its `Overflow` is, and an idle stream holds no room. Pass `&mut sender` to keep
    /// the sender, and [`by_ref`](Self::by_ref) to keep the stream.
    ///
    /// # Errors
    ///
    /// If all receivers are gone, with what had been taken from the source and could not be sent: nothing, where the
    /// channel is bounded, and one item at most where it is a rendezvous or unbounded. It is noticed when the source is about to
    /// be pulled.
    ///
    /// If rustc says of a spawned one that an `implementation of FnOnce is not general enough`, an item above has a lifetime in
    /// its type, such as `Box<dyn Error>` has: put [`boxed`](Flow::boxed) before this (rust#110338).
    ///
    /// # Cancel safety
    ///
    /// *Strict*: no item has left the source that was not sent. Only of a rendezvous, which holds the item until somebody takes
    /// it, that item is dropped with the future.
    pub async fn send_into<T, A>(self, sender: A) -> Result<usize, SendIntoError<T>>
    where
        S: Source<Item = T>,
        A: Accept<Message = T>,
    {
        let (mut source, mut sender) = (pin!(self), sender);
        let mut sent = 0;
        loop {
            match sender.pump(source.as_mut()).await {
                Pumped::Sent(count) => sent += count,
                Pumped::End(count) => return Ok(sent + count),
                Pumped::Closed(count, unsent) => {
                    return Err(SendIntoError {
                        sent: sent + count,
                        unsent,
                    });
                }
            }
        }
    }
}

/// All receivers were gone before the stream had ended.
#[derive(Clone, PartialEq, Eq)]
pub struct SendIntoError<T> {
    /// How many items were sent.
    pub sent: usize,
    /// What had been taken from the source and was not sent.
    pub unsent: Option<T>,
}

impl<T> fmt::Debug for SendIntoError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendIntoError")
            .field("sent", &self.sent)
            .field("unsent", &usize::from(self.unsent.is_some()))
            .finish()
    }
}

impl<T> fmt::Display for SendIntoError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the channel was closed after {} items", self.sent)
    }
}

impl<T> Error for SendIntoError<T> {}

/// A sender of a channel, of whatever kind but a broadcast's: what [`Flow::send_into`] takes.
#[diagnostic::on_unimplemented(
    message = "a stream cannot be sent into `{Self}`",
    note = "`send_into` takes the senders of `aqueduct_channel`'s `spsc`, `mpsc`, `spmc` and `mpmc`, by value or by `&mut`",
    note = "into anything else, as a `broadcast::Sender`, send in `for_each`, or in `for_each_async` where that waits"
)]
pub trait Accept: sealed::Sealed {
    /// What it sends.
    type Message;

    /// Waits until there is room and something to send, and sends what one pull brings.
    #[doc(hidden)]
    fn pump<S>(&mut self, source: Pin<&mut S>) -> impl Future<Output = Pumped<Self::Message>>
    where
        S: Source<Item = Self::Message>;
}

mod sealed {
    pub trait Sealed {}
}

/// What came of a pull into a channel, and how many items were sent.
#[doc(hidden)]
#[derive(Debug)]
pub enum Pumped<T> {
    Sent(usize),
    End(usize),
    Closed(usize, Option<T>),
}

impl<T> Pumped<T> {
    /// What a pull says that has sent so many items. Pending if it has to be waited for the source.
    fn of(pulled: Poll<Pull>, sent: usize) -> Poll<Self> {
        match pulled {
            Poll::Ready(Pull::End) => Poll::Ready(Self::End(sent)),
            Poll::Ready(Pull::More) => Poll::Ready(Self::Sent(sent)),
            Poll::Pending if sent > 0 => Poll::Ready(Self::Sent(sent)),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<A: Accept> sealed::Sealed for &mut A {}

impl<A: Accept> Accept for &mut A {
    type Message = A::Message;

    fn pump<S>(&mut self, source: Pin<&mut S>) -> impl Future<Output = Pumped<Self::Message>>
    where
        S: Source<Item = A::Message>,
    {
        (**self).pump(source)
    }
}

/// Sends by permits, which cannot fail.
struct Permitted<F> {
    send: F,
    room: usize,
    sent: usize,
}

impl<T, F: FnMut(T)> Outlet<T> for Permitted<F> {
    #[inline]
    fn room(&self) -> usize {
        self.room
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        (self.send)(item);
        self.room -= 1;
        self.sent += 1;
        flow_if(self.room > 0)
    }
}

/// Senders that others send beside: room for one message is waited for in line, and more is taken if it is there.
macro_rules! accept_shared {
    ($($sender:ty),*) => {$(
        impl<T> sealed::Sealed for $sender {}

        impl<T> Accept for $sender {
            type Message = T;

            async fn pump<S: Source<Item = T>>(&mut self, mut source: Pin<&mut S>) -> Pumped<T> {
                let mut first = match self.try_reserve() {
                    Ok(permit) => Some(permit),
                    Err(_) => match self.reserve().await {
                        Ok(permit) => Some(permit),
                        Err(SendError(())) => return Pumped::Closed(0, None),
                    },
                };
                poll_fn(|cx| {
                    let coop = ready!(poll_proceed(cx));
                    // It was let go of while the source had nothing.
                    let permit = match first.take().map_or_else(|| self.try_reserve(), Ok) {
                        Ok(permit) => permit,
                        Err(TrySendError::Full(())) => return Poll::Ready(Pumped::Sent(0)),
                        Err(TrySendError::Closed(())) => return Poll::Ready(Pumped::Closed(0, None)),
                    };
                    let more = self.capacity().min(CHUNK - 1);
                    let mut more = self.try_reserve_many(more).ok();
                    let room = 1 + more.as_ref().map_or(0, |permits| permits.len());
                    let mut permit = Some(permit);
                    let send = |item| {
                        let permit = permit.take().or_else(|| more.as_mut()?.next());
                        permit.expect("there is a permit for all the room").send(item);
                    };
                    let mut outlet = Permitted { send, room, sent: 0 };
                    let pulled = source.as_mut().poll_pull(cx, &mut outlet);
                    let pumped = Pumped::of(pulled, outlet.sent);
                    if pumped.is_ready() {
                        coop.made_progress();
                    }
                    pumped
                })
                .await
            }
        }
    )*};
}

accept_shared!(mpsc::Sender<T>, mpmc::Sender<T>);

/// Senders that are alone: what room they see stays.
macro_rules! accept_sole {
    ($($sender:ty: |$permits:ident, $item:ident| $send:expr),*) => {$(
        impl<T> sealed::Sealed for $sender {}

        impl<T> Accept for $sender {
            type Message = T;

            async fn pump<S: Source<Item = T>>(&mut self, mut source: Pin<&mut S>) -> Pumped<T> {
                if self.reserve().await.is_err() {
                    return Pumped::Closed(0, None);
                }
                poll_fn(|cx| {
                    let coop = ready!(poll_proceed(cx));
                    let room = self.capacity().clamp(1, CHUNK);
                    let mut $permits = match self.try_reserve_many(room) {
                        Ok(permits) => permits,
                        Err(TrySendError::Full(())) => return Poll::Ready(Pumped::Sent(0)),
                        Err(TrySendError::Closed(())) => return Poll::Ready(Pumped::Closed(0, None)),
                    };
                    let send = |$item| $send;
                    let mut outlet = Permitted { send, room, sent: 0 };
                    let pulled = source.as_mut().poll_pull(cx, &mut outlet);
                    let pumped = Pumped::of(pulled, outlet.sent);
                    if pumped.is_ready() {
                        coop.made_progress();
                    }
                    pumped
                })
                .await
            }
        }
    )*};
}

// The outlet has as much room as there are permits.
accept_sole!(
    spsc::Sender<T>: |permits, item| drop(permits.send(item)),
    spmc::Sender<T>: |permits, item| if let Some(permit) = permits.next() { permit.send(item) }
);

/// Senders that never wait. A receiver that goes away in the middle of a pull leaves one item unsent.
macro_rules! accept_unbounded {
    ($($sender:ty),*) => {$(
        impl<T> sealed::Sealed for $sender {}

        impl<T> Accept for $sender {
            type Message = T;

            async fn pump<S: Source<Item = T>>(&mut self, mut source: Pin<&mut S>) -> Pumped<T> {
                poll_fn(|cx| {
                    let coop = ready!(poll_proceed(cx));
                    if self.is_closed() {
                        return Poll::Ready(Pumped::Closed(0, None));
                    }
                    let mut outlet = Unbounded { send: |item| self.send(item), sent: 0, unsent: None };
                    let pulled = source.as_mut().poll_pull(cx, &mut outlet);
                    if let Some(unsent) = outlet.unsent {
                        return Poll::Ready(Pumped::Closed(outlet.sent, Some(unsent)));
                    }
                    let pumped = Pumped::of(pulled, outlet.sent);
                    if pumped.is_ready() {
                        coop.made_progress();
                    }
                    pumped
                })
                .await
            }
        }
    )*};
}

accept_unbounded!(mpsc::UnboundedSender<T>, mpmc::UnboundedSender<T>);

struct Unbounded<T, F> {
    send: F,
    sent: usize,
    unsent: Option<T>,
}

impl<T, F: FnMut(T) -> Result<(), SendError<T>>> Outlet<T> for Unbounded<T, F> {
    #[inline]
    fn room(&self) -> usize {
        CHUNK
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        match (self.send)(item) {
            Ok(()) => self.sent += 1,
            Err(SendError(item)) => self.unsent = Some(item),
        }
        flow_if(self.unsent.is_none())
    }
}

impl<T> sealed::Sealed for mpmc::RendezvousSender<T> {}

impl<T> Accept for mpmc::RendezvousSender<T> {
    type Message = T;

    async fn pump<S: Source<Item = T>>(&mut self, mut source: Pin<&mut S>) -> Pumped<T> {
        if self.is_closed() {
            return Pumped::Closed(0, None);
        }
        let mut slot = Slot::new();
        let pumped = poll_fn(|cx| {
            let coop = ready!(poll_proceed(cx));
            let pulled = source.as_mut().poll_pull(cx, &mut slot);
            let pumped = Pumped::of(pulled, slot.len());
            if pumped.is_ready() {
                coop.made_progress();
            }
            pumped
        })
        .await;
        match slot.take() {
            None => pumped,
            Some(item) => match self.send(item).await {
                Ok(()) => pumped,
                Err(SendError(item)) => Pumped::Closed(0, Some(item)),
            },
        }
    }
}
