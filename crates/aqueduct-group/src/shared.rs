//! What the handles of a group share: its members, its scope, and the shell that moves it from phase to phase.
//!
//! Nobody has to poll a group for it to end. The shell waits on the group's scope, and on its alarm, with a waker of its
//! own; whoever cancels the scope, or the timer, runs [`Shared::tick`], which asks [`Phase`] what to do.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Wake, Waker};

use aqueduct_cancel::{CancelScope, Reason, ReasonKind, UntilCancelled, UntilDraining};
use aqueduct_core::coarse::Coarse;
use aqueduct_core::node::{Birth, Node};
use aqueduct_core::rt::Alarm;
use aqueduct_core::sync::Lock;
use tokio::runtime;
use tokio::time::Instant;

use crate::builder::Options;
use crate::enclosing::{self, Body, Enclosing, Opener, Outward};
use crate::handles::Handles;
use crate::info::{Loans, Record, Seat, TaskId, TaskInfo, TaskRef};
use crate::members::{Cause, End, GiveBack, Judge, Members, Tally, Verdicts, Why};
use crate::phase::{Act, Asked, Phase};
use crate::policy::{Ending, Policy};
use crate::report::Report;
use crate::signals::Listening;
use crate::tree::{self, GroupSnapshot};
use crate::work::Works;

mod times;

pub(crate) struct Shared<P: Policy + 'static> {
    pub(crate) members: Members<P>,
    pub(crate) handles: Handles,
    pub(crate) scope: CancelScope,
    /// That of the group's body, whose tasks it is the parent of.
    pub(crate) node: Body,
    pub(crate) options: Options,
    outward: Option<Arc<Outward>>,
    /// Groups that were taken in, and may have ended.
    adopted: Lock<Vec<Weak<dyn Enclosing>>>,
    pub(crate) works: Works,
    /// The task, or the body, in which it was opened.
    opener: Option<Opener>,
    /// Whether the policy was the one to cancel the scope.
    policy_cancelled: AtomicBool,
    /// Made when the group is first used, which is when it must be on a runtime.
    shell: OnceLock<Shell>,
    ending: Lock<EndingState>,
    opened: Coarse,
}

/// What the group needs of the runtime.
struct Shell {
    runtime: runtime::Handle,
    waker: Waker,
    /// They keep the waker registered. The second only where something follows from it.
    _cancelled: Pin<Box<UntilCancelled<'static>>>,
    _draining: Option<Pin<Box<UntilDraining<'static>>>>,
    signals: Listening,
}

struct EndingState {
    phase: Phase,
    body: BodyState,
    alarm: Option<Alarm>,
    cancelled_at: Option<Instant>,
    aborted_at: Option<Instant>,
}

/// What becomes of the group's body, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyState {
    /// It has none, or that has returned or panicked.
    None,
    Runs,
    /// It was dropped, since the group was aborted; or it stopped before it had spawned all that it would.
    CutShort,
}

/// Called when the scope is cancelled, when an alarm rings, and for each signal.
struct Tick<P: Policy + 'static>(Weak<Shared<P>>);

impl<P: Policy + 'static> Wake for Tick<P> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(group) = self.0.upgrade() {
            group.tick();
        }
    }
}

impl Shell {
    /// Enters the runtime, unless this thread is going away and Tokio's part of it has gone: a group may be dropped by
    /// the destructor of a thread-local variable, where a panic ends the program.
    fn enter(&self) -> Option<runtime::EnterGuard<'_>> {
        let here = runtime::Handle::try_current();
        let gone = here.is_err_and(|error| error.is_thread_local_destroyed());
        (!gone).then(|| self.runtime.enter())
    }
}

