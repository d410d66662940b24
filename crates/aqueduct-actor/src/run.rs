//! The loop: one incarnation of an actor, from its start to its end.
//!
//! ```text
//!   start ──▶ ┌▶ look at the control word ──▶ take a message ──▶ handle ─┐ ──▶ stop ──▶ value dropped ──▶ tasks joined
//!             └──────────────────────────────────────────────────────────┘        ──▶ mailbox parked or drained ──▶ told
//! ```
//!
//! All of it is one future, in which nothing is boxed that is always there. The part that runs the user's code is polled
//! within [`Guarded`], which catches panics; the value and the mailbox are outside of that, so that `stop` can run after a
//! panic and the queue survives.
//!
//! Messages are taken one by one, where a batch would need a buffer in each idle actor: out of our ring one costs a few
//! nanoseconds, and the coop budget is spent for several at a time there.

#[cfg(feature = "test-util")]
pub(crate) mod harness;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::poll_proceed;
use aqueduct_supervision::exit::{Exit, catch_panic};
use pin_project_lite::pin_project;
use tracing::Instrument;
use tracing::instrument::Instrumented;

use crate::actor::{Actor, Signal};
use crate::control::Bits;
use crate::cx::{Cx, Messages};
use crate::guard::{Guarded, KnownWaker};
use crate::shared::{Mail, Shared, Until};
use crate::told;

/// So many signals are handled before a message is, if there is one.
const SIGNALS_MAX: u8 = 8;

/// What the loop looks at between two messages.
const ATTENTION: Bits = Bits::STOP
    .with(Bits::CLOSE)
    .with(Bits::FREEZE)
    .with(Bits::SIGNALS)
    .with(Bits::UNREACHABLE)
    .with(Bits::OWN);

/// All of an incarnation but its future. However the incarnation ends, its value goes first, then what the value had, and
/// the mailbox goes back or is drained; then its end is told. Also where its future is dropped.
pub(crate) struct Seat<A: Actor> {
    actor: Option<A>,
    cx: Cx<A>,
    /// None once it has ended.
    mail: Option<Mail<A>>,
}

impl<A: Actor> Seat<A> {
    pub(crate) fn new(
        shared: Arc<Shared<A>>,
        mail: Mail<A>,
        idle: Option<Duration>,
        front: Option<Messages<A>>,
    ) -> Self {
        Self {
            actor: None,
            cx: Cx::new(shared, idle, front),
            mail: Some(mail),
        }
    }

    pub(crate) fn sit(&mut self, actor: A) {
        self.actor = Some(actor);
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<A>> {
        &self.cx.shared
    }

    /// Has it say whether it handles a message.
    pub(crate) fn tells_busy(&mut self, busy: Arc<AtomicBool>) {
        self.cx.tells_busy(busy);
    }

    fn drop_actor(&mut self) -> Result<(), Exit> {
        let actor = self.actor.take();
        catch_panic(|| drop(actor)).map_err(Exit::Panicked)
    }

    pub(crate) fn end(&mut self, exit: Exit) {
        let Some(mut mail) = self.mail.take() else {
            return;
        };
        mail.leave_line();
        let panicked = self.drop_actor();
        let left = self.cx.leave();
        let exit = worse(exit, panicked);
        let shared = &self.cx.shared;
        if shared.until == Until::Gone {
            if exit.is_orderly() {
                shared.control.answered();
            }
            shared.control.retire();
            shared.park(mail, left);
            told::ended(shared, &exit);
            shared.ended(exit, false);
        } else {
            // Who is alone, with an empty mailbox, has nobody to refuse.
            shared.over(mail, left, shared.is_alone());
            told::ended(shared, &exit);
            shared.ended(exit, true);
        }
    }
}

impl<A: Actor> Drop for Seat<A> {
    fn drop(&mut self) {
        self.end(Exit::Killed);
    }
}

/// The first panic is the one to be told.
fn worse(exit: Exit, then: Result<(), Exit>) -> Exit {
    match then {
        Err(worse) if !matches!(exit, Exit::Panicked(_)) => worse,
        _ => exit,
    }
}

/// Lives one incarnation. `ack` is called when it has started.
///
/// It is a block and no `async fn`, whose parameters would have their room twice.
pub(crate) fn live<A: Actor>(
    mut seat: Seat<A>,
    ack: impl FnOnce() + Send + 'static,
) -> impl Future<Output = Exit> + Send + 'static {
    let mut waker = KnownWaker::default();
    async move {
        let mut started = false;
        // As a whole: its parts are to be dropped in its order.
        let seat = &mut seat;
        let shared = seat.cx.shared.clone();
        let mut exit = {
            let Seat { actor, cx, mail } = seat;
            let actor = actor.as_mut().expect("it sits until the end");
            let mail = mail.as_mut().expect("it is there until the end");
            let work = work(actor, cx, mail, || {
                started = true;
                ack();
            });
            let worked = Guarded::new(&shared, &mut waker, work).await;
            worked.unwrap_or_else(|exit| exit)
        };
        if started
            && !matches!(exit, Exit::Killed)
            && !shared.control.bits().has(Bits::KILL)
            && let Some(actor) = &mut seat.actor
        {
            let stop = actor.stop(&exit, &mut seat.cx);
            let stopped = Guarded::new(&shared, &mut waker, stop).await;
            exit = worse(exit, stopped);
        }
        exit = worse(exit, seat.drop_actor());
        if let Some(tasks) = seat.cx.take_tasks() {
            // Boxed, as it is rarely there, and large.
            let ended = Box::pin(tasks.shutdown()).await;
            drop(ended);
        }
        seat.end(exit.clone());
        exit
    }
}

