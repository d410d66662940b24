//! Every consumer sees every item.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aqueduct_channel::Overflow;
use aqueduct_channel::broadcast::error::{RecvError, TryRecvError};
use aqueduct_channel::broadcast::{Builder, Receiver, Sender};

use super::hub::{Bell, Hub, Out, Turn};
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # The same items for several
impl<S: Source> Flow<S>
where
    S::Item: Clone,
{
    /// Gives `N` streams, of which each gives clones of all items.
    ///
    /// The slowest holds the source back: nobody pulls while it is a [chunk](CHUNK) behind. As with
    /// [`partition`](Self::partition), whichever is polled pulls the source, and **one that is neither polled nor dropped holds
    /// up the others** for good. One that is dropped holds up nobody. All end when the source does.
    ///
    /// Holds up to a chunk of items, of which a clone is made for each consumer but the last.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let [sum, count] = aqueduct_stream::iter(1..=1000).broadcast();
    /// let (sum, count) = tokio::join!(sum.fold(0, |sum, n| sum + n), count.count());
    /// assert_eq!((sum, count), (500_500, 1000));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `N` is 0.
    #[track_caller]
    pub fn broadcast<const N: usize>(self) -> [Flow<Share<S>>; N] {
        assert!(N > 0, "nobody would pull the source");
        let mut one = Some(self.share(CHUNK, Overflow::Wait));
        std::array::from_fn(|number| {
            let last = if number + 1 == N {
                one.take()
            } else {
                one.clone()
            };
            last.expect("it is taken by the last")
        })
    }

    /// A stream that can be cloned: each of the clones gives clones of all items, from when it was made.
    ///
    /// What is done about one that is `capacity` items behind the source is said by `overflow`:
    ///
    /// - [`Overflow::Wait`]: it holds the source back, and **if it is neither polled nor dropped, it does so for good**.
    /// - [`Overflow::DropOldest`]: it loses the oldest items and counts them, see [`lost`](Self::lost). The capacity is rounded up
    ///   to a power of two.
    ///
    /// As with [`partition`](Self::partition), no task runs for it: whichever is polled pulls the source, so that nothing is
    /// pulled when nobody is polled. All end when the source does.
    ///
    /// Holds up to `capacity` items, of which a clone is made for each consumer but the last; and each stream what was
    /// left of a chunk of which the end was not wanted.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, or `overflow` another.
    #[track_caller]
    pub fn share(self, capacity: usize, overflow: Overflow) -> Flow<Share<S>> {
        let waits = match overflow {
            Overflow::Wait => true,
            Overflow::DropOldest => false,
            other => panic!("a shared stream cannot do {other:?}"),
        };
        let (sender, receiver) = Builder::new(capacity).overflow(overflow).build();
        let bell = Arc::<Bell>::default();
        let seat = bell.seat();
        let work = Sending {
            source: Box::pin(self),
            sender,
            capacity,
            waits,
        };
        let hub = Arc::new(Hub::new(bell, work));
        Flow::new(Share {
            receiver,
            place: Place { hub, seat },
            chunk: Vec::new(),
            lost: 0,
        })
    }
}

impl<S: Source> Flow<Share<S>>
where
    S::Item: Clone,
{
    /// How many items this stream has lost because it was too slow, of those that came before what it gives next.
    pub fn lost(&self) -> u64 {
        self.source().lost
    }
}

/// The source of [`Flow::share`] and [`Flow::broadcast`].
pub struct Share<S: Source>
where
    S::Item: Clone,
{
    receiver: Receiver<S::Item>,
    // After the receiver, so that it is dropped after it.
    place: Place<S>,
    /// The rest of a chunk, backwards. Empty between pulls, but after one that was broken off.
    chunk: Vec<S::Item>,
    lost: u64,
}

// Nothing in it is pinned.
impl<S: Source> Unpin for Share<S> where S::Item: Clone {}

/// A consumer's place at the hub.
struct Place<S: Source> {
    hub: Arc<Hub<Sending<S>>>,
    seat: usize,
}

struct Sending<S: Source> {
    source: Pin<Box<Flow<S>>>,
    sender: Sender<S::Item>,
    /// How far behind a consumer may be.
    capacity: usize,
    /// Whether the slowest is waited for.
    waits: bool,
}

impl<S: Source> Sending<S> {
    /// How many items may be sent now: by who has received everything, so that it loses none itself. Nobody else sends.
    fn room(&self) -> usize {
        if self.waits {
            self.capacity.saturating_sub(self.sender.len())
        } else {
            self.capacity
        }
    }
}

struct ToAll<'a, T> {
    sender: &'a Sender<T>,
    limit: usize,
}

