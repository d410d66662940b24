//! What a task or a group knows of the group around it.

use crate::refs::{Arc, Weak};
use std::any::Any;

use aqueduct_cancel::CancelScope;
use aqueduct_core::node::{Node, with_current};

use crate::info::Record;
use crate::tree::GroupSnapshot;

/// A group whose type of policy is forgotten.
pub(crate) trait Enclosing: Any + Send + Sync {
    /// Takes in a group whose owner has gone before its tasks: this group waits for them too. False if this group has
    /// ended already.
    fn adopt(&self) -> bool;

    /// A group that was taken in has ended. If this one has ended with it, gives the group that had taken this one in, for
    /// the caller to tell: see [`tell_ended`].
    #[must_use]
    fn adopted_ended(&self) -> Option<Arc<dyn Enclosing>>;

    /// The scope by which this group is cancelled.
    fn scope(&self) -> &CancelScope;

    /// What is alive in it.
    fn snapshot(&self) -> GroupSnapshot;

    /// The group that was around this one's owner when it was opened.
    fn outer(&self) -> Option<Arc<dyn Enclosing>>;

    /// The task, or the body of a group, in which it was opened.
    fn opener(&self) -> Option<Arc<Node>> {
        None
    }
}

/// Tells a group that one that it took in has ended, and all those further out that end with it. In a loop: they nest
/// deeper than a thread's stack.
pub(crate) fn tell_ended(group: Arc<dyn Enclosing>) {
    let mut next = Some(group);
    while let Some(group) = next {
        next = group.adopted_ended();
    }
}

/// What the node of a group's body keeps: the group, which owns the node.
pub(crate) struct Body(pub(crate) Weak<dyn Enclosing>);

/// The group whose task, or body, runs here.
pub(crate) fn current() -> Option<Weak<dyn Enclosing>> {
    with_current(|node| of(node?))
}

/// The group whose task, or body, has this node.
pub(crate) fn of(node: &Node) -> Option<Weak<dyn Enclosing>> {
    let data = node.data();
    if let Some(record) = data.downcast_ref::<Record>() {
        return Some(Arc::downgrade(&record.group));
    }
    data.downcast_ref::<Body>().map(|body| body.0.clone())
}
