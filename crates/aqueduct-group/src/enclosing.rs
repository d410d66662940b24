//! What a task or a group knows of the group around it.

use crate::refs::{Arc, Weak};
use std::any::Any;
use std::borrow::Cow;
use std::panic::Location;
use std::sync::atomic::AtomicU64;

use aqueduct_cancel::CancelScope;
use aqueduct_core::node::{Birth, Node, NodeId, with_current};

use crate::info::{Loans, Member, TaskInfo};
use crate::tree::GroupSnapshot;

/// A group whose type of policy is forgotten.
pub(crate) trait Enclosing: Any + Send + Sync {
    /// Takes in a group whose owner has gone before its tasks: this group waits for them too. False if this group has
    /// ended already.
    fn adopt(&self, group: &Weak<dyn Enclosing>) -> bool;

    /// A group that was taken in has ended. If this one has ended with it, gives the group that had taken this one in, for
    /// the caller to tell: see [`tell_ended`].
    #[must_use]
    fn adopted_ended(&self) -> Option<Arc<dyn Enclosing>>;

    /// The scope by which this group is cancelled.
    fn scope(&self) -> &CancelScope;

    /// What is alive in it.
    fn snapshot(&self) -> GroupSnapshot;

    /// The tasks that have not ended.
    fn left(&self) -> Vec<TaskInfo>;

    /// Groups that were taken in and may not have ended.
    fn adopted(&self) -> Vec<Arc<dyn Enclosing>>;

    /// The groups that were around this one's owner when it was opened.
    fn outward(&self) -> Option<Arc<Outward>>;

    /// The task, or the body of a group, in which it was opened.
    fn opener(&self) -> Option<Opener> {
        None
    }

    /// Whether its tasks have seats, which they may lend.
    fn has_seats(&self) -> bool {
        false
    }
}

/// The node of a group's body.
pub(crate) struct Body {
    pub(crate) group: Weak<dyn Enclosing>,
    pub(crate) birth: Birth,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) location: &'static Location<'static>,
}

impl Node for Body {
    fn id(&self) -> NodeId {
        self.birth.id
    }

    fn context(&self) -> &AtomicU64 {
        &self.birth.context
    }

    fn parent(&self) -> Option<NodeId> {
        self.birth.parent
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

/// The task, or the body, that runs here, as a group remembers it that is opened there: it keeps nothing alive.
#[derive(Clone)]
pub(crate) struct Opener {
    pub(crate) group: Weak<dyn Enclosing>,
    /// How often its seat is lent, if it is a task and has one.
    pub(crate) loans: Option<Arc<Loans>>,
}

/// Who runs here, if it is somebody's of a group.
pub(crate) fn opener() -> Option<Opener> {
    with_current(|node| {
        let node = node?;
        if let Some(member) = node.downcast::<Member>() {
            let group = member.group();
            let loans = || member.record().make_loans().clone();
            return Some(Opener {
                group: Arc::downgrade(group),
                loans: group.has_seats().then(loans),
            });
        }
        let body = node.downcast::<Body>()?;
        Some(Opener {
            group: body.group.clone(),
            loans: None,
        })
    })
}

/// Tells a group that one that it took in has ended, and all those further out that end with it. In a loop: they nest
/// deeper than a thread's stack.
pub(crate) fn tell_ended(group: Arc<dyn Enclosing>) {
    let mut next = Some(group);
    while let Some(group) = next {
        next = group.adopted_ended();
    }
}

/// The groups around some place, from within. None of them is kept alive by it.
///
/// A list of its own, since a group in between may be gone, its handles dropped, when one further out is still needed.
pub(crate) struct Outward {
    group: Weak<dyn Enclosing>,
    further: Option<Arc<Outward>>,
}

impl Outward {
    /// From what runs here.
    pub(crate) fn here() -> Option<Arc<Self>> {
        let group = current()?;
        let further = group.upgrade().and_then(|group| group.outward());
        Some(Arc::new(Self { group, further }))
    }

    pub(crate) fn nearest(&self) -> &Weak<dyn Enclosing> {
        &self.group
    }

    /// Those that are alive, the nearest first.
    pub(crate) fn alive(&self) -> impl Iterator<Item = Arc<dyn Enclosing>> {
        let all = std::iter::successors(Some(self), |it| it.further.as_deref());
        all.filter_map(|it| it.group.upgrade())
    }
}

impl Drop for Outward {
    fn drop(&mut self) {
        // One after the other: groups nest deeper than a thread's stack.
        let mut further = self.further.take();
        while let Some(mut next) = further.and_then(Arc::into_inner) {
            further = next.further.take();
        }
    }
}

/// The group whose task, or body, runs here.
pub(crate) fn current() -> Option<Weak<dyn Enclosing>> {
    opener().map(|opener| opener.group)
}
