//! What can go wrong.

use std::error::Error;
use std::fmt;

use crate::child::ChildRef;
use crate::exit::Exit;
use crate::refs::Text;
use crate::spec::{ChildId, SpecError};

/// Why a supervisor was not started. None of its children runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The spec cannot be followed.
    Invalid(SpecError),
    /// A child failed to start. Those before it were stopped, in the reverse of their order.
    Child {
        /// Which child.
        id: ChildId,
        /// How it failed.
        failure: StartFailure,
    },
    /// It was stopped before all children were started.
    Stopped,
}

/// How a child failed to start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartFailure {
    /// It ended before it was ready.
    Exited(Exit),
    /// It was not ready within its start time-out, and was aborted.
    TimedOut,
    /// The same, and it still runs.
    Unresponsive,
}

/// Why `start_child` did not start a child.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartChildError {
    /// One of this id runs.
    AlreadyStarted(ChildRef),
    /// One of this id is there, and does not run.
    AlreadyPresent(ChildRef),
    /// It failed to start, and was not kept.
    Failed(StartFailure),
    /// The spec cannot be followed.
    Invalid(SpecError),
    /// The supervisor does not run, or is stopping.
    NotRunning,
}

/// Why `terminate_child` did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TerminateChildError {
    /// There is no such child.
    NotFound,
    /// By id, of a dynamic supervisor: its children are known by what `start_child` gave.
    Dynamic,
    /// It was aborted, and still runs. It is gone, or at rest, when it ends.
    Unresponsive(ChildRef),
    /// The supervisor does not run, or is stopping.
    NotRunning,
}

/// Why `restart_child` did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RestartChildError {
    /// It runs.
    Running(ChildRef),
    /// It is about to be started again.
    Restarting(ChildRef),
    /// There is no such child.
    NotFound,
    /// Children of a dynamic supervisor are not kept once they have ended.
    Dynamic,
    /// It failed to start, and rests.
    Failed(StartFailure),
    /// The supervisor does not run, or is stopping.
    NotRunning,
}

/// Why `delete_child` did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeleteChildError {
    /// It runs: terminate it first.
    Running(ChildRef),
    /// It is about to be started again: terminate it first.
    Restarting(ChildRef),
    /// There is no such child.
    NotFound,
    /// Children of a dynamic supervisor are not kept once they have ended.
    Dynamic,
    /// The supervisor does not run, or is stopping.
    NotRunning,
}

/// Why `which_child` did not find one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WhichChildError {
    /// There is no such child.
    NotFound,
    /// By id, of a dynamic supervisor: its children are known by what `start_child` gave.
    Dynamic,
    /// The supervisor does not run, or is stopping.
    NotRunning,
}

/// The supervisor does not run, or is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRunning;

/// Why a supervisor has failed: a child that does not end, though it was aborted, would have to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotReplace {
    /// Which child.
    pub child: Text,
}

const NOT_RUNNING: &str = "the supervisor does not run, or is stopping";
const NOT_FOUND: &str = "the supervisor has no such child";
const DYNAMIC_BY_ID: &str = "children of a dynamic supervisor are not known by their ids";
const DYNAMIC_KEEPS_NONE: &str = "a dynamic supervisor keeps no children that have ended";

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::Child { id, failure } => write!(f, "child '{id}' {failure}"),
            Self::Stopped => f.write_str("it was stopped before all children were started"),
        }
    }
}

// Without sources: an exit's words have all causes.
impl Error for StartError {}

impl StartFailure {
    /// How it ended, unless it runs.
    pub fn exit(&self) -> Option<&Exit> {
        match self {
            Self::Exited(exit) => Some(exit),
            Self::TimedOut | Self::Unresponsive => None,
        }
    }
}

impl fmt::Display for StartFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(exit) => write!(f, "ended before it was ready: {exit}"),
            Self::TimedOut => f.write_str("was not ready in time, and was aborted"),
            Self::Unresponsive => {
                f.write_str("was not ready in time, was aborted, and does not end")
            }
        }
    }
}

impl fmt::Display for StartChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted(child) => write!(f, "child '{}' runs already", child.id()),
            Self::AlreadyPresent(child) => write!(
                f,
                "child '{}' is there already, and does not run: restart or delete it",
                child.id()
            ),
            Self::Failed(failure) => write!(f, "the child {failure}"),
            Self::Invalid(error) => error.fmt(f),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl Error for StartChildError {}

impl fmt::Display for TerminateChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str(NOT_FOUND),
            Self::Dynamic => f.write_str(DYNAMIC_BY_ID),
            Self::Unresponsive(child) => {
                write!(f, "child '{}' was aborted, and does not end", child.id())
            }
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl Error for TerminateChildError {}

impl fmt::Display for RestartChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(child) => write!(f, "child '{}' runs", child.id()),
            Self::Restarting(child) => {
                write!(f, "child '{}' is about to be started again", child.id())
            }
            Self::NotFound => f.write_str(NOT_FOUND),
            Self::Dynamic => f.write_str(DYNAMIC_KEEPS_NONE),
            Self::Failed(failure) => write!(f, "the child {failure}"),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl Error for RestartChildError {}

impl fmt::Display for DeleteChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(child) => write!(f, "child '{}' runs: terminate it first", child.id()),
            Self::Restarting(child) => write!(
                f,
                "child '{}' is about to be started again: terminate it first",
                child.id()
            ),
            Self::NotFound => f.write_str(NOT_FOUND),
            Self::Dynamic => f.write_str(DYNAMIC_KEEPS_NONE),
            Self::NotRunning => f.write_str(NOT_RUNNING),
        }
    }
}

impl Error for DeleteChildError {}

impl fmt::Display for WhichChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => NOT_FOUND,
            Self::Dynamic => DYNAMIC_BY_ID,
            Self::NotRunning => NOT_RUNNING,
        })
    }
}

impl Error for WhichChildError {}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOT_RUNNING)
    }
}

impl Error for NotRunning {}

impl fmt::Display for CannotReplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "child '{}' was aborted, does not end, and cannot be replaced",
            self.child
        )
    }
}

impl Error for CannotReplace {}
