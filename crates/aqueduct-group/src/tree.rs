//! What is alive: a snapshot of all groups and their tasks, for people and for a console to show.

use crate::refs::{Arc, Weak};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::LazyLock;
use std::time::Duration;

use aqueduct_core::node::NodeId;
use aqueduct_core::sync::Lock;

use crate::enclosing::Enclosing;
use crate::info::{TaskId, TaskKind, TaskState};

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
    /// It [drains](crate::GroupBuilder::with_drain): its tasks finish what they have, before it is cancelled.
    Draining,
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

impl Tree {
    /// How many tasks are alive in all groups.
    pub fn task_count(&self) -> usize {
        self.groups.iter().map(|group| group.tasks.len()).sum()
    }
}

/// Something to be drawn, and how deep.
#[derive(Clone, Copy)]
enum Line<'a> {
    Group(&'a GroupSnapshot, usize),
    Task(&'a TaskSnapshot, usize),
}

/// A line for each group and task, indented below its parent; the groups opened in a task are below it.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut below: HashMap<Option<TaskId>, Vec<&GroupSnapshot>> = HashMap::new();
        let tasks = self.groups.iter().flat_map(|group| &group.tasks);
        let known: HashSet<TaskId> = tasks
            .map(|task| task.id)
            .chain(self.groups.iter().map(|group| group.id))
            .collect();
        for group in &self.groups {
            let parent = group.parent.filter(|parent| known.contains(parent));
            below.entry(parent).or_default().push(group);
        }
        let groups_below = |id: Option<TaskId>, depth: usize| {
            let groups = below.get(&id).into_iter().flatten().rev();
            groups.map(move |group| Line::Group(group, depth))
        };
        // What is left to be drawn, the next at the end: groups nest deeper than a thread's stack.
        let mut lines: Vec<Line<'_>> = groups_below(None, 0).collect();
        while let Some(line) = lines.pop() {
            match line {
                Line::Group(group, depth) => {
                    draw_group(group, depth, f)?;
                    lines.extend(groups_below(Some(group.id), depth + 1));
                    let tasks = group.tasks.iter().rev();
                    lines.extend(tasks.map(|task| Line::Task(task, depth + 1)));
                }
                Line::Task(task, depth) => {
                    draw_task(task, depth, f)?;
                    lines.extend(groups_below(Some(task.id), depth + 1));
                }
            }
        }
        Ok(())
    }
}

fn draw_group(group: &GroupSnapshot, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = group.name.as_deref().unwrap_or("(unnamed)");
    let GroupSnapshot {
        location,
        age,
        phase,
        ..
    } = group;
    let indent = 2 * depth;
    writeln!(
        f,
        "{:indent$}group {name} [{phase:?}, {age:?}] {location}",
        ""
    )
}

fn draw_task(task: &TaskSnapshot, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = task.name.as_deref().unwrap_or("(unnamed)");
    let TaskSnapshot {
        location,
        age,
        state,
        ..
    } = task;
    let indent = 2 * depth;
    writeln!(
        f,
        "{:indent$}task {name} [{state:?}, {age:?}] {location}",
        ""
    )
}
