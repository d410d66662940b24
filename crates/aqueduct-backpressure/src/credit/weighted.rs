//! A channel that is bounded by the weight of what is inside, such as bytes, and not by its number.
//!
//! An unbounded channel of messages that carry the credits for their weight. So a message counts until the consumer has
//! *dropped* it, not until it was received: what is being worked on is part of the bound.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use aqueduct_channel::error::{SendError, TryRecvError, TrySendError};
use aqueduct_channel::mpsc;

use super::Stats;
use super::error::{AcquireError, TryAcquireError};
use super::grantor::{Grantor, channel};
use super::held::{Credit, Credited};
use super::spender::Spender;

/// Creates a channel whose messages weigh no more than `limit` together, from their sending until the receiver has
/// dropped them.
///
/// `weigh` says what a message weighs. One that is heavier than the limit counts as the limit, and is alone; one that
/// weighs nothing counts as 1, or else there could be any number of them.
///
/// # Panics
///
/// If `limit` is zero.
///
/// # Examples
///
/// ```
/// use aqueduct_backpressure::credit;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (tx, mut rx) = credit::weighted_channel(1024, |page: &Vec<u8>| page.len() as u64);
/// tx.send(vec![0; 1000]).await.unwrap();
/// assert!(tx.try_send(vec![0; 100]).is_err());
///
/// let page = rx.recv().await.unwrap();
/// assert_eq!(page.len(), 1000);
/// drop(page);
/// assert!(tx.try_send(vec![0; 100]).is_ok());
/// # }
/// ```
#[track_caller]
pub fn weighted_channel<T>(
    limit: u64,
    weigh: impl Fn(&T) -> u64 + Send + Sync + 'static,
) -> (WeightedSender<T>, WeightedReceiver<T>) {
    assert!(limit > 0, "a channel of no weight passes nothing");
    let (grantor, spender) = channel(limit);
    let (tx, rx) = mpsc::unbounded_channel();
    let sender = WeightedSender {
        tx,
        spender,
        limit,
        weigh: Arc::new(weigh),
    };
    (sender, WeightedReceiver { rx, grantor })
}

/// The sending side of a [`weighted_channel`]. Clones share it.
pub struct WeightedSender<T> {
    tx: mpsc::UnboundedSender<Credited<T>>,
    spender: Spender,
    limit: u64,
    weigh: Arc<Weigh<T>>,
}

type Weigh<T> = dyn Fn(&T) -> u64 + Send + Sync;

impl<T> WeightedSender<T> {
    /// Waits until there is room for the message's weight, and sends it.
    ///
    /// # Cancel safety
    ///
    /// *Lossy*: the message goes with the future. Use [`reserve`](Self::reserve) instead, which waits without it.
    pub async fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.spender.acquire(self.weight(&message)).await {
            Ok(credit) => self.pass(message, credit),
            Err(AcquireError::Closed) => Err(SendError(message)),
        }
    }

    /// Sends the message, if there is room for its weight and nobody waits.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.spender.try_acquire(self.weight(&message)) {
            Ok(credit) => self
                .pass(message, credit)
                .map_err(|SendError(message)| TrySendError::Closed(message)),
            Err(TryAcquireError::Empty) => Err(TrySendError::Full(message)),
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed(message)),
        }
    }

    /// Waits until there is room for a weight, which is kept until it is [used](Self::send_with) or dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives up its place in line, and room that it was given is there for the next.
    pub async fn reserve(&self, weight: u64) -> Result<Credit, SendError<()>> {
        let credit = self.spender.acquire(self.clamped(weight)).await;
        credit.map_err(|AcquireError::Closed| SendError(()))
    }

    /// Sends a message in the room that was reserved for it, whatever it weighs.
    pub fn send_with(&self, credit: Credit, message: T) -> Result<(), SendError<T>> {
        self.pass(message, credit)
    }

    /// Whether the receiver closed, or is gone.
    pub fn is_closed(&self) -> bool {
        self.tx.is_closed()
    }

    fn pass(&self, message: T, credit: Credit) -> Result<(), SendError<T>> {
        self.tx
            .send(credit.attach(message))
            .map_err(|SendError(credited)| SendError(credited.into_inner()))
    }

    fn weight(&self, message: &T) -> u64 {
        self.clamped((self.weigh)(message))
    }

    fn clamped(&self, weight: u64) -> u64 {
        weight.clamp(1, self.limit)
    }
}

impl<T> Clone for WeightedSender<T> {
    fn clone(&self) -> Self {
        Self {
            tx: self.tx.clone(),
            spender: self.spender.clone(),
            limit: self.limit,
            weigh: self.weigh.clone(),
        }
    }
}

impl<T> fmt::Debug for WeightedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightedSender")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The receiving side of a [`weighted_channel`]. Dropping it closes.
pub struct WeightedReceiver<T> {
    rx: mpsc::UnboundedReceiver<Credited<T>>,
    grantor: Grantor,
}

impl<T> WeightedReceiver<T> {
    /// Receives the next message, or none once all senders are gone, or it was closed, and all are received. There is
    /// room for another when it is dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it loses nothing.
    pub async fn recv(&mut self) -> Option<Credited<T>> {
        self.rx.recv().await
    }

    /// As [`recv`](Self::recv), by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Credited<T>>> {
        self.rx.poll_recv(cx)
    }

    /// Receives a message that is there.
    pub fn try_recv(&mut self) -> Result<Credited<T>, TryRecvError> {
        self.rx.try_recv()
    }

    /// Takes no more; what is inside can be received.
    pub fn close(&mut self) {
        self.grantor.close();
        self.rx.close();
    }

    /// Where the weight is: `outstanding` is what is inside, or is being worked on.
    pub fn stats(&self) -> Stats {
        self.grantor.stats()
    }
}

impl<T> fmt::Debug for WeightedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightedReceiver")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
