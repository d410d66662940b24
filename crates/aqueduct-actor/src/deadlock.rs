//! Asks that would wait for ever: of an actor to itself, and, in debug builds, of actors in a circle.
//!
//! An actor handles nothing while it waits for an answer in its handler. So one that asks itself there waits for itself; and
//! so do several that ask each other in a circle. The first is seen by the ambient node. The second needs to know who waits
//! for whom: a map that all share, which is not there in release builds. Only asks without a deadline are in it, since one
//! that has a deadline ends the circle; and each counts until it was answered. Who passes a [`Reply`](crate::Reply) on is
//! still taken for the one who is to answer: ask with a deadline where that may be.

use std::sync::Arc;

use aqueduct_core::node;

use crate::actor::Actor;
use crate::ask::UnsentReason;
use crate::mailbox::Note;
use crate::shared::Shared;

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

#[cfg(debug_assertions)]
mod imp {
    use std::collections::HashMap;
    use std::sync::{Arc, LazyLock};

    use aqueduct_core::node::{self, NodeId};
    use aqueduct_core::sync::Lock;

    use crate::ask::UnsentReason;
    use crate::mailbox::Note;

    static GRAPH: LazyLock<Lock<Graph>> = LazyLock::new(Default::default);

    /// Whom each actor waits for, and what it is called.
    #[derive(Default)]
    struct Graph {
        waits: HashMap<NodeId, (Arc<str>, Vec<Wait>)>,
    }

    struct Wait {
        target: NodeId,
        ask: Arc<dyn Note>,
    }

    impl Graph {
        /// The way from one to another, by who waits for whom.
        fn way(&self, from: NodeId, to: NodeId, way: &mut Vec<NodeId>) -> bool {
            if from == to {
                return true;
            }
            if way.contains(&from) {
                return false;
            }
            way.push(from);
            let waits = self.waits.get(&from).map_or(&[][..], |(_, waits)| waits);
            // Who was answered, and has not run since, waits no more.
            let mut waits = waits.iter().filter(|wait| wait.ask.is_waiting());
            if waits.any(|wait| self.way(wait.target, to, way)) {
                return true;
            }
            way.pop();
            false
        }
    }

    /// That one waits for another, until this is dropped: who it is, and which ask.
    #[derive(Debug)]
    pub(crate) struct Edge(Option<(NodeId, usize)>);

    impl Edge {
        pub(super) fn new(
            asker: NodeId,
            target: NodeId,
            has_deadline: bool,
            ask: impl FnOnce() -> Arc<dyn Note>,
        ) -> Result<Self, UnsentReason> {
            if has_deadline {
                return Ok(Self(None));
            }
            let name = node::with_current(|node| {
                let name = node.and_then(|node| node.name().map(Arc::from));
                name.unwrap_or_else(|| format!("actor {asker}").into())
            });
            let mut graph = GRAPH.lock();
            let mut way = Vec::new();
            if graph.way(target, asker, &mut way) {
                let others = way.iter().filter_map(|id| graph.waits.get(id));
                let names = std::iter::once(name).chain(others.map(|(name, _)| name.clone()));
                return Err(UnsentReason::Cycle(names.collect()));
            }
            let waits = graph.waits.entry(asker);
            let (_, waits) = waits.or_insert_with(|| (name, Vec::new()));
            let ask = ask();
            let edge = Self(Some((asker, address(&ask))));
            waits.push(Wait { target, ask });
            Ok(edge)
        }

        pub(super) fn none() -> Self {
            Self(None)
        }
    }

    impl Drop for Edge {
        fn drop(&mut self) {
            let Some((asker, ask)) = self.0 else {
                return;
            };
            let mut over = None;
            let mut graph = GRAPH.lock();
            if let Some((_, waits)) = graph.waits.get_mut(&asker) {
                let at = waits.iter().position(|wait| address(&wait.ask) == ask);
                over = at.map(|at| waits.swap_remove(at));
                if waits.is_empty() {
                    graph.waits.remove(&asker);
                }
            }
            drop(graph);
            // What is in it is the user's.
            drop(over);
        }
    }

    /// Which ask it is. It is in the graph, so that its address is not another's.
    fn address(ask: &Arc<dyn Note>) -> usize {
        Arc::as_ptr(ask).addr()
    }
}
