//! The policy with what it judges by.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Ended;
#[cfg(doc)]
use super::Tally;
use aqueduct_core::roster::LetGo;

use crate::failure::{Failure, FailureKind, FailureList, Panicked};
use crate::info::{TaskInfo, TaskRef};
use crate::policy::{Next, Policy, Triage, Verdict};

/// How a task ended.
pub(crate) enum End<O> {
    Returned(O),
    /// It returned, and somebody else has what.
    Handed,
    Panicked(Panicked),
    CutShort,
    /// The policy has panicked when it was asked how soon to judge it.
    Untriaged(Box<dyn Any + Send>),
}

impl<O> End<O> {
    /// How soon it is to be judged.
    #[inline]
    pub(super) fn triaged<P: Policy<Output = O> + 'static>(self) -> (Self, Triage) {
        match catch_unwind(AssertUnwindSafe(|| self.triage::<P>())) {
            Ok(triage) => (self, triage),
            Err(payload) => {
                drop_quietly(self);
                (Self::Untriaged(payload), Triage::Now)
            }
        }
    }

    #[inline]
    fn triage<P: Policy<Output = O> + 'static>(&self) -> Triage {
        match self {
            Self::Returned(output) => P::triage(output),
            Self::Handed => Triage::Never,
            Self::Panicked(_) => Triage::Now,
            Self::CutShort => P::triage_cut_short(),
            Self::Untriaged(_) => Triage::Now,
        }
    }
}

/// Drops what is the user's where a panic must not keep a task from leaving its group. The panic is nobody's: the task
/// has ended, and said how.
#[inline]
pub(crate) fn drop_quietly<T>(thing: T) {
    quietly(|| drop(thing));
}

/// Runs what is the user's, a waker or a destructor, where a panic of it must keep nobody from anything. The panic hook
/// has told of it.
#[inline]
pub(super) fn quietly(run: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
        // What a panic says may have a destructor that panics too; and so may what that says, which nobody drops.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        dropped.unwrap_or_else(std::mem::forget);
    }
}

/// By which task's end the rest is to be cancelled.
pub(crate) struct Cause {
    pub(crate) why: Why,
    pub(crate) task: TaskInfo,
}

/// What that end was, to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The last that it needed.
    Enough,
    Failed,
    Panicked,
    /// What it panicked at.
    Broken,
}

pub(crate) struct Judge<P: Policy + 'static> {
    policy: P,
    failures: FailureList<P::Error>,
    batch: Vec<Ended<P>>,
    /// How many of those that returned were cut short, in the policy's eyes; not told yet.
    cut_short: usize,
    /// What the policy panicked with, after which it is not asked any more.
    broken: Option<Box<dyn Any + Send>>,
}

/// What came out.
pub(crate) struct Verdicts<P: Policy + 'static> {
    pub(crate) policy: Result<P, Box<dyn Any + Send>>,
    pub(crate) failures: FailureList<P::Error>,
}

impl<P: Policy + 'static> Judge<P> {
    pub(crate) fn new(policy: P, failures_kept_max: usize) -> Self {
        Self {
            policy,
            failures: FailureList::new(failures_kept_max),
            batch: Vec::new(),
            cut_short: 0,
            broken: None,
        }
    }

    pub(super) fn policy(&mut self) -> &mut P {
        &mut self.policy
    }

    /// Takes over what is pending, and leaves the room of the last batch for more.
    pub(super) fn take_batch(&mut self, pending: &mut Vec<Ended<P>>) {
        std::mem::swap(&mut self.batch, pending);
    }

    /// To be told to the [`Tally`], which has counted them as returned.
    pub(super) fn take_cut_short(&mut self) -> usize {
        std::mem::take(&mut self.cut_short)
    }

    /// Says why the rest is to be cancelled, if it is.
    #[must_use]
    pub(super) fn judge_batch(&mut self) -> Option<Cause> {
        let mut cause = None;
        let mut batch = std::mem::take(&mut self.batch);
        let mut judged = LetGo::new();
        for (seat, end) in batch.drain(..) {
            let task = TaskRef::new(&seat);
            let judging = catch_unwind(AssertUnwindSafe(|| self.judge(task, end)));
            let why = judging.unwrap_or_else(|payload| {
                match self.broken {
                    None => self.broken = Some(payload),
                    Some(_) => drop_quietly(payload),
                }
                Some(Why::Broken)
            });
            if let (Some(why), None) = (why, &cause) {
                let task = task.to_info();
                cause = Some(Cause { why, task });
            }
            judged.add(seat);
        }
        self.batch = batch;
        cause
    }

    fn judge(&mut self, task: TaskRef<'_>, end: End<P::Output>) -> Option<Why> {
        if self.broken.is_some() {
            return None;
        }
        let policy = &mut self.policy;
        let mut fail = |kind| {
            let task = task.to_info();
            self.failures.push(Failure { task, kind });
        };
        match end {
            End::Returned(output) => match policy.returned(task, output) {
                Verdict::Continue => None,
                Verdict::Enough => Some(Why::Enough),
                Verdict::CutShort => {
                    self.cut_short += 1;
                    None
                }
                Verdict::Failed(error) => {
                    fail(FailureKind::Error(error));
                    None
                }
                Verdict::Fatal(error) => {
                    fail(FailureKind::Error(error));
                    Some(Why::Failed)
                }
            },
            End::Handed => None,
            End::Panicked(panic) => {
                fail(FailureKind::Panic(panic.clone()));
                (policy.panicked(task, &panic) == Next::CancelRest).then_some(Why::Panicked)
            }
            End::CutShort => {
                policy.cut_short(task);
                None
            }
            End::Untriaged(payload) => resume_unwind(payload),
        }
    }

    pub(super) fn finish(self) -> Verdicts<P> {
        Verdicts {
            policy: self.broken.map_or(Ok(self.policy), Err),
            failures: self.failures,
        }
    }
}