/// Starts, and handles what comes until it is to end. No `async fn`, as [`live`].
#[expect(
    clippy::manual_async_fn,
    reason = "it has room for its parameters once"
)]
fn work<A: Actor>(
    actor: &mut A,
    cx: &mut Cx<A>,
    mail: &mut Mail<A>,
    started: impl FnOnce() + Send,
) -> impl Future<Output = Exit> + Send {
    async move {
        if let Err(failure) = actor.start(cx).await {
            return Exit::Failed(failure);
        }
        if let Some(exit) = cx.stopping.take() {
            return *exit;
        }
        told::started(&cx.shared);
        started();
        loop {
            if let Some(exit) = cx.stopping.take() {
                return *exit;
            }
            // Made before it is awaited, so that what it is made of has no room beside it.
            let handling = match poll_fn(|task| poll_next(cx, mail, task)).await {
                Next::Message(message) => {
                    if let Some(extras) = &mut cx.extras {
                        extras.was_busy();
                    }
                    if told::are_messages_heard()
                        && let Some(span) = told::message(&cx.shared)
                    {
                        let handle = actor.handle(message, cx).instrument(span);
                        Handling::Traced {
                            future: Box::pin(handle),
                        }
                    } else {
                        Handling::Message {
                            future: actor.handle(message, cx),
                        }
                    }
                }
                Next::Signal(signal) => Handling::Signal {
                    future: actor.signal(signal, cx),
                },
                Next::End(exit) => return exit,
            };
            handling.await;
        }
    }
}

pin_project! {
    #[project = HandlingProject]
    enum Handling<M, S> {
        Message { #[pin] future: M },
        Traced { future: Pin<Box<Instrumented<M>>> },
        Signal { #[pin] future: S },
    }
}

impl<M: Future<Output = ()>, S: Future<Output = ()>> Future for Handling<M, S> {
    type Output = ();

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            HandlingProject::Message { future } => future.poll(cx),
            HandlingProject::Traced { future } => future.as_mut().poll(cx),
            HandlingProject::Signal { future } => future.poll(cx),
        }
    }
}

enum Next<M> {
    Message(M),
    Signal(Signal),
    End(Exit),
}

