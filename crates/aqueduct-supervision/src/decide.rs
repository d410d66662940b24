//! What a supervisor does next: a pure function from state and input to state and commands.
//!
//! There is no clock, no runtime and no future here, and nothing of the user's: a child is a [`Key`] and a policy. What
//! drives it, keeps the user's values by key, spawns, cancels, aborts, sleeps and answers as it is told, and reports what
//! happens. So each rule can be shown by a table of inputs and commands, and the whole be compared with a model.
//!
//! # A child's states
//!
//! ```text
//!                     ┌────────── restart_child ───────────┐
//!                     ▼                                    │
//!      Start    ┌──────────┐ failed, not to be retried ┌─────────┐ delete_child
//!  ●──────────▶ │ Starting │ ────────────────────────▶ │ Resting │ ────────────▶ ○ forgotten
//!               └──────────┘  nothing to start         └─────────┘
//!     Ready,     │   ▲   │ timed out                       ▲
//!     or at once │   │   └────────────▶ Aborting           │ not to be restarted
//!                ▼   │ attempt                             │
//!  ┌─────────┐ Exited ┌───────┐ ─────────────────────────▶ │
//!  │ Running │ ─────▶ │ Ended │                            │ called off
//!  └─────────┘        └───────┘ ─────▶ ┌────────────┐ ────▶┘
//!     │                    to be       │ Restarting │ ─────▶ attempt
//!     │ told to end        restarted   └────────────┘
//!     ▼
//!  ┌──────────┐ limit  ┌──────────┐ patience ┌──────────────┐
//!  │ Stopping │ ─────▶ │ Aborting │ ───────▶ │ Unresponsive │ ─ Exited ─▶ Resting, or forgotten
//!  └──────────┘        └──────────┘          └──────────────┘
//!     │ Exited              │ Exited
//!     └─────────┬───────────┘
//!               ▼
//!    Held (its group will be started again), Resting, or forgotten (temporary, or of a dynamic supervisor)
//! ```
//!
//! # The supervisor's jobs
//!
//! As OTP's, a supervisor does one thing at a time: it waits for *one* child to start or to end, and whatever comes
//! meanwhile stands in a line. The thing it does is its [`Job`]: what it waits for, and what is to follow. It is a value,
//! where supervisor.erl has its call stack.
//!
//! # Invariants
//!
//! 1. At most one child is `Starting`, and at most one `Stopping` or `Aborting`, but for a dynamic supervisor that ends,
//!    which stops all at a time; and for those that are *overdue*: see [`Overdue`].
//! 2. The line is worked off only while there is no job. What stands in it names its child with the run or the token that
//!    it is about, and is void if that is over.
//! 3. A child is started only in `Resting`, `Held`, `Restarting` or `Ended`: nothing of it runs. One that is
//!    `Unresponsive` is never started; where it would have to be, the supervisor ends.
//! 4. Each try to restart counts once, when it is made, before anything is stopped or started for it.
//! 5. `Held` is there only while some other child is `Restarting` whose next try starts it, or amid the job of its group.
//! 6. With `one_for_all` at most one child is `Restarting`: where a second one fails, the first is held for it.
//! 7. A temporary child, and one of a dynamic supervisor, never is `Resting` or `Held` between two jobs: it is forgotten.
//! 8. For each run there is one `Start`, and after its end at least one `Settled`; for each call one `Reply`. A key is
//!    forgotten after all that names it.
//! 9. Once the supervisor has to end (`ending`), nothing is started, nothing stands in line, and calls are refused.
//! 10. The work for an input is constant, but for children it starts, stops or releases, and but for `which_children`; that
//!     of a back-off is the logarithm of how many wait.
//!
//! # Why not …
//!
//! - *a task that starts and stops in order, with `await`s?* It would be shorter, and each of its awaits a place where a
//!   stop, an exit or a call may come: states as many as these, but written nowhere.
//! - *start and stop several at a time?* It is OTP's law that order is kept, and dependencies between siblings rely on it.
//! - *answer `which_children` amid a job?* It would show a state between two that are consistent; OTP's callers wait, too.
//!   Who only wants to look has the tree, which waits for nobody.
//! - *let a stop wait for a start, as OTP does?* A child that never says it is ready would make a supervisor that can never
//!   be stopped. So a stop calls the start off, and the child is stopped in its place.

mod calls;
mod children;
mod ending;
mod interface;
mod restarts;
mod starts;
mod stops;
mod times;

use std::collections::VecDeque;

use tokio::time::Instant;

pub(crate) use interface::*;