impl<P: Policy + 'static> Shared<P> {
    pub(crate) fn new(options: Options, policy: P, outward: Option<Arc<Outward>>) -> Arc<Self> {
        let scope = options.make_scope(outward.as_deref().map(Outward::nearest));
        let threads = threads();
        let shared = Arc::new_cyclic(|me: &Weak<Self>| {
            let body = Body {
                birth: Birth::here(),
                group: me.clone(),
                name: options.name.clone(),
                location: options.location,
            };
            Self {
                members: Members::new(
                    Judge::new(policy, options.failures_kept_max),
                    options.limit,
                    threads,
                ),
                handles: Handles::new(threads),
                scope,
                node: body,
                outward,
                adopted: Lock::default(),
                works: Works::default(),
                opener: enclosing::opener(),
                policy_cancelled: AtomicBool::new(false),
                shell: OnceLock::new(),
                ending: Lock::new(EndingState {
                    phase: Phase::Running,
                    body: BodyState::None,
                    alarm: None,
                    cancelled_at: None,
                    aborted_at: None,
                }),
                opened: Coarse::now(),
                options,
            }
        });
        tree::enter(shared.node.id(), Arc::downgrade(&shared) as _);
        shared
    }

    /// The runtime that the group's tasks run on: that on which it was first used.
    ///
    /// # Panics
    ///
    /// If it was never used on one, and this is not on one either.
    #[track_caller]
    #[inline]
    pub(crate) fn runtime(self: &Arc<Self>) -> &runtime::Handle {
        &self.shell().runtime
    }

    #[track_caller]
    #[inline]
    fn shell(self: &Arc<Self>) -> &Shell {
        match self.shell.get() {
            Some(shell) => shell,
            None => self.make_shell(),
        }
    }

    #[track_caller]
    #[cold]
    fn make_shell(self: &Arc<Self>) -> &Shell {
        let runtime = runtime::Handle::current();
        let mut made_here = false;
        let shell = self.shell.get_or_init(|| {
            made_here = true;
            let waker = Waker::from(Arc::new(Tick(Arc::downgrade(self))));
            // If it was cancelled before, or drains, that is seen below.
            let mut cancelled = Box::pin(self.scope.cancelled_owned());
            let _ = cancelled.as_mut().poll(&mut Context::from_waker(&waker));
            let mut draining =
                (self.options.patience.drain).map(|_| Box::pin(self.scope.draining_owned()));
            if let Some(draining) = &mut draining {
                let _ = draining.as_mut().poll(&mut Context::from_waker(&waker));
            }
            Shell {
                signals: self.listen(&waker),
                runtime,
                waker,
                _cancelled: cancelled,
                _draining: draining,
            }
        });
        // Somebody may have ticked while there was no shell to set an alarm with. Who ticks locks `ending`, and then looks
        // for the shell; so either it is seen there, or what it did is seen here.
        if made_here
            && (self.asked() != Asked::Nothing || self.ending.lock().phase != Phase::Running)
        {
            self.tick();
        }
        shell
    }

    /// Sees to it that the group ends when its scope is cancelled, also if it never spawns anything.
    #[track_caller]
    pub(crate) fn activate(self: &Arc<Self>) {
        self.shell();
    }

    /// Closes the group if it was cancelled before it was first used, since when nobody has looked.
    #[inline]
    pub(crate) fn look_before_first_use(&self) {
        if self.shell.get().is_none() && self.scope.is_cancelled() {
            self.members.close();
        }
    }

    /// Cancels the group where no line of its users does.
    pub(crate) fn cancel_here(&self, reason: Reason) {
        let reason = reason.with_location(self.options.location);
        self.scope.cancel_because(reason);
    }

    /// Cancels the group on its policy's behalf.
    #[cold]
    fn cancel_rest(&self, cause: Cause) {
        if self.scope.is_cancelled() {
            return;
        }
        let Cause { why, task } = cause;
        let reason = match why {
            Why::Enough => Reason::new(ReasonKind::Requested, "its group has what it needs"),
            Why::Failed => Reason::new(ReasonKind::Failed, format!("{task} failed")),
            Why::Panicked => Reason::new(ReasonKind::Failed, format!("{task} panicked")),
            Why::Broken => Reason::new(ReasonKind::Failed, "its group's policy panicked"),
        };
        let reason = reason.with_location(task.location());
        let before = self.policy_cancelled.swap(true, Ordering::Relaxed);
        if !self.scope.cancel_because(reason) {
            // Unless it was the policy's own cancellation that came before.
            self.policy_cancelled.store(before, Ordering::Relaxed);
        }
    }

    /// Goes on to the next phase if it is time to.
    pub(crate) fn tick(&self) {
        let shell = self.shell.get();
        if shell.is_some_and(|shell| shell.signals.poll_impatient(&shell.waker).is_ready()) {
            self.abort();
        }
        let mut again = Some(self.now());
        while let Some(now) = again {
            // Not under the lock: who finds the deadline passed cancels, which calls wakers, and this group's.
            let asked = self.asked();
            let cancelled = asked == Asked::Cancel;
            let patience = self.patience(asked);
            let mut ending = self.ending.lock();
            if cancelled {
                ending.cancelled_at.get_or_insert(now);
            }
            let act = ending.phase.advance(now, asked, patience);
            drop(ending);
            if cancelled {
                self.members.close();
            }
            again = self.act(act, now);
        }
    }

    /// Aborts at once.
    pub(crate) fn abort(&self) {
        let now = self.now();
        let patience = self.patience(Asked::Cancel);
        let act = self.ending.lock().phase.abort(now, patience);
        if self.act(act, now).is_some() {
            self.tick();
        }
    }

    /// Says for what moment to ask what is next, if it is not to be waited for.
    fn act(&self, act: Act, now: Instant) -> Option<Instant> {
        match act {
            Act::Nothing => None,
            // Where nobody tells the time any more, it has come.
            Act::WakeAt(at) => (!self.set_alarm(at)).then_some(at),
            Act::Cancel => {
                self.cancel_drained();
                Some(now)
            }
            Act::Abort => {
                self.ending.lock().aborted_at.get_or_insert(now);
                // First: who finds the group aborted, and nothing left but what nothing can stop, need not wait.
                let revoked = catch_unwind(AssertUnwindSafe(|| self.works.revoke_all()));
                self.members.abort_all();
                revoked.unwrap_or_else(|payload| resume_unwind(payload));
                Some(now)
            }
            Act::GiveUp => {
                self.members.abandon();
                None
            }
        }
    }

    /// Has the group ticked at `at`, unless nothing of it is left by now, nor can come. False if that moment will not be told.
    fn set_alarm(&self, at: Instant) -> bool {
        let Some(shell) = self.shell.get() else {
            // Nothing was ever spawned; or just now, and who makes the shell looks after this.
            return true;
        };
        if self.members.len() == 0 && !self.may_go_on() {
            return true;
        }
        let Some(_entered) = shell.enter() else {
            return false;
        };
        let alarm = Alarm::set_if_possible(at, shell.waker.clone());
        let is_set = alarm.is_some();
        let mut ending = self.ending.lock();
        // Where the phase is over by now, who ended it has set the alarm of the next.
        let unused = if ending.phase.until() == Some(at) {
            std::mem::replace(&mut ending.alarm, alarm)
        } else {
            alarm
        };
        drop(ending);
        drop(unused);
        is_set
    }

    /// Whether there may be something left of a group that has no members. Not asked before, as in most groups there are.
    fn may_go_on(&self) -> bool {
        let ending = self.ending.lock();
        // One that drains takes tasks, and they have until its time is over, too.
        let takes_tasks =
            matches!(ending.phase, Phase::Draining { .. }) && !self.members.is_closed();
        takes_tasks || ending.body == BodyState::Runs
    }

    /// To be told by who runs the group's body.
    pub(crate) fn set_body(&self, state: BodyState) {
        self.ending.lock().body = state;
    }

    /// The owner goes, and members are left: the group around waits for them, or the one around that.
    pub(crate) fn hand_over(self: &Arc<Self>) {
        let Some(outward) = &self.outward else {
            return;
        };
        let me: Weak<dyn Enclosing> = Arc::downgrade(self) as _;
        if let Some(group) = outward.alive().find(|group| group.adopt(&me))
            && let Err(group) = self.members.entrust(group)
        {
            // They have left meanwhile.
            enclosing::tell_ended(group);
        }
    }

    /// All is over: makes the group's result of what the policy has seen.
    ///
    /// # Panics
    ///
    /// If the policy did, or a task, and the group was told to pass that on.
    pub(crate) fn finish(&self, verdicts: Verdicts<P>) -> (P::Value, Report) {
        self.handles.clear();
        // In this order: a task that ends meanwhile is rather told of twice than not at all.
        let unstopped = self.members.hold_alive();
        let tally = self.members.tally();
        let mut ending = self.ending.lock();
        let body_cut_short = ending.body == BodyState::CutShort;
        let alarm = ending.alarm.take();
        drop(ending);
        drop(alarm);
        let Verdicts {
            policy,
            mut failures,
        } = verdicts;
        let mut policy = policy.unwrap_or_else(|payload| resume_unwind(payload));
        if self.options.resume_panics
            && let Some(panic) = failures.first_panic()
        {
            resume_unwind(panic.clone().into_payload());
        }
        let unstopped: Vec<_> = unstopped.iter().map(TaskRef::new).collect();
        // What they return, nobody will see.
        unstopped.iter().for_each(|task| policy.cut_short(*task));
        let report = self.report(tally, unstopped.iter().map(TaskRef::to_info).collect());
        let tasks_cut_short = tally.cut_short + tally.unjudged + unstopped.len();
        let ending = Ending {
            failures: failures.take(),
            // Tasks that the body would have spawned are missing, however those have ended that it has.
            cut_short: tasks_cut_short + usize::from(body_cut_short),
            cancelled: self.foreign_reason(tasks_cut_short),
        };
        (policy.finish(ending), report)
    }

    /// The seat of the task of this group that runs here, itself or in a group that it has opened.
    pub(crate) fn seat_here(&self) -> Option<Arc<Loans>> {
        let this: *const Self = self;
        let mut here = enclosing::opener();
        while let Some(Opener { group, loans }) = here {
            if std::ptr::addr_eq(group.as_ptr(), this) {
                // Or this is its body, which has no seat.
                return loans;
            }
            here = group.upgrade()?.opener();
        }
        None
    }

    /// Why the group was cancelled, unless its policy did it; or why tasks were cut short nevertheless.
    fn foreign_reason(&self, cut_short: usize) -> Option<Reason> {
        if self.policy_cancelled.load(Ordering::Relaxed) {
            return None;
        }
        let runtime_gone = || Reason::new(ReasonKind::Dropped, "its runtime was shut down");
        let reason = self.scope.reason();
        reason.or_else(|| (cut_short > 0).then(runtime_gone))
    }

    fn report(&self, tally: Tally, unstopped: Vec<TaskInfo>) -> Report {
        let own = unstopped.len();
        let mut unstopped = unstopped;
        let mut adopted = self.adopted();
        while let Some(group) = adopted.pop() {
            unstopped.extend(group.left());
            adopted.extend(group.adopted());
        }
        let ended = tally.returned + tally.panicked + tally.cut_short;
        // Not under the lock, as in `tick`.
        let reason = self.scope.reason();
        let ending = self.ending.lock();
        Report {
            name: self.options.name.clone(),
            lasted: self.opened.elapsed(),
            spawned: ended + own,
            returned: tally.returned,
            panicked: tally.panicked,
            cancelled: tally.cut_short,
            cancelled_at: ending.cancelled_at,
            aborted_at: ending.aborted_at,
            reason,
            unstopped,
        }
    }

    /// Counts one more member for a group that was taken in, unless this one is over.
    fn take_in(&self) -> bool {
        let ending = self.ending.lock();
        if ending.body == BodyState::Runs {
            // It goes on to join the group, whether or not that has members left. Under the lock, under which the body
            // ends: so this comes before that.
            self.members.adopt_more();
            return true;
        }
        drop(ending);
        self.members.adopt()
    }

    /// Counts a task out that has ended.
    #[inline]
    pub(crate) fn ended(&self, seat: Seat, end: End<P::Output>) {
        self.members
            .leave(seat, end, |cause| self.cancel_rest(cause));
        if self.members.take_pruned() {
            self.handles.trim();
        }
    }
}