#[inline(always)]
fn poll_next<A: Actor>(
    cx: &mut Cx<A>,
    mail: &mut Mail<A>,
    task: &mut Context<'_>,
) -> Poll<Next<A::Msg>> {
    if cx.shared.control.bits().has(ATTENTION)
        && let Some(next) = ready!(poll_control(cx, mail, task))
    {
        return Poll::Ready(next);
    }
    if let Some(extras) = &mut cx.extras {
        extras.is_free();
    }
    if let Some(extras) = &mut cx.extras
        && extras.may_have()
    {
        // A stream need not spend the budget itself.
        let coop = ready!(poll_proceed(task));
        if let Some(message) = extras.before_mail() {
            coop.made_progress();
            return Poll::Ready(Next::Message(message));
        }
    }
    match mail.poll_recv(task) {
        Poll::Ready(Some(envelope)) => {
            cx.signals = 0;
            Poll::Ready(Next::Message(envelope.message))
        }
        Poll::Ready(None) => Poll::Ready(Next::End(Exit::Normal)),
        Poll::Pending => poll_idle(cx, mail, task),
    }
}

/// What comes before the next message. None if that is to be taken; `Pending` if it is not.
#[cold]
fn poll_control<A: Actor>(
    cx: &mut Cx<A>,
    mail: &mut Mail<A>,
    task: &mut Context<'_>,
) -> Poll<Option<Next<A::Msg>>> {
    let control = &cx.shared.control;
    let bits = control.bits();
    if bits.has(Bits::STOP) {
        let exit = control.take_stop().unwrap_or(Exit::Shutdown(None));
        return Poll::Ready(Some(Next::End(exit)));
    }
    if bits.has(Bits::CLOSE) {
        if cx.shared.until != Until::Gone {
            mail.close();
        } else if mail.is_empty() && !cx.extras.as_ref().is_some_and(|extras| extras.has_front()) {
            // What is closed stays closed, and this may be started again.
            return Poll::Ready(Some(Next::End(Exit::Normal)));
        }
    }
    if bits.has(Bits::UNREACHABLE) {
        // Said again, if need be, where it is about to sleep.
        control.clear(Bits::UNREACHABLE);
        // With nothing else to look at, this is the end, which need not go to sleep first to find that out.
        let alone = cx.extras.is_none() && !bits.has(Bits::FREEZE.with(Bits::SIGNALS));
        if alone && cx.shared.is_unreachable() && mail.is_empty() {
            return Poll::Ready(Some(Next::End(Exit::Normal)));
        }
    }
    if bits.has(Bits::OWN) {
        control.clear(Bits::OWN);
        if let Some(extras) = &mut cx.extras {
            extras.look_again();
        }
    }
    // Who froze it, and all who could thaw it, may be gone.
    let frozen = bits.has(Bits::FREEZE) && !cx.shared.is_unreachable();
    if bits.has(Bits::SIGNALS) && (frozen || cx.signals < SIGNALS_MAX) {
        let coop = ready!(poll_proceed(task));
        if let Some(signal) = control.take_signal() {
            coop.made_progress();
            cx.signals += u8::from(cx.signals < SIGNALS_MAX);
            return Poll::Ready(Some(Next::Signal(signal)));
        }
    }
    if frozen {
        mail.leave_line();
        return Poll::Pending;
    }
    Poll::Ready(None)
}

/// There is no message, or the task has to yield.
#[inline(never)]
fn poll_idle<A: Actor>(
    cx: &mut Cx<A>,
    mail: &mut Mail<A>,
    task: &mut Context<'_>,
) -> Poll<Next<A::Msg>> {
    if let Some(extras) = &mut cx.extras {
        if extras.may_have() {
            let coop = ready!(poll_proceed(task));
            if let Some(message) = extras.instead_of_mail() {
                coop.made_progress();
                cx.signals = 0;
                return Poll::Ready(Next::Message(message));
            }
        }
        if extras.poll_idle(task).is_ready() && mail.is_empty() {
            return Poll::Ready(Next::Signal(Signal::Idle));
        }
    }
    let is_to_come = |cx: &Cx<A>| cx.extras.as_ref().is_some_and(|extras| extras.is_to_come());
    if cx.shared.is_unreachable() && mail.is_empty() && !is_to_come(cx) {
        return Poll::Ready(Next::End(Exit::Normal));
    }
    if cx.signals == SIGNALS_MAX && cx.shared.control.bits().has(Bits::SIGNALS) {
        // Messages had their turn.
        cx.signals = 0;
        let coop = ready!(poll_proceed(task));
        if let Some(signal) = cx.shared.control.take_signal() {
            coop.made_progress();
            return Poll::Ready(Next::Signal(signal));
        }
    }
    Poll::Pending
}
