//! Asks that would wait for ever: of an actor to itself, and, in debug builds, of actors in a circle.
//!
//! An actor handles nothing while it waits for an answer in its handler. So one that asks itself there waits for itself; and
//! so do several that ask each other in a circle. The first is seen by the ambient node. The second needs to know who waits
//! for whom: a map that all share, which is not there in release builds. Only asks without a deadline are in it, since one
//! that has a deadline ends the circle; and each counts until it was answered. Who passes a [`Reply`](crate::Reply) on is
//! still taken for the one who is to answer: ask with a deadline where that may be.

#[cfg(debug_assertions)]
mod graph;

use std::sync::Arc;

use aqueduct_core::node;

use crate::actor::Actor;
use crate::ask::UnsentReason;
use crate::mailbox::Note;
use crate::shared::Shared;

#[cfg(debug_assertions)]
pub(crate) use graph::Edge;
#[cfg(not(debug_assertions))]
pub(crate) use imp::Edge;

/// Looks whether an ask of `target` from here would wait for ever. If not, it is noted for as long as the edge lives, and
/// counts until `ask` has been answered.
#[inline]
pub(crate) fn look<A: Actor>(
    target: &Shared<A>,
    has_deadline: bool,
    ask: impl FnOnce() -> Arc<dyn Note>,
) -> Result<Edge, UnsentReason> {
    let asker = node::with_current(|node| node.map(|node| node.id()));
    match asker {
        Some(asker) if asker == target.node.id => Err(UnsentReason::ToItself),
        Some(asker) => Edge::new(asker, target.node.id, has_deadline, ask),
        None => Ok(Edge::none()),
    }
}

#[cfg(not(debug_assertions))]
mod imp {
    use std::sync::Arc;

    use aqueduct_core::node::NodeId;

    use crate::ask::UnsentReason;
    use crate::mailbox::Note;

    #[derive(Debug)]
    pub(crate) struct Edge;

    impl Edge {
        pub(super) fn new(
            _: NodeId,
            _: NodeId,
            _: bool,
            _: impl FnOnce() -> Arc<dyn Note>,
        ) -> Result<Self, UnsentReason> {
            Ok(Self)
        }

        pub(super) fn none() -> Self {
            Self
        }
    }
}
