//! What a group can be told before it is opened.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Weak;
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::enclosing::{Enclosing, Outward};
use crate::group::{Spawner, TaskGroup};
use crate::phase::Patience;
use crate::policy::Policy;
use crate::report::Report;
use crate::run;
use crate::shared::Shared;
use crate::signals::Wanted;
use crate::spawn::Closed;

/// Failures that a group keeps if it is not told how many.
const FAILURES_KEPT: usize = 64;

/// How long a group waits for tasks that it has aborted, if it is not told.
const LINGER: Duration = Duration::from_secs(5);

/// Options of a group that is not open yet. See [`group`].
#[derive(Clone, Debug)]
#[must_use = "options do nothing until the group is opened or run"]
pub struct GroupBuilder {
    pub(crate) options: Options,
    timeout: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) limit: Option<NonZeroUsize>,
    pub(crate) patience: Patience,
    pub(crate) failures_kept_max: usize,
    pub(crate) resume_panics: bool,
    pub(crate) signals: Wanted,
    scope: Option<CancelScope>,
    deadline: Option<Instant>,
}

impl Options {
    /// A scope for the group, below the one it was given, or that of the group around it.
    pub(crate) fn make_scope(&self, outer: Option<&Weak<dyn Enclosing>>) -> CancelScope {
        let around = self.scope.clone().or_else(|| {
            let outer = outer?.upgrade()?;
            Some(outer.scope().clone())
        });
        let mut scope = around.map_or_else(CancelScope::new, |around| around.child());
        if let Some(name) = &self.name {
            scope = scope.with_name(&**name);
        }
        match self.deadline {
            Some(deadline) => scope.with_deadline(deadline),
            None => scope,
        }
    }
}

/// What becomes of a panic in a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Panics {
    /// It is a failure like an error, told by the policy's rules.
    #[default]
    AreFailures,
    /// It goes on in whoever joins the group, once all other tasks have ended. The policy still says whether they are
    /// cancelled.
    Resume,
}

/// Begins a group: `group().with_limit(8).run(AllOk::new(), async |g| …)`.
#[track_caller]
pub fn group() -> GroupBuilder {
    GroupBuilder {
        options: Options {
            name: None,
            location: Location::caller(),
            limit: None,
            patience: Patience {
                drain: None,
                grace: Duration::ZERO,
                linger: LINGER,
            },
            failures_kept_max: FAILURES_KEPT,
            resume_panics: false,
            signals: Wanted::none(),
            scope: None,
            deadline: None,
        },
        timeout: None,
    }
}

impl GroupBuilder {
    /// Gives the group a name, which reports, reasons and the tree show.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Lets at most so many tasks run at once. The limit is this group's own: groups opened in its tasks do not count,
    /// nor inherit it.
    ///
    /// A task that waits to spawn into this group lends its place meanwhile, since it does not run. It does if it awaits
    /// the spawn beside other work, by `join!` or `select!`: while that goes on, more than the limit may run.
    ///
    /// # Panics
    ///
    /// With a limit of 0, in which nothing could ever run.
    #[track_caller]
    pub fn with_limit(mut self, limit: usize) -> Self {
        let limit = NonZeroUsize::new(limit).expect("a group's limit is at least 1 task");
        self.options.limit = Some(limit);
        self
    }

    /// Cancels the group so long after it is opened. A time that the clock cannot express is no limit.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Cancels the group at this moment. With a timeout as well, what comes first counts.
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Puts the group's scope below this one, in place of that of the group around it.
    pub fn with_scope(mut self, scope: &CancelScope) -> Self {
        self.options.scope = Some(scope.clone());
        self
    }

