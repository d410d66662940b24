//! What actors tell `tracing`: that they start and end, what was left in their mailbox, and a span around each message.
//!
//! It costs nothing where nobody listens. A subscriber that wants no more than `DEBUG`, or none at all, is seen by one
//! relaxed load a message, of a word that hardly ever changes; a subscriber of `TRACE` that is not interested in the
//! target pays what `tracing` takes to find that out. A span is boxed together with the handler's future, so that actors
//! have no room for it.

use aqueduct_supervision::exit::Exit;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::{Span, debug, trace_span, warn};

use crate::actor::Actor;
use crate::shared::{Shared, Until};

/// Whether somebody may be interested in each message.
#[inline(always)]
pub(crate) fn are_messages_heard() -> bool {
    STATIC_MAX_LEVEL == LevelFilter::TRACE && LevelFilter::current() == LevelFilter::TRACE
}

/// The span of a message, if somebody is interested.
#[cold]
#[inline(never)]
pub(crate) fn message<A: Actor>(shared: &Shared<A>) -> Option<Span> {
    let span = trace_span!(
        target: "aqueduct::actor",
        "message",
        actor = name(shared),
        id = shared.node.id.as_u64(),
        of = std::any::type_name::<A>(),
    );
    (!span.is_disabled()).then_some(span)
}

pub(crate) fn started<A: Actor>(shared: &Shared<A>) {
    debug!(
        target: "aqueduct::actor",
        actor = name(shared),
        id = shared.node.id.as_u64(),
        of = std::any::type_name::<A>(),
        "started"
    );
}

/// The panic of a supervised actor is told by its supervisor, which knows what follows from it.
pub(crate) fn ended<A: Actor>(shared: &Shared<A>, exit: &Exit) {
    let (actor, id) = (name(shared), shared.node.id.as_u64());
    let of = std::any::type_name::<A>();
    if matches!(exit, Exit::Panicked(_)) && shared.until != Until::Gone {
        warn!(target: "aqueduct::actor", actor, id, of, "ended: {exit}");
    } else {
        debug!(target: "aqueduct::actor", actor, id, of, "ended: {exit}");
    }
}

/// So many messages were in the mailbox, or before it, that nobody handles.
pub(crate) fn undelivered<A: Actor>(shared: &Shared<A>, messages: usize) {
    if messages > 0 {
        debug!(
            target: "aqueduct::actor",
            actor = name(shared),
            id = shared.node.id.as_u64(),
            of = std::any::type_name::<A>(),
            messages,
            "left undelivered"
        );
    }
}

fn name<A: Actor>(shared: &Shared<A>) -> Option<&str> {
    shared.node.name.as_deref()
}
