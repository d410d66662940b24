//! What a benchmark needs of a channel, whoever made it: [`Channel`] for most groups, [`BatchChannel`], [`Queue`] and
//! [`OneShot`] for the groups named after them.
//!
//! An adaptor says how a channel is opened and passes `send` and `recv` on. Everything is static dispatch, and the
//! traits return the channel's **own** future (its output is read by [`Received`] at the place that awaits), so that no
//! adaptor adds a state machine or a copy of the message to what is measured.

use std::future::Future;

/// How many handles of each side a case wants, and how much the channel may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// Messages; 0 is a rendezvous; unbounded channels ignore it.
    pub(crate) capacity: usize,
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
}

impl Ends {
    /// One sender and one receiver.
    pub(crate) const fn pair(capacity: usize) -> Self {
        Ends {
            capacity,
            senders: 1,
            receivers: 1,
        }
    }
}

/// One kind of channel of one crate.
pub(crate) trait Channel<T>: 'static {
    type Tx: Sender<T>;
    type Rx: Receiver<T>;

    /// Opens a channel with as many handles as asked.
    ///
    /// # Panics
    ///
    /// If this kind cannot have that many of a side.
    fn open(ends: Ends) -> (Vec<Self::Tx>, Vec<Self::Rx>);
}

/// A sending handle.
pub(crate) trait Sender<T>: Send + 'static {
    fn send(&mut self, value: T) -> impl Future<Output = Result<(), impl Sized>> + Send;
}

/// A receiving handle.
pub(crate) trait Receiver<T>: Send + 'static {
    fn recv(&mut self) -> impl Future<Output = impl Received<T>> + Send;
}

/// What a `recv` gives: a message, or the news that no more will come.
pub(crate) trait Received<T> {
    fn received(self) -> Option<T>;
}

impl<T> Received<T> for Option<T> {
    #[inline]
    fn received(self) -> Option<T> {
        self
    }
}

impl<T, E> Received<T> for Result<T, E> {
    #[inline]
    fn received(self) -> Option<T> {
        self.ok()
    }
}

/// What travels. Some peers ask more of it than `Send`: thingbuf `Clone`, `Default` and `Sync`, crossfire `Unpin`.
pub(crate) trait Message: Clone + Default + Send + Sync + Unpin + 'static {
    fn new(number: usize) -> Self;

    /// The number it was made with, so that a round can check its sum.
    fn number(&self) -> usize;
}

impl Message for usize {
    #[inline]
    fn new(number: usize) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> usize {
        *self
    }
}

/// A channel with one of each side that moves several messages at a time.
pub(crate) trait BatchChannel: 'static {
    type Tx: BatchSender;
    type Rx: BatchReceiver;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx);
}

pub(crate) trait BatchSender: Send + 'static {
    /// Sends what is in `batch` and leaves it empty.
    ///
    /// # Panics
    ///
    /// If the channel is closed.
    fn send_batch(&mut self, batch: &mut Vec<usize>) -> impl Future<Output = ()> + Send;
}

pub(crate) trait BatchReceiver: Send + 'static {
    /// Waits for a message and appends up to `limit` to `batch`, none if no more will come.
    fn recv_batch(
        &mut self,
        batch: &mut Vec<usize>,
        limit: usize,
    ) -> impl Future<Output = ()> + Send;
}

/// Both sides of a queue, used by one thread without waiting.
pub(crate) trait Queue: 'static {
    fn open(capacity: usize) -> Self;

    /// Whether there was room.
    fn try_send(&mut self, value: usize) -> bool;

    fn try_recv(&mut self) -> Option<usize>;
}

/// A channel for one value.
pub(crate) trait OneShot: 'static {
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn open() -> (Self::Tx, Self::Rx);

    /// # Panics
    ///
    /// If the receiver is gone.
    fn send(sender: Self::Tx, value: usize);

    fn recv(receiver: Self::Rx) -> impl Future<Output = impl Received<usize>> + Send;
}

/// The handles of a channel that cannot have more than one of each side.
pub(crate) fn one_to_one<Tx, Rx>(ends: Ends, (tx, rx): (Tx, Rx)) -> (Vec<Tx>, Vec<Rx>) {
    assert_eq!(
        (ends.senders, ends.receivers),
        (1, 1),
        "an spsc channel has one of each side"
    );
    (vec![tx], vec![rx])
}

/// The handles of a channel whose senders can be cloned.
pub(crate) fn many_to_one<Tx: Clone, Rx>(ends: Ends, (tx, rx): (Tx, Rx)) -> (Vec<Tx>, Vec<Rx>) {
    assert_eq!(ends.receivers, 1, "an mpsc channel has one receiver");
    (vec![tx; ends.senders], vec![rx])
}

/// The handles of a channel whose receivers can be cloned.
pub(crate) fn one_to_many<Tx, Rx: Clone>(ends: Ends, (tx, rx): (Tx, Rx)) -> (Vec<Tx>, Vec<Rx>) {
    assert_eq!(ends.senders, 1, "an spmc channel has one sender");
    (vec![tx], vec![rx; ends.receivers])
}

/// The handles of a channel whose both sides can be cloned.
pub(crate) fn many_to_many<Tx: Clone, Rx: Clone>(
    ends: Ends,
    (tx, rx): (Tx, Rx),
) -> (Vec<Tx>, Vec<Rx>) {
    (vec![tx; ends.senders], vec![rx; ends.receivers])
}
