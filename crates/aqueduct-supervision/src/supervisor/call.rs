//! What others ask of a supervisor, and what it answers: the public forms of the decision's.

use std::fmt;
use std::sync::Arc;

use aqueduct_channel::oneshot::{Receiver, Sender};

use crate::child::{ChildCell, ChildRef, ChildSpec};
use crate::error::{
    DeleteChildError, NotRunning, RestartChildError, StartChildError, TerminateChildError,
    WhichChildError,
};
use crate::exit::ignore_panic;
use crate::spec::{ChildId, ChildKind};

/// Something that is asked, and where to answer. A reply that is dropped says that the supervisor does not run.
pub(crate) enum Call {
    Start(ChildSpec, Reply<Result<ChildRef, StartChildError>>),
    Terminate(ChildTarget, Reply<Result<(), TerminateChildError>>),
    Restart(ChildTarget, Reply<Result<ChildRef, RestartChildError>>),
    Delete(ChildTarget, Reply<Result<(), DeleteChildError>>),
    WhichChildren(Reply<Result<Vec<ChildInfo>, NotRunning>>),
    WhichChild(ChildTarget, Reply<Result<ChildInfo, WhichChildError>>),
    Count(Reply<Result<ChildCount, NotRunning>>),
}

/// Where to answer, once. Said or dropped, it wakes who asked, by a waker that is the user's: what that throws goes no
/// further.
pub(crate) struct Reply<R>(Option<Sender<R>>);

impl<R> Reply<R> {
    pub(super) fn new(sender: Sender<R>) -> Self {
        Self(Some(sender))
    }

    /// Answers, and does not mind that who asked has gone.
    pub(super) fn say(mut self, answer: R) {
        if let Some(sender) = self.0.take() {
            ignore_panic(|| drop(sender.send(answer)));
        }
    }
}

impl<R> Drop for Reply<R> {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            ignore_panic(|| drop(sender));
        }
    }
}

/// Where a call's answer comes.
pub(crate) type Answer<R> = Receiver<R>;

/// Which child is meant: by its id, or by what `start_child` gave.
///
/// Children of a dynamic supervisor are known by the latter only.
#[derive(Clone)]
pub struct ChildTarget(pub(super) Which);

#[derive(Clone)]
pub(super) enum Which {
    Id(ChildId),
    Child(Arc<ChildCell>),
}

/// A child, as its supervisor knows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// What it is called.
    pub id: ChildId,
    /// What it is.
    pub kind: ChildKind,
    /// Whether it runs.
    pub status: ChildStatus,
    /// The child.
    pub child: ChildRef,
}

/// Whether a child runs. What OTP shows as a pid, `restarting` or `undefined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildStatus {
    /// It runs.
    Running,
    /// It does not, and is about to be started again.
    Restarting,
    /// It does not.
    Resting,
}

/// How many children there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ChildCount {
    /// How many specs; 1 for a dynamic supervisor, whose children are all of one.
    pub specs: usize,
    /// How many run.
    pub active: usize,
    /// How many are supervisors, whether they run or not.
    pub supervisors: usize,
    /// How many are workers, whether they run or not.
    pub workers: usize,
}

impl From<&str> for ChildTarget {
    fn from(id: &str) -> Self {
        Self(Which::Id(id.into()))
    }
}

impl From<String> for ChildTarget {
    fn from(id: String) -> Self {
        Self(Which::Id(id.into()))
    }
}

impl From<&String> for ChildTarget {
    fn from(id: &String) -> Self {
        id.as_str().into()
    }
}

impl From<ChildId> for ChildTarget {
    fn from(id: ChildId) -> Self {
        Self(Which::Id(id))
    }
}

impl From<&ChildId> for ChildTarget {
    fn from(id: &ChildId) -> Self {
        id.clone().into()
    }
}

impl From<ChildRef> for ChildTarget {
    fn from(child: ChildRef) -> Self {
        Self(Which::Child(child.0))
    }
}

impl From<&ChildRef> for ChildTarget {
    fn from(child: &ChildRef) -> Self {
        child.clone().into()
    }
}

impl fmt::Debug for ChildTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Which::Id(id) => id.fmt(f),
            Which::Child(child) => ChildRef(child.clone()).fmt(f),
        }
    }
}
