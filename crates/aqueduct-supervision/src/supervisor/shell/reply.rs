//! Calls taken, and answered.

use std::sync::Arc;

use super::calls::{Answer, Pending};
use super::command::failure_of;
use super::{Newcomer, Shell};
use crate::child::ChildRef;
use crate::decide::{
    Begun, CallId, ChildRow, ChildStatus as Status, DeleteChildError as NotDeleted, Input, Key,
    Outcome, Request, RestartChildError as NotRestarted, StartChildError as NotStarted,
    StartFailure as Why, Target, TerminateChildError as NotTerminated, WhichChildError as NotFound,
};
use crate::error::{
    DeleteChildError, RestartChildError, StartChildError, StartFailure, TerminateChildError,
    WhichChildError,
};
use crate::exit::{Exit, drop_caught};
use crate::supervisor::call::{Call, ChildCount, ChildInfo, ChildStatus, ChildTarget, Which};

impl Shell {
    pub(super) async fn take_call(&mut self, call: Call) {
        let (pending, request) = match call {
            Call::Start(spec, reply) => {
                let child = Some(Newcomer::new(&spec.policy, spec.start, None));
                let request = Request::Start(Box::new(spec.policy));
                (Pending::Start { child, reply }, request)
            }
            Call::Terminate(child, reply) => match self.target(child) {
                Some(target) => (Pending::Terminate(reply), Request::Terminate(target)),
                None => return reply.say(Err(TerminateChildError::NotFound)),
            },
            Call::Restart(child, reply) => match self.target(child) {
                Some(target) => (Pending::Restart(reply), Request::Restart(target)),
                None => return reply.say(Err(RestartChildError::NotFound)),
            },
            Call::Delete(child, reply) => match self.target(child) {
                Some(target) => (Pending::Delete(reply), Request::Delete(target)),
                None => return reply.say(Err(DeleteChildError::NotFound)),
            },
            Call::WhichChild(child, reply) => match self.target(child) {
                Some(target) => (Pending::WhichChild(reply), Request::WhichChild(target)),
                None => return reply.say(Err(WhichChildError::NotFound)),
            },
            Call::WhichChildren(reply) => (Pending::WhichChildren(reply), Request::WhichChildren),
            Call::Count(reply) => (Pending::Count(reply), Request::Count),
        };
        let call = self.calls.add(pending);
        self.take(Input::Call { call, request }).await;
    }

    /// None if it is no child of this supervisor, or no more.
    fn target(&self, child: ChildTarget) -> Option<Target> {
        match child.0 {
            Which::Id(id) => Some(Target::Id(id)),
            Which::Child(cell) => {
                if self.live.shared.is_dynamic() {
                    // Also of one that is gone: the key says so.
                    let is_own = Arc::ptr_eq(cell.live(), &self.live);
                    return is_own.then(|| Target::Key(cell.key()));
                }
                let seat = self.seat(cell.key())?;
                Arc::ptr_eq(&seat.cell, &cell).then(|| Target::Id(cell.id().clone()))
            }
        }
    }

    /// The child that a `start_child` brought has a key.
    pub(super) fn admit_call(&mut self, call: CallId, key: Key) {
        let Some(Pending::Start { child, .. }) = self.calls.get_mut(call) else {
            return;
        };
        if let Some(child) = child.take() {
            self.admit(key, child);
        }
    }