impl<P: Policy + 'static> GiveBack for Shared<P> {
    fn unreserve(&self) {
        self.members.unreserve();
    }
}

impl<P: Policy + 'static> Enclosing for Shared<P> {
    fn adopt(&self, group: &Weak<dyn Enclosing>) -> bool {
        let adopts = self.take_in();
        if adopts {
            let mut adopted = self.adopted.lock();
            // Those that are gone make room, now and then, for as many as are left.
            if adopted.len() == adopted.capacity() {
                adopted.retain(|group| group.strong_count() > 0);
                let left = adopted.len();
                adopted.reserve(left.max(8));
            }
            adopted.push(group.clone());
        }
        adopts
    }

    fn adopted_ended(&self) -> Option<Arc<dyn Enclosing>> {
        self.members.adopted_ended()
    }

    fn scope(&self) -> &CancelScope {
        &self.scope
    }

    fn left(&self) -> Vec<TaskInfo> {
        self.members.alive(Record::to_info)
    }

    fn adopted(&self) -> Vec<Arc<dyn Enclosing>> {
        let adopted = self.adopted.lock();
        adopted.iter().filter_map(Weak::upgrade).collect()
    }

    fn outward(&self) -> Option<Arc<Outward>> {
        self.outward.clone()
    }

    fn opener(&self) -> Option<Opener> {
        self.opener.clone()
    }

    fn has_seats(&self) -> bool {
        self.options.limit.is_some()
    }

    fn snapshot(&self) -> GroupSnapshot {
        GroupSnapshot {
            id: TaskId::new(self.node.id()),
            parent: self.node.parent().map(TaskId::new),
            name: self.node.name().map(str::to_owned),
            location: self.node.location(),
            age: self.opened.elapsed(),
            phase: self.ending.lock().phase.into(),
            closed: self.members.is_closed(),
            tasks: self.members.alive(Record::to_snapshot),
        }
    }
}

impl<P: Policy + 'static> Drop for Shared<P> {
    fn drop(&mut self) {
        tree::leave(self.node.id());
    }
}

/// How many threads will spawn tasks and end them, as far as can be told.
fn threads() -> usize {
    let workers = |runtime: runtime::Handle| runtime.metrics().num_workers();
    runtime::Handle::try_current()
        .map_or(1, workers)
        .min(THREADS_MAX)
}

/// More threads than this share what they keep of a group: 128 bytes each, in every group.
const THREADS_MAX: usize = 16;

/// A task's group, whose policy the task knows.
pub(crate) fn group_of<P: Policy + 'static>(group: &dyn Enclosing) -> &Shared<P> {
    (group as &dyn Any)
        .downcast_ref()
        .expect("a task of a policy's group has such a group")
}

#[cfg(test)]
mod tests;
