//! Who waits for whom, in debug builds.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
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
    /// A shortest way from one to another, by who waits for whom, without the other. Each is looked at once, however many ways
    /// lead to it.
    fn way(&self, from: NodeId, to: NodeId) -> Option<Vec<NodeId>> {
        // Who was found, and from where.
        let mut found = HashMap::from([(from, None)]);
        let mut line = VecDeque::from([from]);
        while let Some(at) = line.pop_front() {
            if at == to {
                let before = |id: &NodeId| found[id];
                let mut way = Vec::from_iter(std::iter::successors(before(&to), before));
                way.reverse();
                return Some(way);
            }
            let waits = self.waits.get(&at).map_or(&[][..], |(_, waits)| waits);
            // Who was answered, and has not run since, waits no more.
            for wait in waits.iter().filter(|wait| wait.ask.is_waiting()) {
                if let Entry::Vacant(new) = found.entry(wait.target) {
                    new.insert(Some(at));
                    line.push_back(wait.target);
                }
            }
        }
        None
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
        if let Some(way) = graph.way(target, asker) {
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

#[cfg(test)]
mod tests;
