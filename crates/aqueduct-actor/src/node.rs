//! An actor in the ambient slot: who it is, for whoever runs in its task.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aqueduct_core::node::{Birth, Node, NodeId};

/// The number of an actor. Nothing else in this process has it; restarts keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub(crate) NodeId);

impl ActorId {
    /// As a number, never 0.
    pub fn as_u64(self) -> u64 {
        self.0.as_u64()
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The actor's task, in the tree of tasks.
pub(crate) struct ActorNode {
    pub(crate) id: NodeId,
    parent: Option<NodeId>,
    context: AtomicU64,
    pub(crate) name: Option<Arc<str>>,
    location: &'static Location<'static>,
}

impl ActorNode {
    pub(crate) fn new(name: Option<Arc<str>>, location: &'static Location<'static>) -> Self {
        let Birth {
            id,
            parent,
            context,
        } = Birth::here();
        Self {
            id,
            parent,
            context,
            name,
            location,
        }
    }

    /// Of a part of the actor that it does not wait for.
    pub(crate) fn child(&self) -> Self {
        let Birth { id, .. } = Birth::here();
        Self {
            id,
            parent: Some(self.id),
            context: AtomicU64::new(self.context.load(Ordering::Relaxed)),
            name: self.name.clone(),
            location: self.location,
        }
    }
}

impl Node for ActorNode {
    fn id(&self) -> NodeId {
        self.id
    }

    fn context(&self) -> &AtomicU64 {
        &self.context
    }

    fn parent(&self) -> Option<NodeId> {
        self.parent
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn location(&self) -> &'static Location<'static> {
        self.location
    }
}
