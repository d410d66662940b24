//! What the tests of members and failures share: tasks without a runtime, and a policy that says what it saw.
//!
//! Counters are the standard library's also in models: they are looked at and decide nothing, so loom need not see them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use aqueduct_cancel::CancelScope;
use aqueduct_core::node::Node;

use crate::enclosing::{Enclosing, Outward};
use crate::failure::Panicked;
use crate::info::{Record, TaskInfo, TaskKind, TaskRef, TaskState};
use crate::members::{Abort, End, GiveBack, Judge, Members};
use crate::policy::{Ending, Next, Policy, Triage, Verdict};
use crate::refs::{Arc, Weak};
use crate::tree::GroupSnapshot;

/// A group around, which counts what it is told.
#[derive(Default)]
pub(crate) struct Around {
    ended: AtomicUsize,
}

impl Around {
    /// How often it was told that a group it took in has ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

impl Enclosing for Around {
    fn adopt(&self, _: &Weak<dyn Enclosing>) -> bool {
        true
    }

    fn adopted_ended(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    fn scope(&self) -> &CancelScope {
        unreachable!("nobody cancels it")
    }

    fn snapshot(&self) -> GroupSnapshot {
        unreachable!("it is in no tree")
    }

    fn left(&self) -> Vec<TaskInfo> {
        unreachable!("it makes no report")
    }

    fn adopted(&self) -> Vec<Arc<dyn Enclosing>> {
        Vec::new()
    }

    fn outward(&self) -> Option<Arc<Outward>> {
        None
    }
}

/// The node of a task of a group that does not matter.
#[track_caller]
pub(crate) fn node(index: usize, kind: TaskKind, name: Option<&'static str>) -> Arc<Node> {
    let record = Record::new(Arc::new(Around::default()), index, kind);
    Arc::new(Node::child(name.map(Into::into), record))
}

/// The handle of a task, and how often it was aborted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handle(Arc<AtomicUsize>);

impl Handle {
    pub(crate) fn aborts(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// How many there are of it.
    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

impl Abort for Handle {
    fn abort(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts its wakes.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let wakes = Arc::<Self>::default();
        (wakes.clone(), Waker::from(wakes))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a task gives, and how it is judged.
#[derive(Debug)]
pub(crate) enum Out {
    Now,
    Later,
    Never,
    Fatal,
    /// The policy panics.
    Breaks,
    /// The triage does.
    BreaksTriage,
    /// Its destructor does, and nobody judges it.
    BreaksDrop(Bomb),
}

#[derive(Debug)]
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("a bomb"));
    }
}

/// Notes who was judged, by index, in a list that outlives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<usize>>>);

impl Seen {
    pub(crate) fn all(&self) -> Vec<usize> {
        self.0.lock().unwrap().clone()
    }

    /// How many there are of it.
    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    fn note(&self, task: TaskRef<'_>) {
        self.0.lock().unwrap().push(task.index());
    }
}

impl Policy for Seen {
    type Output = Out;
    type Error = &'static str;
    type Value = Vec<usize>;

    fn returned(&mut self, task: TaskRef<'_>, output: Out) -> Verdict<&'static str> {
        self.note(task);
        match output {
            Out::Fatal => Verdict::Fatal("fatal"),
            Out::Breaks => std::panic::resume_unwind(Box::new("a broken policy")),
            _ => Verdict::Continue,
        }
    }

    fn panicked(&mut self, task: TaskRef<'_>, _: &Panicked) -> Next {
        self.note(task);
        Next::Continue
    }

    fn cut_short(&mut self, task: TaskRef<'_>) {
        self.note(task);
    }

    fn finish(self, _: Ending<&'static str>) -> Vec<usize> {
        self.all()
    }

    fn triage(output: &Out) -> Triage {
        match output {
            Out::Later => Triage::Later,
            Out::Never | Out::BreaksDrop(_) => Triage::Never,
            Out::BreaksTriage => std::panic::resume_unwind(Box::new("a broken triage")),
            Out::Now | Out::Fatal | Out::Breaks => Triage::Now,
        }
    }
}

pub(crate) type TestMembers = Members<Seen, Handle>;

impl GiveBack for TestMembers {
    fn unreserve(&self) {
        Self::unreserve(self);
    }
}

/// Members of one shard, without a limit, or with one.
pub(crate) fn members(limit: Option<usize>) -> (Arc<TestMembers>, Seen) {
    sharded(limit, 1)
}

/// Members of so many shards.
pub(crate) fn sharded(limit: Option<usize>, shards: usize) -> (Arc<TestMembers>, Seen) {
    let seen = Seen::default();
    let limit = limit.map(|limit| limit.try_into().expect("a limit is at least 1"));
    let members = Members::new(Judge::new(seen.clone(), 64), limit, shards);
    (Arc::new(members), seen)
}

/// Ends a task, as its future does it.
pub(crate) fn end(members: &TestMembers, node: &Arc<Node>, end: End<Out>, cancel_rest: impl Fn()) {
    let task = TaskRef::of(node).expect("a task's node has a record");
    task.record().set_state(TaskState::Ended);
    members.leave(node, end, cancel_rest);
}

pub(crate) fn returned(output: Out) -> End<Out> {
    End::Returned(output)
}