use crate::spec::{ChildPolicy, Plan, SpecError, Strategy, check_children};
use children::{Children, State};
use times::{Overdue, Retry, Waits, Window};

/// A supervisor, as far as it decides.
#[derive(Debug)]
pub(crate) struct Core {
    plan: Plan,
    children: Children,
    job: Job,
    /// Set once the supervisor has to end.
    ending: Option<Cause>,
    line: VecDeque<InLine>,
    window: Window,
    waits: Waits,
    overdue: Overdue,
    /// The last token given to a try.
    tokens: u64,
    /// The last alarm that was asked for and has not come.
    alarm: Option<Instant>,
}

/// What the supervisor waits for, and what is to follow.
#[derive(Debug)]
enum Job {
    /// `Begin` has not come.
    Unbegun,
    /// Nothing.
    Idle,
    Start(Starting),
    Stop(Stopping),
    /// A dynamic supervisor ends: all its children at a time.
    StopAll(StoppingAll),
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Starting {
    key: Key,
    then: AfterStart,
    /// The end of its `start_timeout`, then of the patience.
    deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterStart {
    /// The one after it, until all have started for the first time.
    NextOfAll,
    /// The one after it, until its group has started again.
    NextOfGroup,
    /// Nothing: a restart of one.
    Nothing,
    /// Answer `start_child`.
    Added(CallId),
    /// Answer `restart_child`.
    Restarted(CallId),
}

#[derive(Clone, Copy, Debug)]
struct Stopping {
    key: Key,
    then: AfterStop,
    /// The end of its limit, then of the patience.
    deadline: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterStop {
    /// The one before it, until the supervisor has ended.
    PreviousOfAll,
    /// The one before it, until its group is down.
    PreviousOfGroup(Group),
    /// Answer `terminate_child`.
    Terminated(CallId),
}

/// The group of a child that is to be restarted: with `rest_for_one` it and the later ones, with `one_for_all` all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    origin: Key,
    then: AfterGroup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterGroup {
    Start,
    /// It is held until the back-off of its origin is over.
    Wait,
}

#[derive(Clone, Copy, Debug)]
struct StoppingAll {
    /// How many have not ended and not been given up.
    left: usize,
    /// When those that were asked are aborted.
    abort_at: Option<Instant>,
    /// When those that were aborted are given up.
    give_up_at: Option<Instant>,
}

/// What waits for the end of the job.
#[derive(Debug)]
enum InLine {
    Exit { key: Key, run: Run },
    Retry(Retry),
    Call { call: CallId, request: Request },
}

/// One input: the core, the time, and where commands go.
struct Turn<'a> {
    core: &'a mut Core,
    now: Instant,
    out: &'a mut Vec<Command>,
}

impl Core {
    /// A supervisor with these children, and their keys in the same order. Nothing is started before `Begin`.
    pub(crate) fn new(
        plan: Plan,
        children: Vec<ChildPolicy>,
    ) -> Result<(Self, Vec<Key>), SpecError> {
        check_children(&plan, &children)?;
        let mut core = Self {
            children: match plan.strategy {
                Strategy::Dynamic => Children::nameless(),
                Strategy::OneForOne | Strategy::OneForAll | Strategy::RestForOne => {
                    Children::named()
                }
            },
            window: Window::new(plan.intensity),
            plan,
            job: Job::Unbegun,
            ending: None,
            line: VecDeque::new(),
            waits: Waits::default(),
            overdue: Overdue::default(),
            tokens: 0,
            alarm: None,
        };
        let keys = children
            .into_iter()
            .map(|policy| core.children.insert(policy))
            .collect();
        Ok((core, keys))
    }

    /// Takes one input, and says what is to be done. `now` does not go back.
    pub(crate) fn step(&mut self, now: Instant, input: Input, out: &mut Vec<Command>) {
        let is_ended = matches!(self.job, Job::Ended);
        let mut turn = Turn {
            core: self,
            now,
            out,
        };
        match input {
            Input::Call { call, .. } if is_ended => turn.refuse(call),
            _ if is_ended => {}
            input => turn.take(input),
        }
        turn.work_off();
        turn.set_alarm();
    }

    /// The id of a child that is not forgotten.
    #[cfg(test)]
    pub(crate) fn id(&self, key: Key) -> Option<&crate::spec::ChildId> {
        self.children.find(key).map(|child| child.id())
    }

    /// Whether it has to end, or has.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some() || matches!(self.job, Job::Ended)
    }

    fn is_dynamic(&self) -> bool {
        self.plan.strategy == Strategy::Dynamic
    }
}

impl Turn<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Begin => self.begin(),
            Input::Ready { key, run } => self.ready(key, run),
            Input::Exited { key, run, class } => self.exited(key, run, class),
            Input::Alarm => self.alarm(),
            Input::Call { call, .. } if self.core.ending.is_some() => self.refuse(call),
            Input::Call { call, request } => {
                self.core.line.push_back(InLine::Call { call, request });
            }
            Input::Stop => self.end_as(Cause::Stopped),
        }
    }

    /// Takes from the line, until it is empty or there is something to wait for.
    fn work_off(&mut self) {
        while matches!(self.core.job, Job::Idle) {
            if self.core.ending.is_some() {
                self.stop_all();
                continue;
            }
            match self.core.line.pop_front() {
                None => return,
                Some(InLine::Exit { key, run }) => self.handle_exit(key, run),
                Some(InLine::Retry(retry)) => self.handle_retry(retry),
                Some(InLine::Call { call, request }) => self.handle_call(call, request),
            }
        }
    }

    fn exited(&mut self, key: Key, run: Run, class: ExitClass) {
        let Some(child) = self.core.children.find(key).filter(|c| c.run == run) else {
            return;
        };
        match child.state() {
            State::Starting => self.ended_starting(key, class),
            State::Running => self.ended_by_itself(key, run, class),
            State::Stopping | State::Aborting => self.ended_as_told(key, class),
            State::Unresponsive(leftover) => self.ended_at_last(key, class, leftover),
            State::Resting | State::Held | State::Ended(_) | State::Restarting { .. } => {}
        }
    }

    fn ended_by_itself(&mut self, key: Key, run: Run, class: ExitClass) {
        let memory = self.core.window.period();
        self.core.children.get_mut(key).ran_until(self.now, memory);
        self.core.children.set_state(key, State::Ended(class));
        if self.core.ending.is_none() {
            self.core.line.push_back(InLine::Exit { key, run });
        }
    }

    fn alarm(&mut self) {
        // Whatever it was for is over now; what is next is said anew.
        self.core.alarm = None;
        match self.core.job {
            Job::Start(Starting { deadline, .. }) if self.is_over(deadline) => self.start_overdue(),
            Job::Stop(Stopping { deadline, .. }) if self.is_over(deadline) => self.stop_overdue(),
            Job::StopAll(_) => self.stop_all_overdue(),
            Job::Unbegun | Job::Idle | Job::Start(_) | Job::Stop(_) | Job::Ended => {}
        }
        while let Some(retry) = self.core.waits.pop_due(self.now) {
            self.core.line.push_back(InLine::Retry(retry));
        }
    }

    fn set_alarm(&mut self) {
        let Core {
            job,
            waits,
            children,
            ..
        } = &mut *self.core;
        let job = match job {
            Job::Start(Starting { deadline, .. }) | Job::Stop(Stopping { deadline, .. }) => {
                *deadline
            }
            Job::StopAll(all) => earlier(all.abort_at, all.give_up_at),
            Job::Unbegun | Job::Idle => None,
            // With the end, nothing is waited for.
            Job::Ended => return,
        };
        let is_valid = |retry: Retry| {
            let state = children.find(retry.key).map(children::Child::state);
            state == Some(State::Restarting { token: retry.token })
        };
        let next = earlier(job, waits.next(is_valid, children.restarting()));
        if next != self.core.alarm {
            self.core.alarm = next;
            self.out.push(Command::Alarm(next));
        }
    }

    fn is_over(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|deadline| deadline <= self.now)
    }

    /// The patience with one that is aborted now.
    fn patience(&self) -> Option<Instant> {
        self.now.checked_add(self.core.plan.abort_patience)
    }

    fn tell(&mut self, key: Key, kind: EventKind) {
        let run = self.core.children.get(key).run;
        let child = Some((key, run));
        self.out.push(Command::Event(Event { child, kind }));
    }

    fn tell_of_itself(&mut self, kind: EventKind) {
        self.out.push(Command::Event(Event { child: None, kind }));
    }

    fn reply(&mut self, call: CallId, outcome: Outcome) {
        self.out.push(Command::Reply { call, outcome });
    }

    fn refuse(&mut self, call: CallId) {
        self.reply(call, Outcome::Refused);
    }

    fn settled(&mut self, key: Key, fate: Fate) {
        self.out.push(Command::Settled { key, fate });
    }

    fn forget(&mut self, key: Key) {
        self.core.children.remove(key);
        self.out.push(Command::Forget { key });
    }

    /// Does the spec of this child outlive its run?
    fn is_kept(&self, key: Key) -> bool {
        !self.core.is_dynamic()
            && self.core.children.get(key).restart != crate::spec::Restart::Temporary
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests;
