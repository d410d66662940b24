//! Which task: what is known of a task, for people and for policies.

use crate::refs::Arc;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use aqueduct_cancel::Cancelled;
use aqueduct_core::coarse::Coarse;
use aqueduct_core::node::{Birth, Node, NodeId};
use aqueduct_core::roster::{Held, Pair};
use aqueduct_core::sync::{AtomicU8, AtomicU32, Ordering};

use crate::enclosing::Enclosing;
use crate::stop::Stop;
use crate::tree::TaskSnapshot;

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
    record: &'a Record,
    group: &'a dyn Enclosing,
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
        show(f, self.name(), self.index, self.location)
    }
}

fn show(
    f: &mut fmt::Formatter<'_>,
    name: Option<&str>,
    index: usize,
    location: &Location<'_>,
) -> fmt::Result {
    match name {
        Some(name) => write!(f, "task '{name}' ({location})"),
        None => write!(f, "task {index} ({location})"),
    }
}

impl<'a> TaskRef<'a> {
    pub(crate) fn new(seat: &'a Seat) -> Self {
        Self {
            record: seat,
            group: &**seat.header(),
        }
    }

    /// Its number.
    pub fn id(&self) -> TaskId {
        TaskId(self.record.birth.id)
    }

    /// Its place in the order of spawning in its group. Some places may be nobody's.
    pub fn index(&self) -> usize {
        self.record.index as usize
    }

    /// What it was called.
    pub fn name(&self) -> Option<&'a str> {
        self.record.name.as_deref()
    }

    /// Where it was spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.record.location
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
    /// [`Cancelled`] whose reason is that of the group's scope, or of one above it. For
    /// policies that judge errors: see [`policy`](crate::policy#cancelled-is-not-failed).
    ///
    /// What an [`io::Error`] was made from is looked at as well, which its `source()` leaves out.
    pub fn is_cut_short_by(&self, error: &(dyn Error + 'static)) -> bool {
        let scope = self.group.scope();
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

    /// The same, to keep.
    pub fn to_info(&self) -> TaskInfo {
        self.record.to_info()
    }
}

/// As its [`TaskInfo`].
impl fmt::Display for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.name(), self.index(), self.location())
    }
}

impl fmt::Debug for TaskRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_info().fmt(f)
    }
}

/// What a group keeps of each task.
///
/// In this order: a task that runs on another core than the one that spawned it, and its judge, need only what is on the
/// first cache line.
#[repr(C)]
pub(crate) struct Record {
    /// It wraps around, where a group has spawned four thousand million tasks.
    index: u32,
    kind: TaskKind,
    state: AtomicU8,
    pub(crate) stop: Stop,
    /// Made when it is first needed.
    loans: OnceLock<Arc<Loans>>,
    birth: Birth,
    name: Option<Cow<'static, str>>,
    location: &'static Location<'static>,
    spawned: Coarse,
}

/// A task's record, and with it its group: the header of the record's block.
pub(crate) type Seat = Held<Arc<dyn Enclosing>, Record>;

/// What a task has of its group: a [`Seat`] for itself, and one for the group to have when it has ended.
pub(crate) type Seats = Pair<Arc<dyn Enclosing>, Record>;

/// For how many waits a task's seat is lent.
pub(crate) type Loans = AtomicU32;

/// What is told of a task when it is spawned.
pub(crate) struct Told {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) index: usize,
    pub(crate) kind: TaskKind,
}

impl Record {
    #[inline]
    pub(crate) fn new(told: Told) -> Self {
        Self {
            birth: Birth::here(),
            name: told.name,
            location: told.location,
            index: told.index as u32,
            spawned: Coarse::now(),
            kind: told.kind,
            state: AtomicU8::new(TaskState::Queued as u8),
            stop: Stop::new(),
            loans: OnceLock::new(),
        }
    }

    #[inline]
    pub(crate) fn kind(&self) -> TaskKind {
        self.kind
    }

    pub(crate) fn to_info(&self) -> TaskInfo {
        TaskInfo {
            id: TaskId(self.birth.id),
            index: self.index as usize,
            name: self.name.as_deref().map(|name| Cow::Owned(name.to_owned())),
            location: self.location,
            kind: self.kind,
        }
    }

    pub(crate) fn to_snapshot(&self) -> TaskSnapshot {
        TaskSnapshot {
            id: TaskId(self.birth.id),
            parent: self.birth.parent.map(TaskId),
            name: self.name.as_deref().map(str::to_owned),
            location: self.location,
            age: self.spawned.elapsed(),
            kind: self.kind,
            state: self.state(),
        }
    }

    #[inline]
    pub(crate) fn set_state(&self, state: TaskState) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.state() == TaskState::Ended
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

    /// For how many waits its seat is lent, if it ever was asked for.
    #[inline]
    pub(crate) fn loans(&self) -> Option<&Arc<Loans>> {
        self.loans.get()
    }

    /// The same, to be lent.
    pub(crate) fn make_loans(&self) -> &Arc<Loans> {
        self.loans.get_or_init(|| Arc::new(Loans::new(0)))
    }
}

/// A task's node.
pub(crate) struct Member(Seats);

impl Member {
    #[inline]
    pub(crate) fn new(seats: Seats) -> Self {
        Self(seats)
    }

    #[inline]
    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    #[inline]
    pub(crate) fn group(&self) -> &Arc<dyn Enclosing> {
        self.0.header()
    }

    /// One to keep while it leaves, and one for the group.
    #[inline]
    pub(crate) fn split(self) -> (Seat, Seat) {
        self.0.split()
    }
}

impl Node for Member {
    fn id(&self) -> NodeId {
        self.record().birth.id
    }

    fn context(&self) -> &AtomicU64 {
        &self.record().birth.context
    }

    fn parent(&self) -> Option<NodeId> {
        self.record().birth.parent
    }

    fn name(&self) -> Option<&str> {
        self.record().name.as_deref()
    }

    fn location(&self) -> &'static Location<'static> {
        self.record().location
    }
}

// With the pointer to its block, which goes before it, it is two cache lines; what its end needs is on the first.
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(aqueduct_loom)))]
const _: () = {
    let pointer = size_of::<usize>();
    assert!(size_of::<Record>() + pointer <= 128);
    assert!(std::mem::offset_of!(Record, birth) + pointer <= 64);
};
