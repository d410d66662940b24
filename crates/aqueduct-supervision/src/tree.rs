//! What is alive below a supervisor, to look at.

use std::fmt;
use std::sync::Arc;

use crate::child::{ChildCell, Doing};
use crate::exit::Exit;
use crate::refs::Text;
use crate::spec::{ChildId, ChildKind};
use crate::supervisor::Shared;

/// A supervisor and what is below it, at some moment. See [`SupervisorRef::tree`](crate::SupervisorRef::tree).
///
/// Its `Display` is a tree of lines:
///
/// ```text
/// shop: alive
/// ├─ db: running, incarnation 1
/// └─ web: running, incarnation 2
///    ├─ listener: running, incarnation 1
///    └─ sessions: restarting, incarnation 4, last: failed: connection reset
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tree {
    /// What the supervisor is called.
    pub name: Text,
    /// Which incarnation of it.
    pub incarnation: u64,
    /// How it has ended, if it has.
    pub exit: Option<Exit>,
    /// Its children, in order. If it has ended, those that still run, as they could not be made to end, and supervisors with
    /// such below them.
    pub children: Vec<TreeChild>,
}

/// A child in a [`Tree`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TreeChild {
    /// What it is called.
    pub id: ChildId,
    /// What it is.
    pub kind: ChildKind,
    /// What it does, as its supervisor has it, which may be about to learn of an end: then there is an [`exit`](Self::exit)
    /// already. That it is ready it says itself: one that has answered somebody is never shown as starting, unless it answers
    /// before it is [ready](crate::ChildContext::ready).
    pub doing: Doing,
    /// How many times it was started.
    pub incarnation: u64,
    /// How its last incarnation ended, unless one lives or none was ever started.
    pub exit: Option<Exit>,
    /// What is below it, if it is a supervisor.
    pub below: Option<Tree>,
}

impl Tree {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        let mut cells = shared.live().map(|live| live.cells()).unwrap_or_default();
        let is_there = |it: &Arc<ChildCell>| cells.iter().any(|cell| Arc::ptr_eq(cell, it));
        let left = Vec::from_iter(shared.left().into_iter().filter(|it| !is_there(it)));
        cells.extend(left);
        Self {
            name: shared.name().clone(),
            incarnation: shared.run(),
            exit: shared.exit(),
            children: cells.iter().map(TreeChild::of).collect(),
        }
    }

    /// How many children there are below, at all levels.
    pub fn len(&self) -> usize {
        let below = |child: &TreeChild| child.below.as_ref().map_or(0, Self::len);
        self.children.iter().map(|child| 1 + below(child)).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        for (n, child) in self.children.iter().enumerate() {
            let is_last = n + 1 == self.children.len();
            let (branch, further) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            write!(f, "\n{indent}{branch}{child}")?;
            if let Some(below) = &child.below {
                below.show(f, &format!("{indent}{further}"))?;
            }
        }
        Ok(())
    }
}

impl TreeChild {
    fn of(cell: &Arc<ChildCell>) -> Self {
        let incarnation = cell.run();
        Self {
            id: cell.id().clone(),
            kind: cell.kind(),
            doing: cell.doing(),
            incarnation,
            exit: cell.exit().filter(|_| incarnation > 0),
            below: cell.nested().map(Tree::of),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exit {
            None => write!(f, "{}: alive", self.name)?,
            Some(exit) => write!(f, "{}: {exit}", self.name)?,
        }
        self.show(f, "")
    }
}

impl fmt::Display for TreeChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match self.doing {
            Doing::Resting => "resting",
            Doing::Starting => "starting",
            Doing::Running => "running",
            Doing::Restarting => "restarting",
            Doing::Stopping => "stopping",
            Doing::Unresponsive => "unresponsive",
        };
        write!(f, "{}: {doing}, incarnation {}", self.id, self.incarnation)?;
        match &self.exit {
            Some(exit) => write!(f, ", last: {exit}"),
            None => Ok(()),
        }
    }
}
