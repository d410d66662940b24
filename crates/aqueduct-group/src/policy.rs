//! What the end of a task means for its group.
//!
//! A [`Policy`] is a value that judges each task as it ends and makes the group's result at the end. The group does the
//! rest: it keeps the failures, cancels the others when the policy says so, and waits.
//!
//! | policy | a task gives | the group ends early | the group gives |
//! |---|---|---|---|
//! | [`AllOk`] | `Result<T, E>` | at the first failure | all values in spawn order, or the failures |
//! | [`Collect`] | `T` | never | what became of each task, in spawn order |
//! | [`FirstOk`] | `Result<T, E>` | at the first success | that value, or the failures |
//! | [`Race`] | `T` | when the first task ends | its value |
//! | [`Quorum`] | `Result<T, E>` | when `k` have succeeded | these values, or the failures |
//! | [`Discard`] | anything | never | nothing; panics are failures |
//! | [`Supervise`] | `Result<(), E>` | never | the failures, each told when it happens |
//! | [`AsCompleted`] | `T` | never | each as it ends, by [`next`](crate::TaskGroup::next) |
//!
//! # Cancelled is not failed
//!
//! A task that minds its group's scope often ends with an error: `scope.check()?`, or `scope.run(…).await?`. Where the
//! group was cancelled, [`AllOk`], [`FirstOk`], [`Quorum`] and [`Supervise`] count such a task as *cut short*, like one that
//! was aborted, and not as failed. They know it by the error: it carries a [`Cancelled`] whose reason is that for which the
//! group's scope, or one above it, was cancelled ([`is_cancelled_for`](aqueduct_cancel::CancelScope::is_cancelled_for)). The
//! deadline of a scope of the task's own is another reason, and a failure, also while the group is being cancelled.
//!
//! They look into errors of the types [`Cancelled`], [`io::Error`](std::io::Error) and `Box<dyn Error + Send + Sync>`, and into
//! the [sources](std::error::Error::source) of those. Into one of your own, or one such as `anyhow::Error`, they look when
//! they are shown how, which takes no more than `AllOk::new().with_error_chain(|error| error)`, or `|error| error.as_ref()`.
//! A policy of your own asks [`TaskRef::is_cut_short_by`].
//!
//! [`Race`], [`Collect`], [`Discard`] and [`AsCompleted`] do not know which outputs are errors: what returns has returned.
//!
//! # Where it runs
//!
//! In the task that ended, right after it, outside of all locks, one judgement at a time: a policy needs no lock, and
//! shall not take long. A policy that panics is asked no more: the others are cancelled, and the panic goes on in
//! whoever joins the group.

mod all_ok;
mod as_completed;
mod collect;
mod discard;
mod errors;
mod first_ok;
mod quorum;
mod race;
mod supervise;

use aqueduct_cancel::{Cancelled, Reason};

use crate::failure::{Failures, GroupError, Panicked};
use crate::info::TaskRef;

pub use all_ok::AllOk;
pub use as_completed::AsCompleted;
pub use collect::{Collect, TaskEnd};
pub use discard::Discard;
use errors::Errors;
pub use first_ok::FirstOk;
pub use quorum::Quorum;
pub use race::Race;
pub use supervise::{Supervise, Told};

