//! What supervisors do and what happens to them: as `tracing` events, and for who subscribes.
//!
//! Nothing is built that nobody wants: without a subscriber of the level, and without a receiver, an event costs two loads;
//! once anybody in the program has subscribed to events, two locks for each supervisor above it, which are free.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::StartFailure;
use crate::exit::{Exit, Panicked, ignore_panic};
use crate::refs::Text;
use crate::spec::ChildId;
use crate::supervisor::{Listener, Shared};

/// The receiver of a subscription: of the supervisor and all below it. It never keeps a supervisor waiting; one that is
/// far behind loses the oldest events, and is told how many. After the last event of a supervisor that nobody starts again
/// it is closed.
pub type Events = aqueduct_channel::broadcast::Receiver<Event>;

/// How many events a subscriber may be behind.
pub(crate) const EVENTS_KEPT: usize = 1024;

/// Something that a supervisor did, or that happened to it or to a child of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Where the supervisor is in the tree: "root/branch".
    pub supervisor: Text,
    /// The child that it is about. None is the supervisor itself.
    pub child: Option<ChildId>,
    /// Which incarnation of the child, or of the supervisor, from 1.
    pub incarnation: u64,
    /// What.
    pub kind: EventKind,
    /// When, by Tokio's clock.
    pub at: Instant,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// The supervisor has started all children.
    Ready,
    /// The child was started, and has said that it is ready, if it does.
    Started,
    /// The child had nothing to start.
    Ignored,
    /// The child failed to start.
    StartFailed(StartFailure),
    /// The child ended by itself.
    Exited(Exit),
    /// The child ended by itself, or failed to start, and will be tried again after this time.
    Restarting {
        /// How long after.
        after: Duration,
    },
    /// The child was asked to stop.
    Stopping,
    /// The child was aborted: it is brutal, or its time was up.
    Aborted,
    /// The child has ended that was asked to stop, or aborted.
    Terminated(Exit),
    /// The child was aborted, did not end, and is waited for no longer.
    Unresponsive,
    /// There were too many restarts, or a child that does not end would have to be replaced: the supervisor stops its
    /// children and ends. The child is the one that it was about.
    Escalated,
    /// The child is significant and has ended: the supervisor stops its children and ends.
    AutoShutdown,
    /// A function of a [`StartChild`](crate::StartChild), or its destructor, has panicked. (A panic of `start` is an exit.)
    CallbackPanicked(Panicked),
    /// The supervisor has ended.
    Ended(Exit),
}

/// Tells an event to who wants it, if anybody does.
pub(crate) fn emit(shared: &Arc<Shared>, told: Told<'_>, make: impl FnOnce() -> EventKind) {
    let (is_traced, listeners) = (told.level.is_traced(), shared.listeners());
    if is_traced || !listeners.is_empty() {
        let event = told.event(shared, make());
        event.tell(is_traced.then_some(told.level), &listeners);
    }
}

/// Tells that a supervisor has ended. If nobody starts it again, that is the last that its own listeners hear.
pub(crate) fn emit_end(shared: &Arc<Shared>, told: Told<'_>, exit: &Exit) {
    if !shared.is_heard_for_the_last_time() {
        return emit(shared, told, || EventKind::Ended(exit.clone()));
    }
    let (is_traced, above) = (told.level.is_traced(), shared.listeners_above());
    let event = told.event(shared, EventKind::Ended(exit.clone()));
    event.tell(is_traced.then_some(told.level), &above);
    shared.tell_last(event);
}

impl Event {
    fn tell(&self, traced: Option<Level>, listeners: &[Listener]) {
        if let Some(level) = traced {
            // Errors of the user's say what they are, to a subscriber of the user's.
            ignore_panic(|| trace(self, level));
        }
        for listener in listeners {
            listener.tell(self);
        }
    }
}

impl Told<'_> {
    fn event(&self, shared: &Arc<Shared>, kind: EventKind) -> Event {
        Event {
            supervisor: shared.path(),
            child: self.child.cloned(),
            incarnation: self.incarnation,
            kind,
            at: Instant::now(),
        }
    }
}

impl Level {
    fn is_traced(self) -> bool {
        match self {
            Self::Quiet => tracing::enabled!(target: TARGET, tracing::Level::DEBUG),
            Self::Loud => tracing::enabled!(target: TARGET, tracing::Level::WARN),
            Self::Alarming => tracing::enabled!(target: TARGET, tracing::Level::ERROR),
        }
    }
}

/// What an event is about, and how loudly it is told.
pub(crate) struct Told<'a> {
    pub(crate) child: Option<&'a ChildId>,
    pub(crate) incarnation: u64,
    pub(crate) level: Level,
}

/// How loudly.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// In the ordinary course.
    Quiet,
    /// Something failed, and is dealt with.
    Loud,
    /// Somebody above has to deal with it.
    Alarming,
}

const TARGET: &str = "aqueduct::supervision";

fn trace(event: &Event, level: Level) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::event!(
                target: TARGET,
                tracing::Level::$level,
                supervisor = &*event.supervisor,
                child = event.child.as_ref().map(ChildId::as_str),
                incarnation = event.incarnation,
                "{}",
                event.kind
            )
        };
    }
    match level {
        Level::Quiet => tell!(DEBUG),
        Level::Loud => tell!(WARN),
        Level::Alarming => tell!(ERROR),
    }
}

impl std::fmt::Display for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready => f.write_str("all children are started"),
            Self::Started => f.write_str("started"),
            Self::Ignored => f.write_str("had nothing to start"),
            Self::StartFailed(failure) => failure.fmt(f),
            Self::Exited(exit) => write!(f, "ended: {exit}"),
            Self::Restarting { after } if after.is_zero() => f.write_str("is started again"),
            Self::Restarting { after } => write!(f, "is started again in {after:?}"),
            Self::Stopping => f.write_str("was asked to stop"),
            Self::Aborted => f.write_str("was aborted"),
            Self::Terminated(exit) => write!(f, "was stopped: {exit}"),
            Self::Unresponsive => f.write_str("was aborted, and does not end"),
            Self::Escalated => f.write_str("cannot be restarted any more: the supervisor ends"),
            Self::AutoShutdown => {
                f.write_str("is significant and has ended: so does the supervisor")
            }
            Self::CallbackPanicked(panicked) => panicked.fmt(f),
            Self::Ended(exit) => write!(f, "the supervisor has ended: {exit}"),
        }
    }
}

/// "tree/branch/child: ended: failed: no route to host"
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.child {
            Some(child) => write!(f, "{}/{child}: {}", self.supervisor, self.kind),
            None => write!(f, "{}: {}", self.supervisor, self.kind),
        }
    }
}
