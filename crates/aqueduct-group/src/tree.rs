//! What is alive: a snapshot of all groups and their tasks, for people and for a console to show.

use crate::refs::{Arc, Weak};
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::LazyLock;
use std::time::Duration;

use aqueduct_core::node::NodeId;
use aqueduct_core::sync::Lock;

use crate::enclosing::Enclosing;
use crate::info::{TaskId, TaskKind, TaskRef, TaskState};

/// The groups of this process, in some parts, since every group enters and leaves.
static GROUPS: LazyLock<[Part; PARTS]> = LazyLock::new(|| std::array::from_fn(|_| Lock::default()));

type Part = Lock<HashMap<NodeId, Weak<dyn Enclosing>>>;

const PARTS: usize = 16;

fn part(id: NodeId) -> &'static Part {
    &GROUPS[id.as_u64() as usize % PARTS]
}

pub(crate) fn enter(id: NodeId, group: Weak<dyn Enclosing>) {
    part(id).lock().insert(id, group);
}

pub(crate) fn leave(id: NodeId) {
    let mut groups = part(id).lock();
    let left = groups.remove(&id);
    if groups.is_empty() {
        groups.shrink_to_fit();
    }
    drop(groups);
    drop(left);
}

/// All groups of this process that are alive, and their tasks, at about this moment.
///
/// It looks at one group after another, so what moves meanwhile may be missing. `Display` draws the tree.
pub fn tree() -> Tree {
    let mut groups = Vec::new();
    for part in &*GROUPS {
        let alive: Vec<_> = part.lock().values().filter_map(Weak::upgrade).collect();
        groups.extend(
            alive
                .iter()
                .map(|group: &Arc<dyn Enclosing>| group.snapshot()),
        );
    }
    groups.sort_by_key(|group| group.id);
    Tree { groups }
}

/// What [`tree`] saw.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The groups, by their numbers.
    pub groups: Vec<GroupSnapshot>,
}

/// A group that is alive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GroupSnapshot {
    /// Its number.
    pub id: TaskId,
    /// The task, or the group, in which it was opened, if that was one of Aqueduct's.
    pub parent: Option<TaskId>,
    /// What it is called.
    pub name: Option<String>,
    /// Where it was opened.
    pub location: &'static Location<'static>,
    /// How long ago, to some milliseconds.
    pub age: Duration,
    /// How far it is on the way to its end.
    pub phase: GroupPhase,
    /// Whether it takes no more tasks.
    pub closed: bool,
    /// Its tasks that are alive.
    pub tasks: Vec<TaskSnapshot>,
}

/// How far a group is on the way to its end. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroupPhase {
    /// Nobody wants it to end.
    Running,
    /// It was cancelled, and its tasks have some time left to end by themselves.
    Grace,
    /// Its tasks were aborted.
    Aborted,
    /// Some of its tasks could not be stopped.
    GivenUp,
}

/// A task that is alive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskSnapshot {
    /// Its number.
    pub id: TaskId,
    /// The task, or the group, by which it was spawned.
    pub parent: Option<TaskId>,
    /// What it is called.
    pub name: Option<String>,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
    /// How long ago, to some milliseconds.
    pub age: Duration,
    /// How it runs.
    pub kind: TaskKind,
    /// What it does.
    pub state: TaskState,
}

impl TaskSnapshot {
    pub(crate) fn of(task: &TaskRef<'_>) -> Self {
        Self {
            id: task.id(),
            parent: task.parent(),
            name: task.name().map(str::to_owned),
            location: task.location(),
            age: task.age(),
            kind: task.kind(),
            state: task.state(),
        }
    }
}

impl Tree {
    /// How many tasks are alive in all groups.
    pub fn task_count(&self) -> usize {
        self.groups.iter().map(|group| group.tasks.len()).sum()
    }

    fn draw_below(&self, parent: TaskId, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = self
            .groups
            .iter()
            .filter(|group| group.parent == Some(parent));
        below
            .into_iter()
            .try_for_each(|group| self.draw(group, depth, f))
    }

    fn draw(&self, group: &GroupSnapshot, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        indent(depth, f)?;
        let name = group.name.as_deref().unwrap_or("(unnamed)");
        let GroupSnapshot {
            location,
            age,
            phase,
            ..
        } = group;
        writeln!(f, "group {name} [{phase:?}, {age:?}] {location}")?;
        for task in &group.tasks {
            indent(depth + 1, f)?;
            let name = task.name.as_deref().unwrap_or("(unnamed)");
            let TaskSnapshot {
                location,
                age,
                state,
                ..
            } = task;
            writeln!(f, "task {name} [{state:?}, {age:?}] {location}")?;
            self.draw_below(task.id, depth + 2, f)?;
        }
        self.draw_below(group.id, depth + 1, f)
    }
}

fn indent(depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    (0..depth).try_for_each(|_| f.write_str("  "))
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |id: TaskId| {
            let mut groups = self.groups.iter();
            groups.any(|group| group.id == id || group.tasks.iter().any(|task| task.id == id))
        };
        let roots = self
            .groups
            .iter()
            .filter(|group| !group.parent.is_some_and(known));
        roots
            .into_iter()
            .try_for_each(|group| self.draw(group, 0, f))
    }
}
