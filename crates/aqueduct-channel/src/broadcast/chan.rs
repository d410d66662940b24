//! What senders and receivers of a broadcast share.
//!
//! ```text
//!    base          floor      slowest                        tail        end
//!     ▼              ▼           ▼                             ▼          ▼
//!     ┌────┬────┬────┬────┐┌────┬────┬────┬────┐┌────┬────┬────┬────┐
//!     │lost│lost│lost│    ││    │    │    │    ││    │    │    │free│     slots, in segments
//!     └────┴────┴────┴────┘└────┴────┴────┴────┘└────┴────┴────┴────┘
//!                    ▲           ▲                             ▲
//!               a receiver    another, which                 a third, which waits
//!               that lagged   holds this segment
//! ```
//!
//! Senders take turns under a lock: one writes the message into the slot at the tail and publishes the tail. A receiver
//! **holds** the segment that it is in (it counts among its owners) and reads slot after slot of it, up to the tail that
//! it saw last; it says how far it is by a plain store. So a message costs a receiver no read-modify-write, and the lock
//! only once a segment, to find the next one.
//!
//! A sender never waits for a receiver that is in the middle of a clone, nor does it free what that one reads: a segment
//! out of use is used again if nobody holds it, and is left to its holders if somebody does. What is lost to a receiver
//! that lags is so by decree: the *floor* says so, in a word of its own that is written only while somebody lags.
//!
//! # Invariants
//!
//! I1. The state behind the lock is changed under it only. A slot is written by who holds the lock, before `tail` is
//!     published past it; positions only grow, so once.
//! I2. The published tail is the state's, with `CLOSED` once there are no senders. It is stored with Release after the
//!     slots before it were written and the floor was raised.
//! I3. A receiver is in the state's list from where it subscribed until it is dropped. A slot counts those in the list
//!     when it is written; they are those whose position is not past it. So each receiver comes to each slot from its
//!     subscription on once at most.
//! I4. No receiver in the list is slower than `slowest`, if those that are before the floor count as being at it; and
//!     `base <= slowest`. So the segment of a receiver's next slot is there: at its own position, or at the floor.
//! I5. `floor` is raised to `tail + 1 - capacity` with each message for which somebody is as slow as that, and is not
//!     touched otherwise: nobody lost what is at it or after it.
//! I6. With `Wait`, `tail - slowest + promised <= capacity`.
//! I7. A channel does not move while a handle to it lives: it is behind a reference or an `Arc`.
//!
//! # Who wakes whom
//!
//! Receivers wait in line for the tail to pass their position; a sender that has published looks whether anybody does,
//! and wakes all of them, in batches and outside of the lock. The handshake is the one of `aqueduct_core::barrier`. A
//! receiver that got in line looks once more by itself, since the look of the first in line (see `wait_queue`) ends at
//! the first receiver that is further than others.
//!
//! With [`Overflow::Wait`] senders wait in line for room, which is promised to them under that line's lock. A sender that
//! finds none marks one of the slowest receivers, which sees the mark when it moves (see [`progress`](super::progress)),
//! and serves the line. So do receivers that leave.
//!
//! # Why not a ring that is written over
//!
//! Because a message may be anything. While a receiver clones it, which is code of the user's and takes as long as it
//! takes, its slot cannot be written; then a sender would have to wait for that receiver, or each receiver to exchange
//! a word with the senders twice a message. (Tokio's slots are behind a mutex each, held while cloning.) With segments
//! it is two changes of a count for up to 64 messages. And what is in use is as small as the backlog: where receivers
//! keep up, a channel of any capacity goes round in two or three segments, which stay in the cache.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::task::{Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicU64, AtomicUsize, Lock, Ordering};
use aqueduct_core::wait_queue::{Place, Wait, WaitQueue};

use super::progress::Progress;
use super::segment::Segment;
use super::send::RoomRequest;
use super::state::{Retired, State};
use crate::error::TrySendError;
use crate::overflow::Overflow;
use crate::stats::Stats;
use crate::unbounded::add_if_any;

type OnLag = Box<dyn Fn(u64) + Send + Sync>;

/// A channel's options.
pub(super) struct Options {
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) on_lag: Option<OnLag>,
}

/// What both sides share. The order of the fields is the order in memory.
#[repr(C)]
pub(super) struct Chan<T> {
    tail: Padded<Tail>,
    fixed: Padded<Fixed>,
    state: Padded<Lock<State<T>>>,
    senders: WaitQueue<RoomRequest>,
    sender_count: AtomicUsize,
    weak_count: AtomicUsize,
    /// How many messages receivers have lost, all together.
    lost: AtomicU64,
    /// Those who wait until there are no receivers. Made when somebody first does.
    watchers: Lock<Option<Arc<WaitQueue<()>>>>,
}

/// What a sender writes and looks at for each message.
#[repr(C)]
struct Tail {
    /// `{ position: 63, CLOSED: 1 }`.
    word: AtomicU64,
    receivers: WaitQueue<u64>,
}

