//! Publish and subscribe: what is published goes to all who want it.
//!
//! A topic holds its subscribers weakly, and forgets them when they have ended for good. What one task publishes comes to
//! each subscriber in that order: [`publish`](Topic::publish) is over only when all of them have it, or will not get it.
//!
//! # Why not a broadcast channel
//!
//! A broadcast channel has one policy for who is slow, and receivers that poll. Here each subscriber has a mailbox already,
//! with all else that it is told; the topic only says what becomes of a message for which that has no room.
//!
//! # Why a topic is not asked
//!
//! What is published is cloned for each subscriber, and a [`Reply`](crate::Reply) cannot be: it is for one answer. A message
//! that were made for each of them would be told, since a [`Recipient`] does not know the ask in it, and one that comes back
//! without having run could not be told from one that may have run. Who asks a group keeps the
//! [`AskRecipient`](crate::AskRecipient)s of its members, and gives an ask of each to [`ask_all`](crate::ask_all).

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use aqueduct_core::sync::Lock;
use aqueduct_supervision::watch::{MonitorId, Watch};

use crate::error::{TellError, TryTellError};
use crate::node::ActorId;
use crate::recipient::{Recipient, WeakRecipient};

/// What becomes of a published message for a subscriber whose mailbox is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// Who publishes waits for room. One that is slow holds up all who publish, though not the other subscribers' copy of
    /// this message.
    Wait,
    /// It misses the message, and that is counted.
    #[default]
    Skip,
    /// It is not a subscriber any more.
    Unsubscribe,
}

/// A group of subscribers that take a `T`. Clones are the same topic.
///
/// It is told, and not asked, since a [`Reply`](crate::Reply) is for one answer. To ask a group, keep an
/// [`AskRecipient`](crate::AskRecipient) of each member, and give an ask of each to [`ask_all`](crate::ask_all).
///
/// ```
/// use aqueduct_actor::{Actor, Cx, Topic, WhenFull, actor};
///
/// struct Screen;
///
/// impl Actor for Screen {
///     type Msg = String;
///
///     async fn handle(&mut self, line: String, _: &mut Cx<Self>) {
///         println!("{line}");
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let news = Topic::<String>::new();
/// let screens = [actor(Screen).spawn(), actor(Screen).spawn()];
/// for screen in &screens {
///     news.subscribe(&screen.recipient(), WhenFull::Skip);
/// }
/// let published = news.publish("hello".to_owned()).await;
/// assert_eq!(published.delivered, 2);
/// # }
/// ```
pub struct Topic<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    /// Copied by who changes it, so that who publishes holds no lock.
    subscribers: Lock<Arc<[Arc<Subscriber<T>>]>>,
}

struct Subscriber<T> {
    id: ActorId,
    weak: WeakRecipient<T>,
    when_full: WhenFull,
    missed: AtomicU64,
    watched: Lock<Option<(Watch, MonitorId)>>,
}

/// To whom a message went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// How many subscribers have it in their mailbox.
    pub delivered: usize,
    /// How many missed it, since they had no room, or are at rest, and may get the next one.
    pub missed: usize,
    /// How many are not subscribers any more, since they had no room, or have ended.
    pub gone: usize,
}

