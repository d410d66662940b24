//! What an actor has besides its mailbox, and most have not: timers, a stash, streams, tasks, an idle time-out. Made when it
//! is first asked for.
//!
//! All of it is polled by the actor's own loop. What is to wake it has a waker that sets a bit of the control word: so the
//! loop looks at none of it before one says that there is something.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aqueduct_core::node;
use aqueduct_core::rt::{Alarm, poll_deadline};
use aqueduct_core::sync::Lock;
use aqueduct_group::{Discard, TaskGroup};
use futures_core::Stream;
use tokio::time::Instant;

use super::timers::Timers;
use crate::actor::Actor;
use crate::control::Bits;
use crate::node::ActorNode;
use crate::shared::Shared;

pub(crate) type Messages<A> = VecDeque<<A as Actor>::Msg>;
type MessageStream<A> = Pin<Box<dyn Stream<Item = <A as Actor>::Msg> + Send>>;

pub(crate) struct Extras<A: Actor> {
    /// To be handled before what is in the mailbox.
    front: Messages<A>,
    pub(super) stash: Messages<A>,
    pub(super) timers: Timers<A::Msg>,
    pub(super) streams: Vec<MessageStream<A>>,
    pub(super) tasks: Option<TaskGroup<Discard>>,
    pub(super) piped: Arc<Piped<A>>,
    idle: Option<Idle>,
    busy: Option<Busy>,
    waker: Waker,
    /// Who asks in a stream's poll. It is not the actor, which waits for none of them.
    node: ActorNode,
    /// Something may be ready.
    ready: bool,
    /// The mailbox is next.
    yields: bool,
    /// Which stream is polled first.
    turn: usize,
}

/// Where tasks leave what they have for the actor. A full mailbox is not in their way: there are as many as the actor made.
pub(crate) struct Piped<A: Actor> {
    shared: Arc<Shared<A>>,
    messages: Lock<Messages<A>>,
    running: AtomicUsize,
}

struct Idle {
    limit: Duration,
    deadline: Option<Instant>,
    alarm: Option<Alarm>,
}

impl<A: Actor> Extras<A> {
    pub(super) fn new(shared: &Arc<Shared<A>>) -> Box<Self> {
        Box::new(Self {
            front: VecDeque::new(),
            stash: VecDeque::new(),
            timers: Timers::new(),
            streams: Vec::new(),
            tasks: None,
            piped: Arc::new(Piped {
                shared: shared.clone(),
                messages: Lock::new(VecDeque::new()),
                running: AtomicUsize::new(0),
            }),
            idle: None,
            busy: None,
            waker: Waker::from(Arc::new(Own(shared.clone()))),
            node: shared.node.child(),
            ready: false,
            yields: false,
            turn: 0,
        })
    }

    pub(super) fn set_idle(&mut self, limit: Option<Duration>) {
        self.idle = limit.map(|limit| Idle {
            limit,
            deadline: None,
            alarm: None,
        });
    }

    /// Something was added, or says that it has something.
    pub(crate) fn look_again(&mut self) {
        self.ready = true;
    }

    /// Whether [`before_mail`](Self::before_mail), or [`instead_of_mail`](Self::instead_of_mail), is to be asked.
    #[inline]
    pub(crate) fn may_have(&self) -> bool {
        self.ready || !self.front.is_empty()
    }

    /// Whether something goes before the mailbox, whatever is in that.
    pub(crate) fn has_front(&self) -> bool {
        !self.front.is_empty()
    }

    /// A message that goes before the next of the mailbox.
    #[inline]
    pub(crate) fn before_mail(&mut self) -> Option<A::Msg> {
        if let Some(message) = self.front.pop_front() {
            return Some(message);
        }
        if !self.ready || self.yields {
            self.yields = false;
            return None;
        }
        let message = self.own();
        self.yields = message.is_some();
        message
    }

    /// A message where there is none in the mailbox.
    pub(crate) fn instead_of_mail(&mut self) -> Option<A::Msg> {
        if self.ready { self.own() } else { None }
    }

