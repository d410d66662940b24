//! What a benchmark needs of a crate of actors, and the state that all their actors have.
//!
//! Each crate writes two actors as its documentation says: one that counts ([`Counter`]), and one that passes a token on
//! to the next of a ring. What they do is written here once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::harness::runtime::{Rt, Task, current_with_timer};

/// A crate of actors. As for channels, an adaptor returns the crate's own futures.
pub(crate) trait Actors: Sized + 'static {
    /// What spawning needs beside a runtime.
    type World: Send + Sync;
    /// A reference to an actor that has a [`Counter`].
    type Ref: Clone + Send + Sync + 'static;
    /// A reference to one of a ring.
    type Relay: Clone + Send + Sync + 'static;

    fn world() -> impl Future<Output = Self::World> + Send;

    /// Starts an actor, with room for `room` messages where mailboxes have a bound.
    fn spawn(
        world: &Self::World,
        counter: Counter,
        room: usize,
    ) -> impl Future<Output = Self::Ref> + Send;

    /// Waits for room where there is a bound.
    fn tell(to: &Self::Ref, number: u64) -> impl Future<Output = impl Sized> + Send;

    /// The sum so far.
    fn ask(to: &Self::Ref, number: u64) -> impl Future<Output = u64> + Send;

    /// Ends the actor, of which no other reference is left.
    fn stop(to: Self::Ref);

    fn relay(
        world: &Self::World,
        done: Arc<Done>,
        room: usize,
    ) -> impl Future<Output = Self::Relay> + Send;

    /// Says who comes after `to`; nobody, before the ring is dropped.
    fn link(to: &Self::Relay, next: Option<Self::Relay>)
    -> impl Future<Output = impl Sized> + Send;

    /// Gives `to` the token.
    fn pass(to: &Self::Relay, hops: u64) -> impl Future<Output = impl Sized> + Send;

    fn stop_relay(to: Self::Relay);

    /// Runs `main` as a task, from which actors can be spawned.
    fn run<R: Send + 'static>(rt: Rt, main: Task<R>) -> R {
        rt.run(main)
    }

    /// Runs `main` on this thread, on a runtime that ends with it.
    fn run_alone<R: Send + 'static>(main: Task<R>) -> R {
        current_with_timer().block_on(main)
    }
}

/// The state of an actor that is told and asked. It says that it is done after so many messages.
pub(crate) struct Counter {
    seen: u64,
    until: u64,
    sum: u64,
    done: Arc<Done>,
}

impl Counter {
    pub(crate) fn new(until: u64, done: &Arc<Done>) -> Self {
        Counter {
            seen: 0,
            until,
            sum: 0,
            done: Arc::clone(done),
        }
    }

    #[inline]
    pub(crate) fn tell(&mut self, number: u64) {
        self.sum += number;
        self.seen += 1;
        if self.seen == self.until {
            self.done.one(self.sum);
        }
    }

    #[inline]
    pub(crate) fn ask(&mut self, number: u64) -> u64 {
        self.sum += number;
        self.sum
    }
}

/// Where the actors of a round say that they are done, and from which it is seen that they have ended.
pub(crate) struct Done {
    left: AtomicU64,
    sum: AtomicU64,
    all: Notify,
}

impl Done {
    /// Of `actors`, each of which says so once.
    pub(crate) fn of(actors: usize) -> Arc<Self> {
        Arc::new(Done {
            left: AtomicU64::new(actors as u64),
            sum: AtomicU64::new(0),
            all: Notify::new(),
        })
    }

    #[inline]
    pub(crate) fn one(&self, sum: u64) {
        self.sum.fetch_add(sum, Ordering::Relaxed);
        // Pairs with the same of the others: who is last sees what all have added.
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all.notify_one();
        }
    }

    /// Until all are done: the sum of what they counted.
    pub(crate) async fn wait(&self) -> u64 {
        self.all.notified().await;
        self.sum.load(Ordering::Relaxed)
    }

    /// Until every actor's state is gone, so that no round runs beside what the last one left.
    pub(crate) async fn ended(self: Arc<Self>) {
        while Arc::strong_count(&self) > 1 {
            yield_now().await;
        }
    }
}
