//! Calls: OTP's results and errors.

use super::children::State;
use super::{
    AfterStart, AfterStop, CallId, ChildCount, ChildRow, Command, DeleteChildError, EventKind,
    Fate, Key, Outcome, Request, RestartChildError, StartChildError, Target, TerminateChildError,
    Turn, WhichChildError,
};
use crate::spec::{ChildPolicy, check_child};

/// Where a call finds its child.
enum Found {
    Child(Key),
    /// A child of a dynamic supervisor that was there.
    Past,
    Nobody,
    /// An id, where there are none.
    Nameless,
}

impl Turn<'_> {
    pub(super) fn handle_call(&mut self, call: CallId, request: Request) {
        match request {
            Request::Start(policy) => self.start_child(call, *policy),
            Request::Terminate(target) => self.terminate_child(call, &target),
            Request::Restart(target) => self.restart_child(call, &target),
            Request::Delete(target) => self.delete_child(call, &target),
            Request::WhichChildren => {
                let rows = self.which_children();
                self.reply(call, Outcome::WhichChildren(rows));
            }
            Request::WhichChild(target) => {
                let row = self.which_child(&target);
                self.reply(call, Outcome::WhichChild(row));
            }
            Request::Count => {
                let count = self.count_children();
                self.reply(call, Outcome::Count(count));
            }
        }
    }

    fn look_up(&self, target: &Target) -> Found {
        let children = &self.core.children;
        match (target, self.core.is_dynamic()) {
            (Target::Id(_), true) => Found::Nameless,
            (Target::Key(key), true) if children.find(*key).is_some() => Found::Child(*key),
            (Target::Key(key), true) if children.has_issued(*key) => Found::Past,
            (Target::Id(id), false) => children.find_id(id).map_or(Found::Nobody, Found::Child),
            (Target::Key(_), _) => Found::Nobody,
        }
    }

    fn start_child(&mut self, call: CallId, policy: ChildPolicy) {
        if let Err(error) = check_child(&self.core.plan, &policy) {
            let error = StartChildError::Invalid(error);
            return self.reply(call, Outcome::Start(Err(error)));
        }
        if let Some(key) = self.core.children.find_id(&policy.id) {
            let error = match self.core.children.get(key).state() {
                State::Resting | State::Held | State::Restarting { .. } => {
                    StartChildError::AlreadyPresent(key)
                }
                State::Starting
                | State::Running
                | State::Ended(_)
                | State::Stopping
                | State::Aborting
                | State::Unresponsive(_) => StartChildError::AlreadyStarted(key),
            };
            return self.reply(call, Outcome::Start(Err(error)));
        }
        let key = self.core.children.insert(policy);
        self.out.push(Command::Admit { call, key });
        self.start_one(key, AfterStart::Added(call));
    }

    fn terminate_child(&mut self, call: CallId, target: &Target) {
        let result = match self.look_up(target) {
            Found::Nameless => Err(TerminateChildError::Dynamic),
            Found::Nobody => Err(TerminateChildError::NotFound),
            // OTP, too, says so of any pid that is dead.
            Found::Past => Ok(()),
            Found::Child(key) => match self.core.children.get(key).state() {
                State::Running => return self.stop_one(key, AfterStop::Terminated(call)),
                State::Unresponsive(_) => Err(TerminateChildError::Unresponsive(key)),
                _ => {
                    self.terminate_what_is_down(key);
                    Ok(())
                }
            },
        };
        self.reply(call, Outcome::Terminate(result));
    }

    fn terminate_what_is_down(&mut self, key: Key) {
        match self.core.children.get(key).state() {
            // The exit that stands in line is void with this.
            State::Ended(class) => {
                self.tell(key, EventKind::Exited(class));
                self.set_down(key);
            }
            State::Restarting { .. } => {
                self.set_down(key);
                self.release();
            }
            State::Held => self.set_down(key),
            State::Resting => {}
            State::Starting
            | State::Running
            | State::Stopping
            | State::Aborting
            | State::Unresponsive(_) => unreachable!("it is down"),
        }
    }

    fn restart_child(&mut self, call: CallId, target: &Target) {
        let error = match self.look_up(target) {
            _ if self.core.is_dynamic() => RestartChildError::Dynamic,
            Found::Child(key) => match self.core.children.get(key).state() {
                State::Resting | State::Held => {
                    self.core.children.get_mut(key).reset_delays();
                    return self.start_one(key, AfterStart::Restarted(call));
                }
                State::Restarting { .. } => RestartChildError::Restarting(key),
                _ => RestartChildError::Running(key),
            },
            Found::Nameless | Found::Past | Found::Nobody => RestartChildError::NotFound,
        };
        self.reply(call, Outcome::Restart(Err(error)));
    }

    fn delete_child(&mut self, call: CallId, target: &Target) {
        let error = match self.look_up(target) {
            _ if self.core.is_dynamic() => DeleteChildError::Dynamic,
            Found::Child(key) => match self.core.children.get(key).state() {
                State::Resting | State::Held => {
                    self.settled(key, Fate::Gone);
                    self.reply(call, Outcome::Delete(Ok(())));
                    return self.forget(key);
                }
                State::Restarting { .. } => DeleteChildError::Restarting(key),
                _ => DeleteChildError::Running(key),
            },
            Found::Nameless | Found::Past | Found::Nobody => DeleteChildError::NotFound,
        };
        self.reply(call, Outcome::Delete(Err(error)));
    }

    fn which_children(&self) -> Vec<ChildRow> {
        let children = &self.core.children;
        std::iter::successors(children.last(), |key| children.earlier(*key))
            .map(|key| self.row(key))
            .collect()
    }

    fn which_child(&self, target: &Target) -> Result<ChildRow, WhichChildError> {
        match self.look_up(target) {
            Found::Child(key) => Ok(self.row(key)),
            Found::Nameless => Err(WhichChildError::Dynamic),
            Found::Past | Found::Nobody => Err(WhichChildError::NotFound),
        }
    }

    fn row(&self, key: Key) -> ChildRow {
        let child = self.core.children.get(key);
        ChildRow {
            key,
            id: child.id().clone(),
            kind: child.kind(),
            status: child.status(),
        }
    }

    fn count_children(&self) -> ChildCount {
        let counts = self.core.children.counts();
        match self.core.is_dynamic() {
            true => ChildCount { specs: 1, ..counts },
            false => counts,
        }
    }
}