    fn own(&mut self) -> Option<A::Msg> {
        let piped = self.piped.messages.lock().pop_front();
        if piped.is_some() {
            return piped;
        }
        if let Some(message) = self.timers.due(&self.waker) {
            return Some(message);
        }
        let mut cx = Context::from_waker(&self.waker);
        let mut left = self.streams.len();
        while left > 0 {
            left -= 1;
            self.turn = (self.turn + 1) % self.streams.len();
            let stream = self.streams[self.turn].as_mut();
            match node::within(&self.node, || stream.poll_next(&mut cx)) {
                Poll::Ready(Some(message)) => return Some(message),
                Poll::Ready(None) => {
                    // In order, and one back: the next ones are those that were not polled yet, all of them.
                    let ended = self.streams.remove(self.turn);
                    drop(ended);
                    match self.streams.len() {
                        0 => break,
                        all => self.turn = (self.turn + all - 1) % all,
                    }
                }
                Poll::Pending => {}
            }
        }
        self.ready = false;
        None
    }

    /// Whether something of its own may come. Who sleeps for ever is not kept alive by a stash.
    pub(crate) fn is_to_come(&self) -> bool {
        self.ready
            || !self.front.is_empty()
            || !self.timers.is_empty()
            || !self.streams.is_empty()
            // Acquire pairs with the Release in `Running::drop`: what the task has left is seen by `ready`.
            || self.piped.running.load(Ordering::Acquire) > 0
            || !self.piped.messages.lock().is_empty()
    }

    /// Has it say whether it handles a message.
    pub(super) fn tells_busy(&mut self, busy: Arc<AtomicBool>) {
        self.busy = Some(Busy(busy));
    }

    /// It looks for the next message.
    #[inline]
    pub(crate) fn is_free(&self) {
        if let Some(Busy(busy)) = &self.busy {
            busy.store(false, Ordering::Relaxed);
        }
    }

    /// There was a message.
    #[inline]
    pub(crate) fn was_busy(&mut self) {
        if let Some(Busy(busy)) = &self.busy {
            busy.store(true, Ordering::Relaxed);
        }
        if let Some(idle) = &mut self.idle {
            idle.deadline = None;
        }
    }

    /// Whether there was no message for as long as is allowed.
    pub(crate) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(idle) = &mut self.idle else {
            return Poll::Pending;
        };
        let deadline = match idle.deadline {
            Some(deadline) => deadline,
            None => {
                let Some(deadline) = Instant::now().checked_add(idle.limit) else {
                    return Poll::Pending;
                };
                idle.alarm = None;
                idle.deadline = Some(deadline);
                deadline
            }
        };
        let elapsed = poll_deadline(&mut idle.alarm, deadline, cx.waker());
        if elapsed.is_ready() {
            idle.deadline = None;
        }
        elapsed
    }

    /// What is left, in order, for the next incarnation.
    pub(super) fn take_left(&mut self) -> Messages<A> {
        self.unstash();
        std::mem::take(&mut self.front)
    }

    /// Puts what is in the stash before all else: what came out of it before, and was not handled yet, is younger than what
    /// was put in again.
    pub(super) fn unstash(&mut self) {
        let younger = std::mem::replace(&mut self.front, std::mem::take(&mut self.stash));
        self.front.extend(younger);
    }

    pub(super) fn put_front(&mut self, front: Messages<A>) {
        self.front = front;
    }
}

/// Says whether a message is being handled. None is by who is not there.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Says that something of the actor's own is ready.
struct Own<A: Actor>(Arc<Shared<A>>);

impl<A: Actor> Wake for Own<A> {
    fn wake(self: Arc<Self>) {
        self.0.control.raise(Bits::OWN);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.control.raise(Bits::OWN);
    }
}

/// A task of the actor, counted until it ends.
pub(super) struct Running<A: Actor>(Arc<Piped<A>>);

impl<A: Actor> Running<A> {
    pub(super) fn new(piped: &Arc<Piped<A>>) -> Self {
        piped.running.fetch_add(1, Ordering::Relaxed);
        Self(piped.clone())
    }

    pub(super) fn send(&self, message: A::Msg) {
        self.0.messages.lock().push_back(message);
    }
}

impl<A: Actor> Drop for Running<A> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `is_to_come`.
        self.0.running.fetch_sub(1, Ordering::Release);
        self.0.shared.control.raise(Bits::OWN);
    }
}
