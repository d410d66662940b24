//! One value from one sender to one receiver: for replies and for ends. A drop-in for `tokio::sync::oneshot`.
//!
//! Creating a channel allocates once. Sending before the receiver waits costs one atomic read-modify-write in all,
//! from creation to the last free; sending after, two. Neither half ever waits for the other to get out of its way.
//!
//! ```
//! use aqueduct_channel::oneshot;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (sender, receiver) = oneshot::channel();
//! tokio::spawn(async move {
//!     if sender.send(3).is_err() {
//!         println!("nobody wants it any more");
//!     }
//! });
//! assert_eq!(receiver.await, Ok(3));
//! # }
//! ```
//!
//! A sender that is dropped without sending ends the channel:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (sender, receiver) = aqueduct_channel::oneshot::channel::<u32>();
//! drop(sender);
//! assert!(receiver.await.is_err());
//! # }
//! ```
//!
//! # How it works
//!
//! Both halves point to one cell: a state word, a slot for each half's waker, room for the value. `docs/internals`
//! has the proof; here are the states and what holds in them.
//!
//! ```text
//!                                 waits (sender, receiver, both)
//!                                          ┌──────┐
//!                                          │      ▼
//!          send   ┌──────────────────────── OPEN ────────────────────────┐ drop receiver
//!                 │           drop sender    │ │                         │
//!                 │         ┌────────────────┘ │ close                   │
//!                 │         │                  ▼                         │
//!                 │         │◀───────────── CLOSED ─────────────────────▶│
//!                 ▼         ▼  drop sender           drop receiver       ▼
//!               SENT     UNSENT                                        DEAF
//!                 │         │                                            │
//!                 └────┬────┘ receive, drop receiver                     │ send fails, drop sender
//!                      ▼                                                 ▼
//!            freed by the receiver                              freed by the sender
//! ```
//!
//! - I1. A half that moves the word to SENT, UNSENT or DEAF has *left*: that step is the last it does with the cell. A
//!   half that finds the other gone frees the cell, without a step. So the cell is freed once, by the last of the two.
//! - I2. A waker in a slot is the word's if the word says that this side waits, which only an OPEN word does; else the
//!   words in the slot mean nothing. The step out of OPEN takes all wakers with it: they are then whoever's made the
//!   step.
//! - I3. Only its own side writes a slot, and only while the word does not say that it waits. No open word occurs
//!   twice: waiting sets a bit, and taking the waker back gives the word a new version. So a step from a word that was
//!   seen before reading a slot proves that what was read is the waker the word spoke of.
//! - I4. The room for the value is the sender's until the step to SENT, and the receiver's from there on. The word
//!   says SENT only if there is a value.
//! - I5. Nothing of the user's (a waker's clone, wake and drop, a value's drop) runs between two steps that belong
//!   together, nor does anything here touch the cell after such code might have freed it.
//!
//! # Why not the obvious other ways
//!
//! *An `Arc` around the state*, as Tokio has it, pays three read-modify-writes for counting to two, which I1 does
//! with the step that is needed anyway. *A busy bit while the waker is taken out* makes the receiver that comes at
//! that moment spin, or both sides pay a second step to say that they are done; I3 lets the sender read the waker
//! first and find out afterwards whether it was the right one. *The crate's wait cell* keeps its waker for the next
//! wait and makes the barrier before a wake-up cheap: a oneshot has no next wait, and the step that publishes the
//! value is the barrier.

mod case;
mod cell;
pub mod error;
mod heap;
mod slot;
mod state;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use futures_core::FusedFuture;

use self::cell::{ReceiverEnd, SenderEnd};
use self::error::{RecvError, TryRecvError};
use self::state::State;
use crate::blocking;

/// Creates a channel for one value.
///
/// This is its only allocation.
///
/// # Examples
///
/// ```
/// use aqueduct_channel::oneshot;
///
/// let (sender, receiver) = oneshot::channel();
/// std::thread::spawn(move || sender.send("done"));
/// assert_eq!(receiver.blocking_recv(), Ok("done"));
/// ```
#[inline]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = cell::pair();
    (
        Sender { end: sender },
        Receiver {
            end: Some(receiver),
        },
    )
}

/// The half that sends, once, from anywhere: [`send`](Sender::send) does not wait.
///
/// Dropped without sending, it tells the receiver that nothing will come. To send from a destructor, keep it in an
/// `Option` and take it out.
///
/// # Examples
///
/// ```
/// use aqueduct_channel::oneshot;
///
/// struct Job {
///     done: Option<oneshot::Sender<&'static str>>,
/// }
///
/// impl Drop for Job {
///     fn drop(&mut self) {
///         if let Some(done) = self.done.take() {
///             let _ = done.send("dropped"); // Fails if nobody listens, which is fine.
///         }
///     }
/// }
///
/// let (done, receiver) = oneshot::channel();
/// drop(Job { done: Some(done) });
/// assert_eq!(receiver.blocking_recv(), Ok("dropped"));
/// ```
pub struct Sender<T> {
    end: SenderEnd<T>,
}

impl<T> Sender<T> {
    /// Sends `value`; the receiver will get it unless it is dropped first.
    ///
    /// # Errors
    ///
    /// Hands `value` back if the receiver was dropped or has closed the channel. `Ok` does not mean that the value
    /// will be received: the receiver may still be dropped, and the value with it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = aqueduct_channel::oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(7), Err(7));
    /// ```
    #[inline]
    pub fn send(self, value: T) -> Result<(), T> {
        self.end.send(value)
    }