    /// Gives tasks so much time, from when the group is cancelled, to end by themselves; then they are aborted. Without
    /// it they are aborted at once.
    ///
    /// They are also on a runtime without timers (`Builder::enable_time`), where nobody could tell when the time is up.
    /// There [`with_linger`](Self::with_linger) is no limit either; a [`with_timeout`](Self::with_timeout) or
    /// [`with_deadline`](Self::with_deadline) panics when the group is first used.
    ///
    /// **A group inside of this one has a grace of its own**, and without one it has none: what cancels this group cancels
    /// the inner one too, and at once, so that a task there is aborted while those here have time left. To have that time
    /// inside as well, give it to the inner group; or let both [drain](Self::with_drain) first, for which the inner one
    /// needs no word. It has no more of its grace than there is here: once this group aborts the task in which the other
    /// runs, that one is dropped, and so aborts, too. Without a grace here there is none there.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.options.patience.grace = grace;
        self
    }

    /// Gives tasks so much time, from when the group's scope [drains](CancelScope::drain), to finish what they have; then
    /// the group is cancelled. Without it nothing follows from draining.
    ///
    /// With [`with_signals`](Self::with_signals) the first signal then drains, and it takes a second to cancel at once.
    ///
    /// On a runtime without timers nobody could tell when that time is up: there the group drains until its tasks have
    /// ended, or it is cancelled, as by a second signal. (A time of zero is none there, too.)
    ///
    /// A group that drains takes tasks as before, since to finish may need some more. It is for those who begin work to
    /// look, by `scope.is_draining()` or `scope.draining()`, and begin no more. Groups inside of it are asked as it is.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_group::{Collect, group};
    /// use tokio::time::sleep;
    ///
    /// let jobs = group().with_drain(Duration::from_secs(10)).open(Collect::new());
    /// let scope = jobs.scope().clone();
    /// let worker = async move {
    ///     let mut done = 0;
    ///     while !scope.is_draining() {
    ///         sleep(Duration::from_secs(2)).await;
    ///         done += 1;
    ///     }
    ///     done
    /// };
    /// jobs.spawn(worker).await.ok();
    /// sleep(Duration::from_secs(3)).await;
    /// jobs.scope().drain();
    /// // What was begun is finished, and there was no need to cancel.
    /// let ends = jobs.join().await;
    /// assert_eq!(ends.into_iter().next().and_then(|end| end.returned()), Some(2));
    /// # }
    /// ```
    pub fn with_drain(mut self, drain: Duration) -> Self {
        self.options.patience.drain = Some(drain);
        self
    }

    /// Waits so long for tasks that were aborted, and do not end because they never come to an `.await`. 5 seconds if
    /// not told. Then the group ends without them, and its [`Report`] names them.
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.options.patience.linger = linger;
        self
    }

    /// Keeps at most so many failures, 64 if not told, and counts the rest. The first is kept in any case.
    pub fn with_failures_kept_max(mut self, count: usize) -> Self {
        self.options.failures_kept_max = count;
        self
    }

    /// What becomes of a panic in a task.
    pub fn with_panics(mut self, panics: Panics) -> Self {
        self.options.resume_panics = panics == Panics::Resume;
        self
    }

    /// Opens the group, as a value to keep.
    ///
    /// It may be opened anywhere; it belongs to the runtime on which its first task is spawned. (With
    /// [`with_signals`](Self::with_signals), to that on which it is opened, if there is one.)
    pub fn open<P: Policy + 'static>(self, policy: P) -> TaskGroup<P> {
        let Self {
            mut options,
            timeout,
        } = self;
        let timeout = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        options.deadline = options.deadline.into_iter().chain(timeout).min();
        let listens = options.signals.is_wanted();
        let group = TaskGroup::new(Shared::new(options, policy, Outward::here()));
        if listens && Handle::try_current().is_ok() {
            group.shared().activate();
        }
        group
    }

    /// Opens the group, runs `body` with a spawner of it, waits for all tasks, and gives what the policy makes of them.
    ///
    /// The group is closed when the body returns. If it is cancelled, the body is treated as its tasks are: it may go on
    /// during the grace, and is then dropped. [`run_try`](Self::run_try) has a body that stops by `?`,
    /// [`run_with`](Self::run_with) also gives what the body returned.
    ///
    /// # Panics
    ///
    /// If the body panics, once the tasks were cancelled and have ended. If the policy does, or a task and the group
    /// was told so by [`with_panics`](Self::with_panics). Outside of a Tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as tasks go: dropping it cancels and aborts them, and the group around waits for what is left.
    /// Their results are lost.
    pub async fn run<P, F, Fut>(self, policy: P, body: F) -> P::Value
    where
        P: Policy + 'static,
        F: FnOnce(Spawner<P>) -> Fut,
        Fut: Future<Output = ()>,
    {
        self.run_with(policy, body).await.1
    }

    /// As [`run`](Self::run), with a body that may stop by `?`, where a task cannot be spawned, or for an error of its own.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io;
    ///
    /// use aqueduct_group::{AllOk, Closed, group};
    ///
    /// async fn list() -> io::Result<Vec<u32>> {
    ///     Ok(vec![1, 2, 3])
    /// }
    ///
    /// let squares = group()
    ///     .with_limit(2)
    ///     .run_try(AllOk::<u32, io::Error>::new(), async |g| {
    ///         for n in list().await.map_err(Closed::because)? {
    ///             g.spawn(async move { Ok(n * n) }).await?;
    ///         }
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(squares, [1, 4, 9]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`Closed`] by itself just ends the body: the group was closed or cancelled, and its result says why. Since the body
    /// would have gone on, a group that was cancelled from outside gives
    /// [`GroupError::Cancelled`](crate::GroupError::Cancelled), also where all tasks returned that it has. An error of the
    /// body's own, by [`Closed::because`], cancels the group and is the reason. Failures of tasks go before it.
    /// Policies that give no [`GroupError`](crate::GroupError), as [`Collect`](crate::Collect), do not tell of it.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`run`](Self::run).
    pub async fn run_try<P, F, Fut>(self, policy: P, body: F) -> P::Value
    where
        P: Policy + 'static,
        F: FnOnce(Spawner<P>) -> Fut,
        Fut: Future<Output = Result<(), Closed>>,
    {
        let group = self.open(policy);
        let spawner = group.spawner();
        run::run_try(group, async move { body(spawner).await }).await
    }

    /// As [`run`](Self::run), and gives what the body returned too, or nothing if the group was cancelled before it
    /// did.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`run`](Self::run).
    pub async fn run_with<P, F, Fut, R>(self, policy: P, body: F) -> (Option<R>, P::Value)
    where
        P: Policy + 'static,
        F: FnOnce(Spawner<P>) -> Fut,
        Fut: Future<Output = R>,
    {
        let (returned, value, _) = self.run_with_report(policy, body).await;
        (returned, value)
    }

    /// As [`run_with`](Self::run_with), and tells how the group ended.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() {
    /// use aqueduct_group::{Discard, group};
    ///
    /// let run = group().run_with_report(Discard::new(), async |group| {
    ///     group.spawn(async {}).await.is_ok()
    /// });
    /// let (returned, result, report) = run.await;
    /// assert!(returned == Some(true) && result.is_ok());
    /// assert_eq!((report.spawned, report.returned), (1, 1));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`run`](Self::run).
    pub async fn run_with_report<P, F, Fut, R>(
        self,
        policy: P,
        body: F,
    ) -> (Option<R>, P::Value, Report)
    where
        P: Policy + 'static,
        F: FnOnce(Spawner<P>) -> Fut,
        Fut: Future<Output = R>,
    {
        let group = self.open(policy);
        let spawner = group.spawner();
        // Not called before it is polled: in the group's node, and where its panics are caught.
        run::run(group, async move { body(spawner).await }).await
    }
}
