//! What the tests of members and failures share: tasks without a runtime, and a policy that says what it saw.
//!
//! Counters are the standard library's also in models: they are looked at and decide nothing, so loom need not see them.

use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use aqueduct_cancel::CancelScope;

use crate::enclosing::{Enclosing, Outward};
use crate::failure::Panicked;
use crate::info::{Loans, Record, Seat, TaskId, TaskInfo, TaskKind, TaskRef, TaskState, Told};
use crate::members::{End, GiveBack, Judge, Members};
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

    fn adopted_ended(&self) -> Option<Arc<dyn Enclosing>> {
        self.ended.fetch_add(1, Ordering::SeqCst);
        None
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

/// A task without a future: what the group knows of it, and what it will leave with.
pub(crate) struct Task {
    seat: Seat,
    /// Until it has left.
    groups: Mutex<Option<Seat>>,
}

impl Task {
    #[track_caller]
    pub(crate) fn enlist(members: &TestMembers, index: usize, kind: TaskKind) -> Self {
        let seats = members.enlist(|| Arc::new(Around::default()), record(index, kind, None));
        let (seat, groups) = seats.split();
        Self {
            seat,
            groups: Mutex::new(Some(groups)),
        }
    }

    pub(crate) fn record(&self) -> &Record {
        &self.seat
    }

    pub(crate) fn id(&self) -> TaskId {
        TaskRef::new(&self.seat).id()
    }

    /// Whether it was told to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.seat.stop.is_asked()
    }

    /// For how many waits its seat is lent.
    pub(crate) fn loans(&self) -> Arc<Loans> {
        self.seat.make_loans().clone()
    }

    /// Whether nobody else has anything of it, or of those beside which its record lies.
    pub(crate) fn is_let_go(tasks: impl IntoIterator<Item = Self>) -> bool {
        let blocks = tasks
            .into_iter()
            .map(|task| Arc::downgrade(task.seat.header()));
        let blocks = Vec::from_iter(blocks);
        blocks.iter().all(|block| block.strong_count() == 0)
    }
}

#[track_caller]
fn record(index: usize, kind: TaskKind, name: Option<&'static str>) -> Record {
    Record::new(Told {
        name: name.map(Into::into),
        location: Location::caller(),
        index,
        kind,
    })
}

/// What would be known of a task with this index, and its name if it has one.
#[track_caller]
pub(crate) fn info(index: usize, name: Option<&'static str>) -> TaskInfo {
    record(index, TaskKind::Async, name).to_info()
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

pub(crate) type TestMembers = Members<Seen>;

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
pub(crate) fn end(members: &TestMembers, task: &Task, end: End<Out>, cancel_rest: impl Fn()) {
    let seat = task.groups.lock().unwrap().take();
    task.record().stop.disarm();
    task.record().set_state(TaskState::Ended);
    let seat = seat.expect("a task leaves once");
    members.leave(seat, end, |_| cancel_rest());
}

pub(crate) fn returned(output: Out) -> End<Out> {
    End::Returned(output)
}
