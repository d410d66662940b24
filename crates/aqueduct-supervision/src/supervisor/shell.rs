//! The shell of a supervisor: the future that does what the decision says, and tells it what happens.
//!
//! ```text
//!   children ──▶ inbox (unbounded) ─┐                     ┌─▶ start, ask to stop, abort: a task group of its own
//!   callers ───▶ lane (bounded) ────┼─▶ Core::step ─▶ ────┼─▶ answer
//!   clock ─────▶ alarm ─────────────┤   pure              ├─▶ alarm
//!   scope ─────▶ stop ──────────────┘                     └─▶ events, DeathWatch, the report
//! ```
//!
//! # Invariants
//!
//! S1. All commands of one step are carried out, in order, before the next input. What a command brings about (a start that
//!     panics) comes as an input later, by the inbox. Calls are answered when all commands of the step are done.
//! S2. Only this future touches what is the user's: [`StartChild`]'s functions are called here, one at a time, outside of all
//!     locks, and their panics are caught. So are those of wakers, of who asks or is told: they would end all children.
//! S3. A child is a task of the group that this future owns. So dropping it, at any poll, aborts them all; see `cut`.
//! S4. Who is up to ask and who has to report do not wait for each other: reports have no limit and are taken first but for
//!     every other turn; of calls no more are taken than [`CALLS_MAX`] at once.
//! S5. It spends budget, for each input and for every few commands: a supervisor that stops a million children lets others
//!     run meanwhile.

mod calls;
mod command;
mod cut;
mod finish;
mod reply;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_cancel::{CancelScope, UntilCancelled};
use aqueduct_channel::mpsc;
use aqueduct_core::rt::{Alarm, poll_deadline};
use aqueduct_group::{Discard, TaskGroup, group};
use tokio::time::Instant;

use super::SupervisorRef;
use super::call::{Call, Reply};
use super::live::{Beginning, Live, Report, Shared};
use super::nest::WayHome;
use super::report::ShutdownReport;
use crate::child::{Birth, ChildCell, ChildContext, Fate, StartChild, Starter};
use crate::decide::{Command, Core, Input, Key, Verdict};
use crate::error::StartError;
use crate::exit::{Exit, catch_panic, drop_caught, ignore_panic};
use crate::spec::{ChildId, ChildKind, ChildPolicy, Plan, Readiness};
use calls::{Answer, Calls};
pub(crate) use cut::Remains;

/// How many reports are taken at once.
const REPORTS_MAX: usize = 64;

/// How many calls wait for their answers here; others do in the lane.
const CALLS_MAX: usize = 64;

/// How many may be in the lane.
const LANE: usize = 64;

/// How many commands are carried out for one unit of budget.
const COMMANDS_A_UNIT: usize = 32;

/// For how many commands there is room from one input to the next.
const COMMANDS_KEPT: usize = 64;

/// What an incarnation of a supervisor begins with, children aside.
pub(super) struct Root {
    pub(super) shared: Arc<Shared>,
    pub(super) plan: Plan,
    /// Cancelled when it shall stop.
    pub(super) scope: CancelScope,
    pub(super) parent: Option<Arc<ChildCell>>,
}

/// A child to begin with.
pub(super) struct Seed {
    pub(super) policy: ChildPolicy,
    pub(super) start: Starter,
    pub(super) home: Option<WayHome>,
}

/// A child that is to have a seat.
struct Newcomer {
    id: ChildId,
    kind: ChildKind,
    readiness: Readiness,
    start: Starter,
    home: Option<WayHome>,
}

impl Newcomer {
    fn new(policy: &ChildPolicy, start: Starter, home: Option<WayHome>) -> Self {
        Self {
            id: policy.id.clone(),
            kind: policy.kind,
            readiness: policy.readiness,
            start,
            home,
        }
    }
}

/// Whom to tell that all children have started, or that they could not be.
pub(super) enum Acknowledge {
    Root(Reply<Result<(), StartError>>),
    Child(ChildContext),
    Nobody,
}

struct Shell {
    core: Core,
    live: Arc<Live>,
    inbox: mpsc::UnboundedReceiver<Report>,
    lane: mpsc::Receiver<Call>,
    /// By the places of keys.
    seats: Vec<Option<Seat>>,
    calls: Calls,
    /// To be given after the commands of this step.
    answers: Vec<Answer>,
    /// How many children were ever added.
    added: u64,
    /// Empty, but for its room.
    commands: Vec<Command>,
    alarm_at: Option<Instant>,
    /// Set when it is first waited for.
    alarm: Option<Alarm>,
    /// Its time has come, and so many reports are taken before it.
    before_alarm: Option<usize>,
    acknowledge: Acknowledge,
    has_heard_stop: bool,
    /// Reports and calls take turns.
    calls_first: bool,
    report: ShutdownReport,
    /// With children that were aborted.
    patience: Duration,
    verdict: Option<Verdict>,
    /// None once it was joined.
    group: Option<TaskGroup<Discard>>,
    has_ended: bool,
}