/// Judges tasks as they end. See the [module](self).
///
/// It is asked about every task, also about those that end after it has said [`Verdict::Fatal`], [`Verdict::Enough`] or
/// [`Next::CancelRest`]: several may end at once, and others in the group's grace.
///
/// ```
/// use aqueduct_group::policy::{Ending, Next, Verdict};
/// use aqueduct_group::{Failures, Panicked, Policy, TaskRef, group};
///
/// /// Stops after so many failures, and keeps what succeeded.
/// struct UpTo {
///     failures: usize,
///     values: Vec<u32>,
/// }
///
/// impl UpTo {
///     fn is_too_much(&mut self) -> bool {
///         // More may fail after the last that counts.
///         self.failures = self.failures.saturating_sub(1);
///         self.failures == 0
///     }
/// }
///
/// impl Policy for UpTo {
///     type Output = Result<u32, String>;
///     type Error = String;
///     type Value = (Vec<u32>, Option<Failures<String>>);
///
///     fn returned(&mut self, _: TaskRef<'_>, output: Result<u32, String>) -> Verdict<String> {
///         match output {
///             Ok(value) => {
///                 self.values.push(value);
///                 Verdict::Continue
///             }
///             Err(error) if self.is_too_much() => Verdict::Fatal(error),
///             Err(error) => Verdict::Failed(error),
///         }
///     }
///
///     fn panicked(&mut self, _: TaskRef<'_>, _: &Panicked) -> Next {
///         if self.is_too_much() { Next::CancelRest } else { Next::Continue }
///     }
///
///     fn finish(self, ending: Ending<String>) -> Self::Value {
///         (self.values, ending.failures)
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() {
/// let policy = UpTo { failures: 2, values: Vec::new() };
/// let run = group().with_limit(1).run_try(policy, async |g| {
///     for n in 0..100 {
///         let even = async move { if n % 2 == 0 { Ok(n) } else { Err(format!("{n} is odd")) } };
///         g.spawn(even).await?;
///     }
///     Ok(())
/// });
/// let (values, failures) = run.await;
/// assert_eq!(values, [0, 2]);
/// assert_eq!(failures.unwrap().kept(), 2);
/// # }
/// ```
pub trait Policy: Send {
    /// What a task returns.
    type Output: Send;
    /// What a failed task leaves.
    type Error: Send;
    /// What the group gives in the end.
    type Value;

    /// A task returned.
    fn returned(&mut self, task: TaskRef<'_>, output: Self::Output) -> Verdict<Self::Error>;

    /// A task panicked. The panic is among the failures already.
    fn panicked(&mut self, task: TaskRef<'_>, panic: &Panicked) -> Next;

    /// A task was cancelled before it returned; or could not be stopped, and the group has done waiting for it.
    fn cut_short(&mut self, task: TaskRef<'_>) {
        let _ = task;
    }

    /// All tasks have ended: makes the group's result.
    fn finish(self, ending: Ending<Self::Error>) -> Self::Value;

    /// Whether a task that returned this must be judged at once, as it is if this is not overridden. Runs without the policy, and so for several tasks at
    /// a time.
    fn triage(output: &Self::Output) -> Triage {
        let _ = output;
        Triage::Now
    }

    /// Whether tasks that were cut short must be told at once. If this is not overridden they are told later: they come many at a time, when a group is aborted.
    fn triage_cut_short() -> Triage {
        Triage::Later
    }
}

/// What a policy says of a task that returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<E> {
    /// All is well, go on.
    Continue,
    /// Enough: cancel the rest.
    Enough,
    /// It was kept from returning what it would have, since its group was cancelled: no failure, and in the
    /// [`Report`](crate::Report) among those that were cancelled. See [`TaskRef::is_cut_short_by`].
    CutShort,
    /// The task failed, the others go on.
    Failed(E),
    /// The task failed: cancel the rest.
    Fatal(E),
}

/// What to do with the tasks that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// They go on.
    Continue,
    /// They are cancelled.
    CancelRest,
}

/// How soon a task's output must be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triage {
    /// At once: it may end the group.
    Now,
    /// With others, up to 64 at a time: the verdict will be [`Verdict::Continue`]. Judging it costs a task that ends a
    /// lock less.
    Later,
    /// Not at all: the output is dropped, and the policy not asked.
    Never,
}

/// How a group ended, for its policy to make a result of.
#[derive(Debug)]
pub struct Ending<E> {
    /// The tasks that failed, if any.
    pub failures: Option<Failures<E>>,
    /// How many tasks were cancelled before they returned, the group's body among them, and those that could not be
    /// stopped and were not waited for.
    pub cut_short: usize,
    /// Why the group was cancelled, unless its policy did it.
    pub cancelled: Option<Reason>,
}

impl<E> Ending<E> {
    /// Nothing, if no task failed and none, nor the body, was kept from returning by somebody else than the policy. Failures go
    /// before cancellation.
    pub fn into_result(self) -> Result<(), GroupError<E>> {
        match (self.failures, self.cancelled) {
            (Some(failures), _) => Err(GroupError::Failed(failures)),
            (None, Some(reason)) if self.cut_short > 0 => {
                Err(GroupError::Cancelled(Cancelled::from(reason)))
            }
            (None, _) => Ok(()),
        }
    }
}

/// Values by their tasks' places in the order of spawning.
#[derive(Debug)]
struct InOrder<T>(Vec<Option<T>>);

impl<T> InOrder<T> {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn put(&mut self, index: usize, value: T) {
        if index == self.0.len() {
            self.0.push(Some(value));
            return;
        }
        if index > self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(value);
    }

    fn into_values(mut self) -> Vec<T> {
        self.0.retain(Option::is_some);
        // In place: the values move within the memory they are in.
        let values = self.0.into_iter();
        values
            .map(|value| value.expect("those without were taken out"))
            .collect()
    }
}
