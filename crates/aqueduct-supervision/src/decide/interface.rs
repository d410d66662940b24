//! What goes into the decision and what comes out of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::spec::{ChildId, ChildKind, ChildPolicy, SpecError};

/// A child's place with a supervisor: what a pid is to OTP's, except that it stays over restarts. Each place is used again
/// once its child is forgotten, with another generation, so that an old key names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// Which start of a child it is, from 1. What comes from an earlier one is told apart by it.
pub(crate) type Run = u64;

/// Names a call, so that its reply finds the caller. The shell's; no two of one supervisor are equal.
pub(crate) type CallId = u64;

/// What happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// Start the children. The first input, and once.
    Begin,
    /// A child that acknowledges its start is ready.
    Ready { key: Key, run: Run },
    /// A child has ended: nothing of it runs any more.
    Exited {
        key: Key,
        run: Run,
        class: ExitClass,
    },
    /// The time of the last [`Command::Alarm`] has come.
    Alarm,
    /// Somebody asks for something. Calls are answered in order, after what is in progress.
    Call { call: CallId, request: Request },
    /// End, in order.
    Stop,
}

/// How a child ended, as far as it is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ExitClass {
    /// By itself, done. Before it was ready: there is nothing to start (`ignore`).
    Normal,
    /// In an orderly way: it was told to, or it ended with a reason that is no failure.
    Shutdown,
    /// Any other way.
    Abnormal,
}

/// What is to be done, in this order.
#[derive(Debug)]
pub(crate) enum Command {
    /// The child that this `start_child` brought is `key` now. Comes before its first `Start`; a call whose child is not
    /// taken (there is one of that id) has none.
    Admit { call: CallId, key: Key },
    /// Start it. If it acknowledges, report `Ready`; in any case `Exited`, once.
    Start { key: Key, run: Run },
    /// Cancel its scope: please end.
    AskStop { key: Key },
    /// Drop it at its next await.
    Abort { key: Key, run: Run },
    /// What becomes of the child after the end of its latest run. It comes again if its fate gets worse later (its restart is
    /// called off, its spec deleted).
    Settled { key: Key, fate: Fate },
    /// The key names nobody any more: the last that is said of it. At the end of the supervisor all keys are forgotten by
    /// `End`.
    Forget { key: Key },
    /// The answer to a call: exactly one each.
    Reply { call: CallId, outcome: Outcome },
    /// Give the input `Alarm` at this time, or as soon as can be if it is past. There is one at a time: the newest counts,
    /// `None` is none, and one that has come is spent.
    Alarm(Option<Instant>),
    /// Tell who listens.
    Event(Event),
    /// The supervisor has ended. The last command; all inputs after it are answered with nothing, calls with
    /// [`Outcome::Refused`].
    End(Verdict),
}

/// What becomes of a child whose run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// It will be started again, now or after its back-off.
    Restarting,
    /// It stays as it is until `restart_child`, `delete_child`, or a restart of its group.
    Resting,
    /// Its spec is gone.
    Gone,
}

/// Which child a call means: below a dynamic supervisor by its key, else by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Id(ChildId),
    Key(Key),
}

/// A call.
#[derive(Debug)]
pub(crate) enum Request {
    /// `start_child`: add a child and start it.
    Start(Box<ChildPolicy>),
    /// `terminate_child`: stop it. A temporary one, or one of a dynamic supervisor, is forgotten.
    Terminate(Target),
    /// `restart_child`: start one that was terminated, that ended and was not restarted, or that had nothing to start.
    Restart(Target),
    /// `delete_child`: forget one that does not run.
    Delete(Target),
    /// `which_children`: all, the newest first.
    WhichChildren,
    /// `which_child`.
    WhichChild(Target),
    /// `count_children`.
    Count,
}

/// The answer to a call, of the kind of its request, or `Refused`.
///
/// A reply that names a key comes before the key is forgotten.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Start(Result<Begun, StartChildError>),
    Terminate(Result<(), TerminateChildError>),
    Restart(Result<Begun, RestartChildError>),
    Delete(Result<(), DeleteChildError>),
    WhichChildren(Vec<ChildRow>),
    WhichChild(Result<ChildRow, WhichChildError>),
    Count(ChildCount),
    /// The supervisor is stopping or has ended: OTP's `noproc` and `shutdown`.
    Refused,
}

/// A start that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It runs.
    Running { key: Key, run: Run },
    /// There was nothing to start (`ignore`). Its spec is kept, unless it is temporary or of a dynamic supervisor.
    Ignored { key: Key, run: Run },
}