    /// Waits until the receiver closes the channel or is dropped.
    ///
    /// For giving up work that nobody waits for any more.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it loses nothing and keeps nobody waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use aqueduct_channel::oneshot;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (mut sender, receiver) = oneshot::channel::<u64>();
    /// let worker = tokio::spawn(async move {
    ///     tokio::select! {
    ///         () = sender.closed() => "given up",
    ///         answer = std::future::pending() => {
    ///             let _ = sender.send(answer);
    ///             "answered"
    ///         }
    ///     }
    /// });
    /// drop(receiver);
    /// assert_eq!(worker.await.unwrap(), "given up");
    /// # }
    /// ```
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Whether the receiver has closed the channel or was dropped, so that [`send`](Self::send) would fail.
    ///
    /// `true` is final; `false` may be outdated at once.
    #[inline]
    pub fn is_closed(&self) -> bool {
        !self.end.state().is_open()
    }

    /// Polls for [`closed`](Self::closed).
    ///
    /// `Pending` leaves the task's waker with the channel: the last one given is woken when the receiver closes the
    /// channel or is dropped.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let budget = ready!(coop::poll_proceed(cx));
        ready!(self.end.poll_over(cx));
        budget.made_progress();
        Poll::Ready(())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("state", &self.end.state())
            .finish()
    }
}

/// The half that receives: a future of the value.
///
/// It gives `Err` if the sender is dropped without sending. Inside a loop over `tokio::select!`, poll it as
/// `&mut receiver`. Polling it once more after it was ready panics; see [`is_terminated`](Receiver::is_terminated).
///
/// # Cancel safety
///
/// *Strict* when polled as `&mut receiver`: a poll that is not ready has taken nothing, and the value stays in the
/// channel until one is. Dropping the receiver itself drops a value that was sent and not received; to be sure that
/// there is none, [`close`](Receiver::close) first and then [`try_recv`](Receiver::try_recv).
///
/// # Examples
///
/// ```
/// use aqueduct_channel::oneshot;
/// use tokio::time::{self, Duration};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (sender, mut receiver) = oneshot::channel();
/// tokio::spawn(async move {
///     time::sleep(Duration::from_millis(350)).await;
///     sender.send("enough")
/// });
///
/// let mut tick = time::interval(Duration::from_millis(100));
/// let mut ticks = 0;
/// let word = loop {
///     tokio::select! {
///         _ = tick.tick() => ticks += 1,
///         word = &mut receiver => break word,
///     }
/// };
/// assert_eq!((word, ticks), (Ok("enough"), 4));
/// # }
/// ```
#[must_use = "dropping the receiver closes the channel"]
pub struct Receiver<T> {
    /// `None` once a result was given out.
    end: Option<ReceiverEnd<T>>,
}

impl<T> Receiver<T> {
    /// Makes every [`send`](Sender::send) from here on fail. A value that was sent before is still there to be
    /// received.
    ///
    /// # Examples
    ///
    /// ```
    /// use aqueduct_channel::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(1), Err(1));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// sender.send(1).unwrap();
    /// receiver.close();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn close(&mut self) {
        if let Some(end) = &mut self.end {
            end.close();
        }
    }

    /// Receives the value if it is there, without waiting and without leaving a waker.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if nothing was sent yet, [`TryRecvError::Closed`] if nothing will come any more; the
    /// latter is final, as is success: polling the receiver after it panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use aqueduct_channel::oneshot::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = oneshot::channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send("hello").unwrap();
    /// assert_eq!(receiver.try_recv(), Ok("hello"));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        if self.end.as_ref().is_some_and(|end| end.state().is_open()) {
            return Err(TryRecvError::Empty);
        }
        self.finish().ok_or(TryRecvError::Closed)
    }

    /// Receives the value, and blocks the thread until it comes.
    ///
    /// # Errors
    ///
    /// If the sender is dropped without sending.
    ///
    /// # Panics
    ///
    /// With feature `tokio`, on a thread that is driving async tasks, which it would stop.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = aqueduct_channel::oneshot::channel();
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send(10).unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok(10));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::block_on(self)
    }

    /// Whether no value is there to be received: not yet, or not any more.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.end
            .as_ref()
            .is_none_or(|end| end.state() != State::SENT)
    }

    /// Whether the receiver has given its result, be it a value or the news that none will come, so that it must not
    /// be polled again.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (sender, mut receiver) = aqueduct_channel::oneshot::channel();
    /// sender.send(0).unwrap();
    /// assert!(!receiver.is_terminated());
    /// assert_eq!((&mut receiver).await, Ok(0));
    /// assert!(receiver.is_terminated());
    /// # }
    /// ```
    #[inline]
    pub fn is_terminated(&self) -> bool {
        self.end.is_none()
    }

    /// Leaves the channel, with the value if one is there.
    #[inline]
    fn finish(&mut self) -> Option<T> {
        self.end.take().and_then(ReceiverEnd::leave)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(end) = &mut self.end else {
            panic!("oneshot receiver polled after it was ready");
        };
        let budget = ready!(coop::poll_proceed(cx));
        ready!(end.poll_over(cx));
        budget.made_progress();
        Poll::Ready(self.finish().ok_or(RecvError(())))
    }
}

impl<T> FusedFuture for Receiver<T> {
    fn is_terminated(&self) -> bool {
        Self::is_terminated(self)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("state", &self.end.as_ref().map(ReceiverEnd::state))
            .finish()
    }
}

#[cfg(test)]
mod tests;