/// A child.
struct Seat {
    cell: Arc<ChildCell>,
    work: Box<dyn StartChild>,
    home: Option<WayHome>,
    /// What it was told last, since it was started.
    told: Option<Fate>,
}

/// What comes next.
enum Turn {
    Stop,
    Alarm,
    Reports,
    Call(Call),
}

/// Runs one incarnation of a supervisor to its end.
///
/// # Cancel safety
///
/// *Strict* as far as children go: dropping it aborts them all.
pub(super) async fn run(root: Root, seeds: Vec<Seed>, acknowledge: Acknowledge) -> ShutdownReport {
    run_with(root, seeds, acknowledge, |_| {}).await
}

/// As [`run`], and gives a reference to it first, when there is somebody to take its calls.
pub(super) async fn run_with(
    root: Root,
    seeds: Vec<Seed>,
    acknowledge: Acknowledge,
    with: impl FnOnce(SupervisorRef),
) -> ShutdownReport {
    let scope = root.scope.clone();
    let shell = match Shell::new(root, seeds, acknowledge) {
        Ok(shell) => shell,
        Err(report) => return report,
    };
    with(SupervisorRef::new(shell.live.shared.clone()));
    shell.run(&scope).await
}

impl Shell {
    fn new(root: Root, seeds: Vec<Seed>, acknowledge: Acknowledge) -> Result<Self, ShutdownReport> {
        let patience = root.plan.abort_patience;
        let policies = seeds.iter().map(|seed| seed.policy.clone()).collect();
        let (core, keys) = match Core::new(root.plan, policies) {
            Ok(core) => core,
            Err(error) => return Err(refuse(seeds, acknowledge, StartError::Invalid(error))),
        };
        let (inbox, reports) = mpsc::unbounded_channel();
        let (lane, calls) = mpsc::channel(LANE);
        let beginning = Beginning {
            lane,
            scope: root.scope,
            parent: root.parent,
        };
        let live = root.shared.begin(beginning, inbox);
        // A scope of its own: what cancels the supervisor shall not abort its children before they were asked.
        let children = group()
            .with_name(live.shared.path().to_string())
            .with_scope(&CancelScope::new())
            .open(Discard::new());
        let mut shell = Self {
            core,
            live,
            inbox: reports,
            lane: calls,
            seats: Vec::with_capacity(seeds.len()),
            calls: Calls::default(),
            answers: Vec::new(),
            added: 0,
            commands: Vec::new(),
            alarm_at: None,
            alarm: None,
            before_alarm: None,
            acknowledge,
            has_heard_stop: false,
            calls_first: false,
            report: ShutdownReport::default(),
            patience,
            verdict: None,
            group: Some(children),
            has_ended: false,
        };
        for (key, seed) in keys.into_iter().zip(seeds) {
            shell.admit(key, Newcomer::new(&seed.policy, seed.start, seed.home));
        }
        Ok(shell)
    }

    /// Gives a child its seat.
    fn admit(&mut self, key: Key, child: Newcomer) {
        let birth = Birth {
            id: child.id,
            key,
            kind: child.kind,
            readiness: child.readiness,
            number: self.added,
            nested: child.start.nested,
        };
        self.added += 1;
        let cell = Arc::new(ChildCell::new(self.live.clone(), birth));
        self.live.set_cell(cell.clone());
        let at = key.index as usize;
        if self.seats.len() <= at {
            self.seats.resize_with(at + 1, || None);
        }
        self.seats[at] = Some(Seat {
            cell,
            work: child.start.work,
            home: child.home,
            told: None,
        });
    }

    fn seat(&self, key: Key) -> Option<&Seat> {
        let seat = self.seats.get(key.index as usize)?.as_ref()?;
        (seat.cell.key() == key).then_some(seat)
    }