impl<T: Clone> Outlet<T> for ToAll<'_, T> {
    fn room(&self) -> usize {
        self.limit
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.limit -= 1;
        // There is room, and who pulls is a receiver.
        let sent = self.sender.send(item);
        debug_assert!(sent.is_ok(), "sent without room");
        flow_if(self.limit > 0)
    }
}

/// What a consumer finds.
enum Found {
    Items,
    Nothing,
    End,
}

impl<S: Source> Share<S>
where
    S::Item: Clone,
{
    /// Receives what is there.
    fn receive(&mut self, limit: usize) -> Found {
        match self.receiver.try_recv_many(&mut self.chunk, limit) {
            Ok(_) => self.received(),
            Err(TryRecvError::Lagged(lost)) => self.lagged(lost),
            Err(TryRecvError::Empty) => Found::Nothing,
            Err(TryRecvError::Closed) => Found::End,
        }
    }

    /// Receives what is there, or sees to it that the task is woken for what comes, whoever pulls it.
    fn poll_receive(&mut self, cx: &mut Context<'_>, limit: usize) -> Found {
        match self.receiver.poll_recv_many(cx, &mut self.chunk, limit) {
            Poll::Ready(Ok(_)) => self.received(),
            Poll::Ready(Err(RecvError::Lagged(lost))) => self.lagged(lost),
            Poll::Ready(Err(RecvError::Closed)) => Found::End,
            Poll::Pending => Found::Nothing,
        }
    }

    fn received(&mut self) -> Found {
        self.chunk.reverse();
        self.place.hub.took();
        Found::Items
    }

    fn lagged(&mut self, lost: u64) -> Found {
        self.lost += lost;
        Found::Items
    }

    /// What to say of a channel that is closed and empty. A panic closes it, too.
    fn end(&self) -> Pull {
        self.place.hub.assert_ended_well();
        Pull::End
    }

    /// Gives on what was received.
    fn give<O>(&mut self, outlet: &mut O) -> Pull
    where
        O: Outlet<S::Item> + ?Sized,
    {
        for _ in 0..outlet.room() {
            let Some(item) = self.chunk.pop() else { break };
            if outlet.push(item).is_break() {
                break;
            }
        }
        Pull::More
    }
}

/// Pulls the source for all, for up to so many items.
fn poll_send<S: Source>(
    mut out: Out<'_, Sending<S>>,
    cx: &mut Context<'_>,
    limit: usize,
) -> Poll<Pull>
where
    S::Item: Clone,
{
    if out.work().room() == 0 {
        out.block();
        if out.work().room() == 0 {
            out.put_back_unused();
            return Poll::Pending;
        }
    }
    let work = out.work();
    let limit = limit.min(work.room());
    let mut to_all = ToAll {
        sender: &work.sender,
        limit,
    };
    let pulled = work.source.as_mut().poll_pull(cx, &mut to_all);
    out.put_back(pulled);
    pulled
}

impl<S: Source> Source for Share<S>
where
    S::Item: Clone,
{
    type Item = S::Item;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = &mut *self;
        let limit = outlet.room().min(CHUNK);
        if !this.chunk.is_empty() {
            return Poll::Ready(this.give(outlet));
        }
        let (hub, seat) = (Arc::clone(&this.place.hub), this.place.seat);
        hub.bell().sit(seat, cx.waker());
        match this.poll_receive(cx, limit) {
            Found::Items => return Poll::Ready(this.give(outlet)),
            Found::End => return Poll::Ready(this.end()),
            Found::Nothing => {}
        }
        let pulled = match hub.turn(seat) {
            Turn::NotMine => return Poll::Pending,
            // The channel is closed, and says when it is empty.
            Turn::Over => Poll::Ready(Pull::More),
            Turn::Mine(out) => {
                if let Found::Items = this.receive(limit) {
                    out.put_back_unused();
                    return Poll::Ready(this.give(outlet));
                }
                let mut cx = Context::from_waker(hub.waker());
                poll_send(out, &mut cx, limit)
            }
        };
        match this.receive(limit) {
            Found::Items => Poll::Ready(this.give(outlet)),
            Found::End => Poll::Ready(this.end()),
            Found::Nothing => pulled,
        }
    }
}

impl<S: Source> Clone for Share<S>
where
    S::Item: Clone,
{
    /// A stream of what is pulled from now on.
    fn clone(&self) -> Self {
        Self {
            receiver: self.receiver.resubscribe(),
            place: Place {
                hub: Arc::clone(&self.place.hub),
                seat: self.place.hub.bell().seat(),
            },
            chunk: Vec::new(),
            lost: 0,
        }
    }
}

impl<S: Source> Drop for Place<S> {
    fn drop(&mut self) {
        self.hub.took();
        self.hub.bell().leave(self.seat);
    }
}

impl<S: Source> fmt::Debug for Share<S>
where
    S::Item: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("receiver", &self.receiver)
            .field("left_over", &self.chunk.len())
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}