/// Why `start_child` did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StartChildError {
    /// One of this id runs.
    AlreadyStarted(Key),
    /// There is one of this id, which does not run: it rests, or waits for its restart.
    AlreadyPresent(Key),
    /// It failed to start, and was not kept. Why is in the exit of this run. If it could not be aborted after its
    /// `start_timeout`, it is kept until it ends, so that there are no two of the id.
    Failed {
        key: Key,
        run: Run,
        why: StartFailure,
    },
    /// The spec cannot be followed.
    Invalid(SpecError),
}

/// How a start failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StartFailure {
    /// It ended before it was ready, and not with `Normal`.
    Exited,
    /// It was not ready within its `start_timeout`, and was aborted.
    TimedOut,
    /// The same, and it still runs.
    Unresponsive,
}

/// Why `terminate_child` did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TerminateChildError {
    NotFound,
    /// By id, below a dynamic supervisor. OTP's `simple_one_for_one`.
    Dynamic,
    /// It was aborted and still runs. When it ends, it is as if this had worked.
    Unresponsive(Key),
}

/// Why `restart_child` did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RestartChildError {
    Running(Key),
    Restarting(Key),
    NotFound,
    /// Below a dynamic supervisor. OTP's `simple_one_for_one`.
    Dynamic,
    /// It failed to start, and rests.
    Failed {
        key: Key,
        run: Run,
        why: StartFailure,
    },
}

/// Why `delete_child` did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DeleteChildError {
    Running(Key),
    Restarting(Key),
    NotFound,
    /// Below a dynamic supervisor. OTP's `simple_one_for_one`.
    Dynamic,
}

/// Why `which_child` did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WhichChildError {
    NotFound,
    /// By id, below a dynamic supervisor. OTP's `simple_one_for_one`.
    Dynamic,
}

/// A line of `which_children`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildRow {
    pub(crate) key: Key,
    pub(crate) id: ChildId,
    pub(crate) kind: ChildKind,
    pub(crate) status: ChildStatus,
}

/// What OTP shows as a pid, `restarting` or `undefined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChildStatus {
    Running(Run),
    Restarting,
    Resting,
}

/// What `count_children` tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ChildCount {
    /// How many specs there are; 1 for a dynamic supervisor, whose children are all of one.
    pub(crate) specs: usize,
    /// How many children run.
    pub(crate) active: usize,
    /// How many are supervisors, whether they run or not.
    pub(crate) supervisors: usize,
    /// How many are workers, whether they run or not.
    pub(crate) workers: usize,
}

/// Something that was done or that happened, to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// `None` is the supervisor itself.
    pub(crate) child: Option<(Key, Run)>,
    pub(crate) kind: EventKind,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    /// All children were started: the supervisor acknowledges its own start.
    Ready,
    /// A child was started, and is ready if it says so.
    Started,
    /// A child had nothing to start.
    Ignored,
    /// A child failed to start.
    StartFailed(StartFailure),
    /// A child ended by itself.
    Exited(ExitClass),
    /// A child that ended by itself, or failed to start, will be tried again after this time.
    Restarting { after: Duration },
    /// A child was asked to end.
    Stopping,
    /// A child was aborted: brutally, after its limit, or as its start took too long.
    Aborted,
    /// A child has ended that was told to.
    Terminated(ExitClass),
    /// A child was aborted, did not end within the patience, and is not waited for.
    Unresponsive,
    /// The supervisor stops its children and ends, as there were too many restarts, or as one that cannot be stopped would
    /// have to be replaced. The child is the one that it was about.
    Escalated,
    /// The supervisor stops its children and ends, as this child, which is significant, has ended.
    AutoShutdown,
    /// The supervisor has ended.
    Ended,
}

/// How the supervisor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) cause: Cause,
    /// Those that still run, in the order in which they would have been stopped.
    pub(crate) unresponsive: Vec<Named>,
}

/// Why the supervisor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It was told to.
    Stopped,
    /// There were too many restarts; this child's would have been one more. OTP's `shutdown`.
    Intensity(Named),
    /// A significant child ended. OTP's `shutdown`.
    AutoShutdown(Named),
    /// A child could not be started in the beginning; those before it were stopped. OTP's `failed_to_start_child`.
    FailedToStart { child: Named, why: StartFailure },
    /// A child that could not be stopped would have to be replaced.
    Unresponsive(Named),
}

/// A child, for who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) key: Key,
    pub(crate) id: ChildId,
    pub(crate) run: Run,
}