    async fn run(mut self, scope: &CancelScope) -> ShutdownReport {
        let mut stop = pin!(scope.cancelled());
        let mut reports = Vec::new();
        // What was stopped before it began starts nothing.
        if !scope.is_cancelled() {
            self.take(Input::Begin).await;
        }
        while self.verdict.is_none() {
            let turn = poll_fn(|cx| self.poll_turn(cx, stop.as_mut(), &mut reports)).await;
            match turn {
                Turn::Stop => self.take(Input::Stop).await,
                Turn::Alarm => self.take(Input::Alarm).await,
                Turn::Call(call) => {
                    // What was reported before it was asked is known when it is answered.
                    for _ in 0..self.inbox.len() {
                        let Ok(report) = self.inbox.try_recv() else {
                            break;
                        };
                        self.take(input_of(&report)).await;
                    }
                    self.take_call(call).await;
                }
                Turn::Reports => {
                    for report in reports.drain(..) {
                        self.take(input_of(&report)).await;
                    }
                }
            }
        }
        self.finish(scope).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        stop: Pin<&mut UntilCancelled<'_>>,
        reports: &mut Vec<Report>,
    ) -> Poll<Turn> {
        if !self.has_heard_stop && stop.poll(cx).is_ready() {
            self.has_heard_stop = true;
            return Poll::Ready(Turn::Stop);
        }
        if let Some(at) = self.alarm_at
            && poll_deadline(&mut self.alarm, at, cx.waker()).is_ready()
        {
            (self.alarm_at, self.alarm) = (None, None);
            self.before_alarm = Some(self.inbox.len());
        }
        if let Some(ahead) = self.before_alarm {
            // A child that ended in time is not overdue for its report having waited here. But no more than are there now:
            // in a storm there would be no end of them.
            let some = ahead.min(REPORTS_MAX);
            if some > 0 {
                let taken = ready!(self.inbox.poll_recv_many(cx, reports, some));
                self.before_alarm = Some(ahead - taken.min(ahead));
                return Poll::Ready(Turn::Reports);
            }
            self.before_alarm = None;
            return Poll::Ready(Turn::Alarm);
        }
        self.calls_first = !self.calls_first;
        if self.calls_first
            && let Poll::Ready(call) = self.poll_call(cx)
        {
            return Poll::Ready(Turn::Call(call));
        }
        if self
            .inbox
            .poll_recv_many(cx, reports, REPORTS_MAX)
            .is_ready()
        {
            return Poll::Ready(Turn::Reports);
        }
        if self.calls_first {
            return Poll::Pending;
        }
        self.poll_call(cx).map(Turn::Call)
    }

    fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Call> {
        if self.calls.len() >= CALLS_MAX {
            return Poll::Pending;
        }
        // It wakes who waits for room, by a waker that is the user's. If that panics, the call that was taken for it is lost,
        // which tells who asked that nobody answers; else all children would be.
        match catch_panic(|| self.lane.poll_recv(cx)) {
            Ok(Poll::Ready(Some(call))) => Poll::Ready(call),
            Ok(Poll::Ready(None) | Poll::Pending) => Poll::Pending,
            Err(_) => {
                // There may be more, of which nobody would tell it.
                ignore_panic(|| cx.waker().wake_by_ref());
                Poll::Pending
            }
        }
    }

    /// One step, and what it says is to be done (S1).
    async fn take(&mut self, input: Input) {
        let mut commands = std::mem::take(&mut self.commands);
        let now = Instant::now();
        self.core.step(now, input, &mut commands);
        if self.core.is_ending() {
            self.live.set_stopping();
        }
        for (n, mut command) in commands.drain(..).enumerate() {
            if n % COMMANDS_A_UNIT == COMMANDS_A_UNIT - 1 {
                tokio::task::coop::consume_budget().await;
            }
            if let Command::Alarm(Some(at)) = &mut command
                && n >= COMMANDS_A_UNIT
            {
                // Who was told to end just now has its time from now on: to tell a million takes a while.
                *at = at.checked_add(now.elapsed()).unwrap_or(*at);
            }
            self.carry_out(command);
        }
        for answer in self.answers.drain(..) {
            answer.say();
        }
        // A million were for once.
        commands.shrink_to(COMMANDS_KEPT);
        self.commands = commands;
    }
}

fn input_of(report: &Report) -> Input {
    match *report {
        Report::Ready { key, run } => Input::Ready { key, run },
        Report::Exited { key, run, class } => Input::Exited { key, run, class },
    }
}

/// What cannot begin.
fn refuse(seeds: Vec<Seed>, acknowledge: Acknowledge, error: StartError) -> ShutdownReport {
    let exit = Exit::failed(error.clone());
    for seed in seeds {
        match seed.home {
            Some(home) => home.bring_untouched(seed.start.work),
            // Nobody is left to be told of a panic of it.
            None => drop(drop_caught(seed.start.work)),
        }
    }
    if let Acknowledge::Root(tell) = acknowledge {
        tell.say(Err(error));
    }
    ShutdownReport {
        exit,
        ..ShutdownReport::default()
    }
}
