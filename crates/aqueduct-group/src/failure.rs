//! What goes wrong in a group, and where.

mod erased;

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aqueduct_cancel::Cancelled;

use crate::info::TaskInfo;

pub use erased::ErasedGroupError;

/// Why a group gave no result.
///
/// It is an [`Error`] if the tasks' errors are. [`erase`](Self::erase) makes one of it also where they are `String` or
/// `anyhow::Error`.
#[derive(Debug)]
pub enum GroupError<E> {
    /// Tasks failed.
    Failed(Failures<E>),
    /// No task failed, but the group was cancelled before all had returned.
    Cancelled(Cancelled),
}

/// The failures of a group's tasks: at least one, in the order in which they happened. Tasks that were cancelled are
/// not among them.
#[derive(Debug)]
pub struct Failures<E> {
    first: Failure<E>,
    rest: Vec<Failure<E>>,
    dropped: usize,
}

/// A task that failed.
#[derive(Debug)]
pub struct Failure<E> {
    /// Which task.
    pub task: TaskInfo,
    /// How.
    pub kind: FailureKind<E>,
}

/// How a task failed.
#[derive(Debug)]
pub enum FailureKind<E> {
    /// It returned an error.
    Error(E),
    /// It panicked.
    Panic(Panicked),
}

impl<E> GroupError<E> {
    /// The failures, unless the group was cancelled.
    pub fn failures(&self) -> Option<&Failures<E>> {
        match self {
            Self::Failed(failures) => Some(failures),
            Self::Cancelled(_) => None,
        }
    }

    /// The first error that a task returned, if one did.
    pub fn into_first_error(self) -> Option<E> {
        match self {
            Self::Failed(failures) => failures.into_iter().find_map(|failure| match failure.kind {
                FailureKind::Error(error) => Some(error),
                FailureKind::Panic(_) => None,
            }),
            Self::Cancelled(_) => None,
        }
    }

    /// Whether no task failed, and the group was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }
}

impl<E> Failures<E> {
    fn new(first: Failure<E>) -> Self {
        Self {
            first,
            rest: Vec::new(),
            dropped: 0,
        }
    }

    /// The first.
    pub fn first(&self) -> &Failure<E> {
        &self.first
    }

    /// All that were kept, in the order in which they happened.
    pub fn iter(&self) -> impl Iterator<Item = &Failure<E>> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// How many were kept.
    pub fn kept(&self) -> usize {
        1 + self.rest.len()
    }

    /// How many there were beyond those that were kept.
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}

impl<E> IntoIterator for Failures<E> {
    type Item = Failure<E>;
    type IntoIter = std::iter::Chain<std::iter::Once<Failure<E>>, std::vec::IntoIter<Failure<E>>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.rest)
    }
}

/// Failures on their way: none yet, perhaps, and no more than a limit.
#[derive(Debug)]
pub(crate) struct FailureList<E> {
    failures: Option<Failures<E>>,
    kept_max: usize,
    /// The first panic, kept or not: it may be passed on.
    panic: Option<Panicked>,
}

impl<E> FailureList<E> {
    /// For at most `kept_max` failures, and the first in any case.
    pub(crate) fn new(kept_max: usize) -> Self {
        Self {
            failures: None,
            kept_max,
            panic: None,
        }
    }

    pub(crate) fn push(&mut self, failure: Failure<E>) {
        if let FailureKind::Panic(panic) = &failure.kind {
            self.panic.get_or_insert_with(|| panic.clone());
        }
        match &mut self.failures {
            None => self.failures = Some(Failures::new(failure)),
            Some(all) if all.kept() < self.kept_max => all.rest.push(failure),
            Some(all) => all.dropped += 1,
        }
    }

    pub(crate) fn take(&mut self) -> Option<Failures<E>> {
        self.failures.take()
    }

    /// The first panic, also if it was beyond the limit.
    pub(crate) fn first_panic(&self) -> Option<&Panicked> {
        self.panic.as_ref()
    }
}

/// A panic that was caught: its message, and its payload for whoever wants to go on with it.
#[derive(Clone)]
pub struct Panicked(Arc<Caught>);

struct Caught {
    message: Option<Box<str>>,
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Panicked {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|message| Box::from(*message))
            .or_else(|| Some(Box::from(payload.downcast_ref::<String>()?.as_str())));
        Self(Arc::new(Caught {
            message,
            payload: Mutex::new(Some(payload)),
        }))
    }

    /// What the panic said, if it said so in words.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Takes the payload, for [`resume_unwind`](std::panic::resume_unwind). All clones share it: the second to ask gets
    /// the message in its place.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        let taken = self
            .0
            .payload
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        taken.unwrap_or_else(|| Box::new(self.to_string()))
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panicked").field(&self.message()).finish()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "panicked: {message}"),
            None => f.write_str("panicked"),
        }
    }
}

impl Error for Panicked {}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FailureKind::Error(error) => write!(f, "{} failed: {error}", self.task),
            FailureKind::Panic(panic) => write!(f, "{} {panic}", self.task),
        }
    }
}

impl<E: Error + 'static> Error for Failure<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            FailureKind::Error(error) => Some(error),
            FailureKind::Panic(panic) => Some(panic),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Failures<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        match self.rest.len() + self.dropped {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more failure)"),
            more => write!(f, " (and {more} more failures)"),
        }
    }
}

impl<E: Error + 'static> Error for Failures<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.first.source()
    }
}

impl<E: fmt::Display> fmt::Display for GroupError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failures) => failures.fmt(f),
            Self::Cancelled(cancelled) => cancelled.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for GroupError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(failures) => failures.source(),
            Self::Cancelled(cancelled) => Some(cancelled),
        }
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
