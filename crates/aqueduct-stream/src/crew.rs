//! The tasks of a stage that has some.
//!
//! A crew is a task group whose owner is the stage, so that its tasks live no longer than the stream: dropping the stream
//! drops the group, which aborts them, and the group around it waits for them. Its scope is not below that of the group
//! around it: who is cancelled is the task that pulls the stream, which then may drop the stream, or take out what is
//! inside first. A stage that ended by itself while nobody told its consumer would look like a stream that has ended.
//!
//! # Invariants
//!
//! W1. A stage ends ([`Pull::End`](crate::Pull::End)) only when its tasks have said so and have ended. Where they are gone
//!     without having said so, it panics: with their panic, or because their runtime was shut down.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::resume_unwind;
use std::task::{Context, Poll, ready};

use aqueduct_cancel::CancelScope;
use aqueduct_group::{AsCompleted, TaskEnd, TaskGroup, group};

/// What somebody panicked with.
pub(crate) type Payload = Box<dyn Any + Send>;

pub(crate) struct Crew {
    group: TaskGroup<AsCompleted<()>>,
    /// The stage has panicked, and would again: what its tasks do is not to be looked at.
    failed: bool,
}

impl Crew {
    /// Opens a group of this name.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub(crate) fn new(name: &'static str) -> Self {
        let scope = CancelScope::new();
        let group = group()
            .with_name(name)
            .with_scope(&scope)
            .open(AsCompleted::new());
        Self {
            group,
            failed: false,
        }
    }

    pub(crate) fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let spawned = self.group.task(name).try_spawn(task);
        assert!(spawned.is_ok(), "a crew has no limit and is not closed");
    }

    /// Goes on with the panic of a task, and has every later look at the stage panic (W1).
    pub(crate) fn fail(&mut self, payload: Payload) -> ! {
        self.failed = true;
        resume_unwind(payload)
    }

    /// To be called before anything of the stage is looked at.
    ///
    /// # Panics
    ///
    /// If the stage did before.
    #[inline]
    pub(crate) fn check(&self) {
        assert!(
            !self.failed,
            "a stage of this stream has panicked before, so that the rest of it is lost"
        );
    }

    /// Waits until all tasks have ended.
    ///
    /// # Panics
    ///
    /// If a task did, or was aborted, which only its runtime's end does.
    pub(crate) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some((_, end)) = ready!(self.group.poll_next(cx)) {
            match end {
                TaskEnd::Returned(()) => {}
                TaskEnd::Panicked(panic) => self.fail(panic.into_payload()),
                TaskEnd::Cancelled => {
                    self.failed = true;
                    shut_down();
                }
            }
        }
        Poll::Ready(())
    }
}

/// Says that a task of a stage is gone, and not by the stage.
#[cold]
pub(crate) fn shut_down() -> ! {
    panic!(
        "the runtime on which a stage of this stream ran was shut down, so that the rest of it is lost"
    );
}

/// A stage that is not started, or runs. It is started by its first pull, since it is made without a runtime.
pub(crate) enum Stage<R> {
    /// Taken out when it is started.
    Idle(Option<Start<R>>),
    Running(R),
}

/// Spawns the tasks. Boxed, so that the type of what is above them ends here: that is on other tasks.
type Start<R> = Box<dyn FnOnce() -> R + Send>;

impl<R> Stage<R> {
    pub(crate) fn idle(start: impl FnOnce() -> R + Send + 'static) -> Self {
        Self::Idle(Some(Box::new(start)))
    }

    /// What runs, started if it was not.
    #[inline]
    pub(crate) fn running(&mut self) -> &mut R {
        if let Self::Idle(start) = self {
            *self = Self::start(start);
        }
        match self {
            Self::Running(running) => running,
            Self::Idle(_) => unreachable!("it was started"),
        }
    }

    #[cold]
    fn start(start: &mut Option<Start<R>>) -> Self {
        let start = start.take().expect("a start that panicked is not repeated");
        Self::Running(start())
    }
}

impl<R: fmt::Debug> fmt::Debug for Stage<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle(_) => f.write_str("Idle"),
            Self::Running(running) => running.fmt(f),
        }
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew")
            .field("alive", &self.group.len())
            .finish()
    }
}
