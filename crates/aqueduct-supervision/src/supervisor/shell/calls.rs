//! Calls that wait for their answers, and answers that wait to be given.

use std::collections::VecDeque;

use super::Newcomer;
use crate::child::ChildRef;
use crate::decide::CallId;
use crate::error::{
    DeleteChildError, NotRunning, RestartChildError, StartChildError, TerminateChildError,
    WhichChildError,
};
use crate::exit::drop_caught;
use crate::supervisor::call::{ChildCount, ChildInfo, Reply};

/// A call that waits for its answer. To drop one says that the supervisor does not run.
pub(super) enum Pending {
    Start {
        /// Until it is admitted.
        child: Option<Newcomer>,
        reply: Reply<Result<ChildRef, StartChildError>>,
    },
    Terminate(Reply<Result<(), TerminateChildError>>),
    Restart(Reply<Result<ChildRef, RestartChildError>>),
    Delete(Reply<Result<(), DeleteChildError>>),
    WhichChildren(Reply<Result<Vec<ChildInfo>, NotRunning>>),
    WhichChild(Reply<Result<ChildInfo, WhichChildError>>),
    Count(Reply<Result<ChildCount, NotRunning>>),
}

/// Those that wait, the oldest first. They are few, and mostly answered in the order in which they came.
#[derive(Default)]
pub(super) struct Calls {
    waiting: VecDeque<(CallId, Pending)>,
    next: CallId,
}

impl Calls {
    pub(super) fn add(&mut self, pending: Pending) -> CallId {
        let call = self.next;
        self.next += 1;
        self.waiting.push_back((call, pending));
        call
    }

    fn place(&self, call: CallId) -> Option<usize> {
        self.waiting.iter().position(|(it, _)| *it == call)
    }

    pub(super) fn get_mut(&mut self, call: CallId) -> Option<&mut Pending> {
        let place = self.place(call)?;
        Some(&mut self.waiting[place].1)
    }

    pub(super) fn take(&mut self, call: CallId) -> Option<Pending> {
        let place = self.place(call)?;
        Some(self.waiting.remove(place)?.1)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// What waits is not answered.
    pub(super) fn refuse(&mut self) {
        for (_, pending) in self.waiting.drain(..) {
            drop(drop_caught(pending));
        }
    }
}

/// An answer, and to whom. It is given when all that the decision has said with it is done: who is told that a child is gone
/// finds nothing of it.
pub(super) enum Answer {
    Child(
        Reply<Result<ChildRef, StartChildError>>,
        Result<ChildRef, StartChildError>,
    ),
    Terminated(
        Reply<Result<(), TerminateChildError>>,
        Result<(), TerminateChildError>,
    ),
    Restarted(
        Reply<Result<ChildRef, RestartChildError>>,
        Result<ChildRef, RestartChildError>,
    ),
    Deleted(
        Reply<Result<(), DeleteChildError>>,
        Result<(), DeleteChildError>,
    ),
    Children(Reply<Result<Vec<ChildInfo>, NotRunning>>, Vec<ChildInfo>),
    Info(
        Reply<Result<ChildInfo, WhichChildError>>,
        Result<ChildInfo, WhichChildError>,
    ),
    Count(Reply<Result<ChildCount, NotRunning>>, ChildCount),
}

impl Answer {
    pub(super) fn say(self) {
        match self {
            Self::Child(reply, answer) => reply.say(answer),
            Self::Terminated(reply, answer) => reply.say(answer),
            Self::Restarted(reply, answer) => reply.say(answer),
            Self::Deleted(reply, answer) => reply.say(answer),
            Self::Children(reply, rows) => reply.say(Ok(rows)),
            Self::Info(reply, answer) => reply.say(answer),
            Self::Count(reply, count) => reply.say(Ok(count)),
        }
    }
}