/// What hardly ever changes.
struct Fixed {
    /// Written while receivers lag.
    floor: AtomicU64,
    /// How many messages a receiver can be behind; a power of two where older ones are dropped.
    capacity: u64,
    slots: usize,
    overflow: Overflow,
    on_lag: Option<OnLag>,
}

const CLOSED: u64 = 1;

/// Slots in a segment, at most: a quarter of the capacity, so that what is lost, and kept until its segment goes out of
/// use, is not more than that.
const SLOTS_MAX: usize = if cfg!(aqueduct_loom) { 2 } else { 64 };

/// The tail as somebody saw it.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) position: u64,
    pub(super) is_closed: bool,
}

/// By which right a message is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// If there is room.
    New,
    /// By a promise.
    Promised,
}

// A panic of the user's happens outside of any change of a channel's state.
impl<T> UnwindSafe for Chan<T> {}
impl<T> RefUnwindSafe for Chan<T> {}

impl<T> Chan<T> {
    /// # Panics
    ///
    /// If the capacity is 0 or more than `usize::MAX / 2`, or the policy is none that a broadcast can have.
    #[track_caller]
    pub(super) fn new(options: Options) -> Arc<Self> {
        let Options {
            capacity,
            overflow,
            on_lag,
        } = options;
        assert!(capacity > 0, "broadcast channel capacity cannot be zero");
        assert!(
            capacity <= usize::MAX >> 1,
            "broadcast channel capacity exceeded `usize::MAX / 2`"
        );
        assert!(
            matches!(
                overflow,
                Overflow::DropOldest | Overflow::Wait | Overflow::Reject
            ),
            "a broadcast drops the oldest, waits or rejects; Overflow::{overflow:?} has no meaning for it"
        );
        let rounded = capacity.next_power_of_two();
        let kept = if overflow == Overflow::DropOldest {
            rounded
        } else {
            capacity
        };
        Arc::new(Self {
            tail: Padded(Tail {
                word: AtomicU64::new(0),
                receivers: WaitQueue::new(capacity),
            }),
            fixed: Padded(Fixed {
                floor: AtomicU64::new(0),
                capacity: kept as u64,
                slots: (rounded / 4).clamp(1, SLOTS_MAX),
                overflow,
                on_lag,
            }),
            state: Padded(Lock::new(State::new())),
            // 0: a sender in line pays for no barrier, as the mark needs none.
            senders: WaitQueue::new(0),
            sender_count: AtomicUsize::new(1),
            weak_count: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            watchers: Lock::new(None),
        })
    }

    #[inline]
    pub(super) fn overflow(&self) -> Overflow {
        self.fixed.overflow
    }

    pub(super) fn capacity(&self) -> u64 {
        self.fixed.capacity
    }

    /// How many slots a segment has: a power of two.
    pub(super) fn slots(&self) -> usize {
        self.fixed.slots
    }