impl<T: Clone + Send + 'static> Topic<T> {
    /// One without subscribers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subscriber, which is not kept reachable by it. True if it was none; otherwise only its policy is changed.
    pub fn subscribe(&self, recipient: &Recipient<T>, when_full: WhenFull) -> bool {
        let new = Arc::new(Subscriber {
            id: recipient.id(),
            weak: recipient.downgrade(),
            when_full,
            missed: AtomicU64::new(0),
            watched: Lock::new(None),
        });
        let before = self.inner.put_in(new.clone());
        let inner = Arc::downgrade(&self.inner);
        let me = Arc::downgrade(&new);
        let watch = recipient.watch_slot();
        let monitor = watch.on_down(move |_| {
            if let (Some(inner), Some(me)) = (Weak::upgrade(&inner), Weak::upgrade(&me)) {
                inner.take_out(|other| Arc::ptr_eq(other, &me));
            }
        });
        *new.watched.lock() = Some((watch, monitor));
        if !self.inner.has(&new) {
            // It is out again: it has ended, or somebody took it out before there was something to take back.
            new.leave();
        }
        if let Some(before) = &before {
            let missed = before.missed.load(Ordering::Relaxed);
            new.missed.fetch_add(missed, Ordering::Relaxed);
            before.leave();
        }
        before.is_none()
    }

    /// Takes a subscriber out. True if it was one. What it was told already stays in its mailbox.
    pub fn unsubscribe(&self, recipient: &Recipient<T>) -> bool {
        let id = recipient.id();
        self.inner.take_out(|subscriber| subscriber.id == id)
    }

    /// Tells all subscribers. It waits for those that are full and whose policy says so, and for nobody else; all others
    /// have been told before it waits.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use policies that do not wait*: dropped before it is ready, those for whose room it waited do not get the
    /// message. It was ready at the first poll if there were none.
    pub async fn publish(&self, message: T) -> Published {
        let mut published = Published::default();
        let subscribers = self.recipients(&mut published);
        let mut waits = Vec::new();
        for (subscriber, recipient) in &subscribers {
            let told = recipient.try_tell(message.clone());
            match told {
                Err(TryTellError::Full(_)) if subscriber.when_full == WhenFull::Wait => {
                    let telling = Box::pin(recipient.tell(message.clone()));
                    waits.push((subscriber, recipient, Telling::Waits(telling)));
                }
                told => self.count(subscriber, recipient, told, &mut published),
            }
        }
        drop(message);
        poll_fn(|task| poll_all(&mut waits, task)).await;
        for (subscriber, recipient, telling) in waits {
            let Telling::Done(told) = telling else {
                unreachable!("all have been waited for");
            };
            let told = told.map_err(|TellError(message)| TryTellError::Closed(message));
            self.count(subscriber, recipient, told, &mut published);
        }
        published
    }

    /// Tells all subscribers that have room now. One that is to be waited for misses the message.
    pub fn try_publish(&self, message: T) -> Published {
        let mut published = Published::default();
        for (subscriber, recipient) in self.recipients(&mut published) {
            let told = recipient.try_tell(message.clone());
            self.count(&subscriber, &recipient, told, &mut published);
        }
        published
    }

    /// Those that live.
    fn recipients(&self, published: &mut Published) -> Vec<(Arc<Subscriber<T>>, Recipient<T>)> {
        let subscribers = self.inner.subscribers.lock().clone();
        let mut alive = Vec::with_capacity(subscribers.len());
        for subscriber in subscribers.iter() {
            match subscriber.weak.upgrade() {
                Some(recipient) => alive.push((subscriber.clone(), recipient)),
                None => {
                    published.gone += 1;
                    self.inner.take_out(|other| Arc::ptr_eq(other, subscriber));
                }
            }
        }
        alive
    }

    fn count(
        &self,
        subscriber: &Arc<Subscriber<T>>,
        recipient: &Recipient<T>,
        told: Told<T>,
        published: &mut Published,
    ) {
        let leaves = match told {
            Ok(()) => {
                published.delivered += 1;
                return;
            }
            Err(TryTellError::Full(_)) => subscriber.when_full == WhenFull::Unsubscribe,
            Err(TryTellError::Closed(_)) => !recipient.is_alive(),
        };
        if leaves {
            published.gone += 1;
            self.inner.take_out(|other| Arc::ptr_eq(other, subscriber));
        } else {
            published.missed += 1;
            subscriber.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many messages a subscriber has missed. None if it is none.
    pub fn missed(&self, recipient: &Recipient<T>) -> Option<u64> {
        let subscribers = self.inner.subscribers.lock().clone();
        let subscriber = subscribers.iter().find(|one| one.id == recipient.id());
        subscriber.map(|one| one.missed.load(Ordering::Relaxed))
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.inner.subscribers.lock().len()
    }
}

type Told<T> = Result<(), TryTellError<Option<T>>>;

/// A message that waits for room.
enum Telling<F, R> {
    Waits(Pin<Box<F>>),
    Done(R),
}

/// Ready when all are done. Each of them gets on, whoever else has to wait.
fn poll_all<X, Y, F: Future>(
    telling: &mut [(X, Y, Telling<F, F::Output>)],
    task: &mut Context<'_>,
) -> Poll<()> {
    let mut all = Poll::Ready(());
    for (_, _, telling) in telling {
        let Telling::Waits(waits) = telling else {
            continue;
        };
        match waits.as_mut().poll(task) {
            Poll::Ready(told) => *telling = Telling::Done(told),
            Poll::Pending => all = Poll::Pending,
        }
    }
    all
}

impl<T> Inner<T> {
    /// Puts one in, in the place of the one with the same number, which is given.
    fn put_in(&self, new: Arc<Subscriber<T>>) -> Option<Arc<Subscriber<T>>> {
        let mut subscribers = self.subscribers.lock();
        let mut list: Vec<_> = subscribers.to_vec();
        let before = match list.iter_mut().find(|one| one.id == new.id) {
            Some(before) => Some(std::mem::replace(before, new)),
            None => {
                list.push(new);
                None
            }
        };
        let old = std::mem::replace(&mut *subscribers, list.into());
        drop(subscribers);
        drop(old);
        before
    }

    fn take_out(&self, leaves: impl Fn(&Arc<Subscriber<T>>) -> bool) -> bool {
        let mut subscribers = self.subscribers.lock();
        let Some(at) = subscribers.iter().position(leaves) else {
            return false;
        };
        let mut list: Vec<_> = subscribers.to_vec();
        let left = list.remove(at);
        let old = std::mem::replace(&mut *subscribers, list.into());
        drop(subscribers);
        drop(old);
        left.leave();
        true
    }

    fn has(&self, subscriber: &Arc<Subscriber<T>>) -> bool {
        let subscribers = self.subscribers.lock();
        subscribers.iter().any(|one| Arc::ptr_eq(one, subscriber))
    }
}

impl<T> Subscriber<T> {
    fn leave(&self) {
        let watched = self.watched.lock().take();
        if let Some((watch, monitor)) = watched {
            watch.demonitor(monitor);
        }
    }
}

impl<T> Drop for Inner<T> {
    fn drop(&mut self) {
        let subscribers = self.subscribers.lock().clone();
        for subscriber in subscribers.iter() {
            subscriber.leave();
        }
    }
}

impl<T> Default for Topic<T> {
    fn default() -> Self {
        Self {
            inner: Arc::new(Inner {
                subscribers: Lock::new(Arc::new([])),
            }),
        }
    }
}

impl<T> Clone for Topic<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<T> fmt::Debug for Topic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topic")
            .field("subscribers", &self.inner.subscribers.lock().len())
            .finish_non_exhaustive()
    }
}