    pub(super) fn answer(&mut self, call: CallId, outcome: Outcome) {
        let Some(pending) = self.calls.take(call) else {
            return;
        };
        let answer = match (pending, outcome) {
            (Pending::Start { child, reply }, Outcome::Start(result)) => {
                // One that was not admitted is dropped: what is in it is the user's.
                drop(drop_caught(child));
                Answer::Child(reply, self.started(result))
            }
            (Pending::Terminate(reply), Outcome::Terminate(result)) => {
                let answer = result.map_err(|error| self.not_terminated(error));
                Answer::Terminated(reply, answer)
            }
            (Pending::Restart(reply), Outcome::Restart(result)) => {
                Answer::Restarted(reply, self.restarted(result))
            }
            (Pending::Delete(reply), Outcome::Delete(result)) => {
                let answer = result.map_err(|error| self.not_deleted(error));
                Answer::Deleted(reply, answer)
            }
            (Pending::WhichChildren(reply), Outcome::WhichChildren(rows)) => {
                Answer::Children(reply, rows.iter().map(|row| self.info(row)).collect())
            }
            (Pending::WhichChild(reply), Outcome::WhichChild(row)) => {
                let answer = row.map(|row| self.info(&row)).map_err(|error| match error {
                    NotFound::NotFound => WhichChildError::NotFound,
                    NotFound::Dynamic => WhichChildError::Dynamic,
                });
                Answer::Info(reply, answer)
            }
            (Pending::Count(reply), Outcome::Count(count)) => {
                let count = ChildCount {
                    specs: count.specs,
                    active: count.active,
                    supervisors: count.supervisors,
                    workers: count.workers,
                };
                Answer::Count(reply, count)
            }
            // Refused: nobody answers.
            (pending, _) => return drop(drop_caught(pending)),
        };
        self.answers.push(answer);
    }

    /// A key in an answer is of a child that is not forgotten.
    fn child(&self, key: Key) -> ChildRef {
        let seat = self.seat(key).expect("it is forgotten after the answer");
        ChildRef(seat.cell.clone())
    }

    fn failure(&self, key: Key, why: Why) -> StartFailure {
        let child = self.child(key);
        failure_of(why, || child.0.exit().unwrap_or(Exit::Unresponsive))
    }

    fn started(&self, result: Result<Begun, NotStarted>) -> Result<ChildRef, StartChildError> {
        Err(match result {
            Ok(Begun::Running { key, .. } | Begun::Ignored { key, .. }) => {
                return Ok(self.child(key));
            }
            Err(NotStarted::AlreadyStarted(key)) => {
                StartChildError::AlreadyStarted(self.child(key))
            }
            Err(NotStarted::AlreadyPresent(key)) => {
                StartChildError::AlreadyPresent(self.child(key))
            }
            Err(NotStarted::Failed { key, why, .. }) => {
                StartChildError::Failed(self.failure(key, why))
            }
            Err(NotStarted::Invalid(error)) => StartChildError::Invalid(error),
        })
    }

    fn restarted(
        &self,
        result: Result<Begun, NotRestarted>,
    ) -> Result<ChildRef, RestartChildError> {
        Err(match result {
            Ok(Begun::Running { key, .. } | Begun::Ignored { key, .. }) => {
                return Ok(self.child(key));
            }
            Err(NotRestarted::Running(key)) => RestartChildError::Running(self.child(key)),
            Err(NotRestarted::Restarting(key)) => RestartChildError::Restarting(self.child(key)),
            Err(NotRestarted::NotFound) => RestartChildError::NotFound,
            Err(NotRestarted::Dynamic) => RestartChildError::Dynamic,
            Err(NotRestarted::Failed { key, why, .. }) => {
                RestartChildError::Failed(self.failure(key, why))
            }
        })
    }

    fn not_terminated(&self, error: NotTerminated) -> TerminateChildError {
        match error {
            NotTerminated::NotFound => TerminateChildError::NotFound,
            NotTerminated::Dynamic => TerminateChildError::Dynamic,
            NotTerminated::Unresponsive(key) => TerminateChildError::Unresponsive(self.child(key)),
        }
    }

    fn not_deleted(&self, error: NotDeleted) -> DeleteChildError {
        match error {
            NotDeleted::Running(key) => DeleteChildError::Running(self.child(key)),
            NotDeleted::Restarting(key) => DeleteChildError::Restarting(self.child(key)),
            NotDeleted::NotFound => DeleteChildError::NotFound,
            NotDeleted::Dynamic => DeleteChildError::Dynamic,
        }
    }

    fn info(&self, row: &ChildRow) -> ChildInfo {
        ChildInfo {
            id: row.id.clone(),
            kind: row.kind,
            status: match row.status {
                Status::Running(_) => ChildStatus::Running,
                Status::Restarting => ChildStatus::Restarting,
                Status::Resting => ChildStatus::Resting,
            },
            child: self.child(row.key),
        }
    }
}