    /// What is before this is lost to whoever has not read it.
    #[inline(always)]
    pub(super) fn floor(&self) -> u64 {
        self.fixed.floor.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn tail(&self) -> Seen {
        // Acquire pairs with the Release in `publish`: the slots before it are written, and the floor is as high.
        let word = self.tail.word.load(Ordering::Acquire);
        Seen {
            position: word >> 1,
            is_closed: word & CLOSED != 0,
        }
    }

    /// Under the lock.
    #[inline]
    fn publish(&self, state: &State<T>, closed: u64) {
        // Release pairs with the Acquire in `tail`.
        self.tail
            .word
            .store(state.tail << 1 | closed, Ordering::Release);
    }

    /// Sends a message, if there are receivers, and room. Says how many receivers.
    #[inline]
    pub(super) fn push(&self, value: T, claim: Claim) -> Result<usize, TrySendError<T>> {
        let mut fresh = None;
        let (receivers, retired) = loop {
            let mut state = self.state.lock();
            let promised = u64::from(claim == Claim::Promised);
            if state.receivers.is_empty() {
                state.promised -= promised;
                drop(state);
                return Err(TrySendError::Closed(value));
            }
            if state.wants_segment() {
                state.spare = fresh.take();
                if state.spare.is_none() {
                    drop(state);
                    fresh = Some(Arc::new(Segment::new(self.slots())));
                    continue;
                }
            }
            if claim == Claim::New && !self.admits(&mut state) {
                drop(state);
                return Err(TrySendError::Full(value));
            }
            let retired = state.extend();
            state.promised -= promised;
            let receivers = state.write(value);
            self.publish(&state, 0);
            break (receivers, retired);
        };
        if self.tail.receivers.is_waited_on() {
            self.tail.receivers.serve_all();
        }
        self.reuse(retired);
        Ok(receivers)
    }

    /// Whether there is room, or is made by dropping the oldest.
    #[inline]
    fn admits(&self, state: &mut State<T>) -> bool {
        let capacity = self.capacity();
        if self.overflow() != Overflow::DropOldest {
            return state.has_room(capacity);
        }
        if state.drop_oldest(capacity) {
            // Relaxed: published with the tail (I2).
            self.fixed.floor.store(state.floor, Ordering::Relaxed);
        }
        true
    }

    /// Drops what is left in segments that are out of use, and keeps one for the next messages.
    #[inline]
    fn reuse(&self, retired: Retired<T>) {
        for mut segment in retired.into_iter().flatten() {
            // Who still holds it may be reading; it is the last holder's to drop.
            if let Some(unused) = Arc::get_mut(&mut segment) {
                unused.reset();
                let mut state = self.state.lock();
                let spare = state.spare.replace(segment);
                drop(state);
                drop(spare);
            }
        }
    }

    /// Whether a receiver at `position` has something to look at.
    pub(super) fn has_news(&self, position: u64) -> bool {
        let tail = self.tail();
        tail.position > position || tail.is_closed
    }

    /// Where receivers wait, with their positions.
    pub(super) fn receivers(&self) -> &WaitQueue<u64> {
        &self.tail.receivers
    }

    /// Where senders wait for room.
    pub(super) fn senders(&self) -> &WaitQueue<RoomRequest> {
        &self.senders
    }

    /// Adds a receiver of what is sent from now on.
    pub(super) fn subscribe(&self) -> (Arc<Padded<Progress>>, u64) {
        let mut state = self.state.lock();
        (state.add(), state.tail)
    }

    /// Takes a receiver out. Returns where the tail is, from where on nothing counts it.
    pub(super) fn unsubscribe(&self, progress: &Progress) -> u64 {
        let mut state = self.state.lock();
        state.remove(progress);
        state.tail
    }

    /// Tells those who wait for it that a receiver left.
    pub(super) fn receiver_left(&self) {
        if self.overflow() == Overflow::Wait {
            self.serve_senders();
        }
        if self.receiver_count() == 0 {
            let watchers = self.watchers.lock().clone();
            if let Some(watchers) = watchers {
                watchers.serve_all();
            }
        }
    }

    /// The segment with the slot at `position`, or from where on there still is something.
    pub(super) fn segment_at(&self, position: u64) -> Result<Arc<Segment<T>>, u64> {
        self.state.lock().segment_at(position)
    }

    /// Counts messages that a receiver has lost.
    #[cold]
    pub(super) fn note_lag(&self, lost: u64) {
        self.lost.fetch_add(lost, Ordering::Relaxed);
        if let Some(on_lag) = &self.fixed.on_lag {
            on_lag(lost);
        }
    }

    /// Promises room to senders in line.
    pub(super) fn serve_senders(&self) {
        self.senders.serve(|request| self.promise_room(request));
    }

    /// Promises room to a sender in line, or tells it that nobody will receive.
    pub(super) fn promise_room(&self, request: &mut RoomRequest) -> bool {
        let mut state = self.state.lock();
        if state.receivers.is_empty() {
            *request = RoomRequest::Closed;
        } else if state.has_room_or_awaits(self.capacity()) {
            state.promised += 1;
            *request = RoomRequest::Promised;
        }
        *request != RoomRequest::Waiting
    }

    /// Gives a promise back, to the next in line.
    pub(super) fn give_back(&self) {
        self.state.lock().promised -= 1;
        self.serve_senders();
    }

    /// Waits until there are no receivers.
    pub(super) async fn closed(&self) {
        while self.receiver_count() > 0 {
            let watchers = self
                .watchers
                .lock()
                .get_or_insert_with(|| Arc::new(WaitQueue::new(0)))
                .clone();
            let mut wait = pin!(Wait::new(watchers));
            std::future::poll_fn(|cx| {
                let coop = ready!(coop::poll_proceed(cx));
                ready!(wait.as_mut().poll_wait(
                    cx,
                    Place::Back,
                    0,
                    || (),
                    |()| self.receiver_count() == 0,
                    || {}
                ));
                coop.made_progress();
                Poll::Ready(())
            })
            .await;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().len() as usize
    }

    pub(super) fn stats(&self) -> Stats {
        let mut state = self.state.lock();
        let (sent, len, len_max) = (state.tail, state.len(), state.len_max());
        drop(state);
        Stats {
            sent,
            received: sent - len,
            dropped: self.lost.load(Ordering::Relaxed),
            len: len as usize,
            len_max: len_max as usize,
            senders_waiting: self.senders.len(),
            receivers_waiting: self.tail.receivers.len(),
        }
    }

    #[cfg(all(test, not(aqueduct_loom)))]
    pub(super) fn segments(&self) -> usize {
        self.state.lock().segments()
    }

    pub(super) fn receiver_count(&self) -> usize {
        self.state.lock().receivers.len()
    }

    pub(super) fn sender_count(&self) -> &AtomicUsize {
        &self.sender_count
    }

    pub(super) fn weak_count(&self) -> &AtomicUsize {
        &self.weak_count
    }

    /// Counts a sender, unless all are gone.
    pub(super) fn add_sender_if_any(&self) -> bool {
        add_if_any(&self.sender_count)
    }

    pub(super) fn remove_sender(&self) {
        // AcqRel pairs with itself: the last sender's close comes after all that the others have sent.
        if self.sender_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            let state = self.state.lock();
            self.publish(&state, CLOSED);
            drop(state);
            if self.tail.receivers.is_waited_on() {
                self.tail.receivers.serve_all();
            }
        }
    }
}
