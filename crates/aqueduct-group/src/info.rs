//! Which task: what is known of a task, for people and for policies.

use crate::refs::Arc;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::time::Duration;

use aqueduct_cancel::Cancelled;
use aqueduct_core::coarse::Coarse;
use aqueduct_core::node::{Node, NodeId};
use aqueduct_core::sync::{AtomicU8, AtomicU16, AtomicU32, Ordering};

use crate::enclosing::Enclosing;

/// A number that no other task or group of this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(NodeId);

/// How a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskKind {
    /// On the runtime's workers.
    Async,
    /// On the thread that spawned it (`spawn_local`).
    Local,
    /// In the task that runs its group (`run_local`).
    Inline,
    /// On a thread of its own (`spawn_blocking`): once it runs, nothing can stop it.
    Blocking,
}

/// What a task does at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// It has not been polled yet.
    Queued,
    /// It is running, at this moment or until it was stopped by something that is not async.
    Running,
    /// It waits to be woken.
    Waiting,
    /// It has ended.
    Ended,
}

/// Which task: its number, its place in the order of spawning, its name, where it was spawned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInfo {
    id: TaskId,
    index: usize,
    name: Option<Cow<'static, str>>,
    location: &'static Location<'static>,
    kind: TaskKind,
}

/// A task, looked at. [`to_info`](Self::to_info) keeps what is to be kept.
#[derive(Clone, Copy)]
pub struct TaskRef<'a> {
    node: &'a Node,
    record: &'a Record,
}

impl TaskId {
    pub(crate) fn new(id: NodeId) -> Self {
        Self(id)
    }

    /// As a number, never 0.
    pub fn as_u64(self) -> u64 {
        self.0.as_u64()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TaskInfo {
    /// Its number.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Its place in the order of spawning in its group. Some places may be nobody's.
    pub fn index(&self) -> usize {
        self.index
    }

    /// What it was called.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// How it runs.
    pub fn kind(&self) -> TaskKind {
        self.kind
    }
}

/// "task 'name' (src/main.rs:7:5)", or with its index where it has no name.
impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "task '{name}' ({})", self.location),
            None => write!(f, "task {} ({})", self.index, self.location),
        }
    }
}

impl<'a> TaskRef<'a> {
    /// The task of a node, if it is one of a group's.
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        let record = node.data().downcast_ref()?;
        Some(Self { node, record })
    }

    /// Its number.
    pub fn id(&self) -> TaskId {
        TaskId(self.node.id())
    }

    /// Its place in the order of spawning in its group. Some places may be nobody's.
    pub fn index(&self) -> usize {
        self.record.index
    }

    /// What it was called.
    pub fn name(&self) -> Option<&'a str> {
        self.node.name()
    }

    /// Where it was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.node.location()
    }

    /// How it runs.
    pub fn kind(&self) -> TaskKind {
        self.record.kind
    }

    /// How long ago it was spawned, to some milliseconds.
    pub fn age(&self) -> Duration {
        self.record.spawned.elapsed()
    }

    /// What it does.
    pub fn state(&self) -> TaskState {
        self.record.state()
    }

    /// Whether this error says that the task stopped since its group was cancelled: it is, or carries, a
    /// [`Cancelled`](aqueduct_cancel::Cancelled) whose reason is that of the group's scope, or of one above it. For
    /// policies that judge errors: see [`policy`](crate::policy#cancelled-is-not-failed).
    ///
    /// What an [`io::Error`](std::io::Error) was made from is looked at as well, which its `source()` leaves out.
    pub fn is_cut_short_by(&self, error: &(dyn Error + 'static)) -> bool {
        let scope = self.record.group.scope();
        let mut next = Some(error);
        while let Some(error) = next {
            let cancelled = error.downcast_ref::<Cancelled>();
            if cancelled.is_some_and(|it| scope.is_cancelled_for(it.reason())) {
                return true;
            }
            let made_from = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match made_from {
                Some(error) => Some(error),
                None => error.source(),
            };
        }
        false
    }

    pub(crate) fn record(&self) -> &'a Record {
        self.record
    }

    pub(crate) fn parent(&self) -> Option<TaskId> {
        self.node.parent().map(TaskId)
    }

    /// The same, to keep.
    pub fn to_info(&self) -> TaskInfo {
        TaskInfo {
            id: self.id(),
            index: self.index(),
            name: self.name().map(|name| Cow::Owned(name.to_owned())),
            location: self.location(),
            kind: self.kind(),
        }
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_info().fmt(f)
    }
}

/// What a group keeps with each task's node.
pub(crate) struct Record {
    pub(crate) group: Arc<dyn Enclosing>,
    pub(crate) index: usize,
    pub(crate) spawned: Coarse,
    pub(crate) kind: TaskKind,
    state: AtomicU8,
    /// Its shard and its place there, once it has one. Written under the shard's lock.
    shard: AtomicU16,
    slot: AtomicU32,
    /// For how many waits its seat is lent.
    pub(crate) lends: AtomicU32,
}

impl Record {
    const NOWHERE: u16 = u16::MAX;

    pub(crate) fn new(group: Arc<dyn Enclosing>, index: usize, kind: TaskKind) -> Self {
        Self {
            group,
            index,
            kind,
            spawned: Coarse::now(),
            state: AtomicU8::new(TaskState::Queued as u8),
            shard: AtomicU16::new(Self::NOWHERE),
            slot: AtomicU32::new(0),
            lends: AtomicU32::new(0),
        }
    }

    #[inline]
    pub(crate) fn set_place(&self, shard: usize, slot: u32) {
        self.slot.store(slot, Ordering::Relaxed);
        self.shard.store(shard as u16, Ordering::Relaxed);
    }

    pub(crate) fn unset_place(&self) {
        self.shard.store(Self::NOWHERE, Ordering::Relaxed);
    }

    /// Its place in a shard whose lock is held, if it has one there.
    #[inline]
    pub(crate) fn place_in(&self, shard: usize) -> Option<u32> {
        let there = self.shard.load(Ordering::Relaxed) == shard as u16;
        there.then(|| self.slot.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn set_state(&self, state: TaskState) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn state(&self) -> TaskState {
        match self.state.load(Ordering::Relaxed) {
            0 => TaskState::Queued,
            1 => TaskState::Running,
            2 => TaskState::Waiting,
            _ => TaskState::Ended,
        }
    }
}
