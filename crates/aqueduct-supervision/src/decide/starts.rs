//! Starting: all in the beginning, a group again, or one; in order, each waited for.

use super::children::{Leftover, State};
use super::{
    AfterStart, Begun, CallId, Cause, Command, EventKind, ExitClass, Fate, Job, Key, Outcome,
    RestartChildError, Run, StartChildError, StartFailure, Starting, Turn,
};
use crate::spec::Readiness;

/// Must the start be waited for?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Launched {
    Running,
    Waits,
}

impl Turn<'_> {
    pub(super) fn begin(&mut self) {
        if matches!(self.core.job, Job::Unbegun) {
            self.start_from(self.core.children.first(), AfterStart::NextOfAll);
        }
    }

    /// Starts this one and all later ones, as far as they need not be waited for. None is the end of the row.
    pub(super) fn start_from(&mut self, key: Option<Key>, then: AfterStart) {
        let mut next = key;
        while let Some(key) = next {
            if self.launch(key, then) == Launched::Waits {
                return;
            }
            next = self.core.children.later(key);
        }
        self.core.job = Job::Idle;
        if then == AfterStart::NextOfAll {
            self.tell_of_itself(EventKind::Ready);
        }
    }

    /// Starts one.
    pub(super) fn start_one(&mut self, key: Key, then: AfterStart) {
        if self.launch(key, then) == Launched::Running {
            self.has_started(key, then);
        }
    }

    fn launch(&mut self, key: Key, then: AfterStart) -> Launched {
        let child = self.core.children.get_mut(key);
        debug_assert!(!child.state().is_alive(), "nothing of it runs");
        child.run += 1;
        let (run, readiness, timeout) = (child.run, child.readiness, child.start_timeout());
        self.out.push(Command::Start { key, run });
        match readiness {
            Readiness::AtOnce => {
                self.runs(key);
                Launched::Running
            }
            Readiness::Acknowledged => {
                self.core.children.set_state(key, State::Starting);
                let deadline = timeout.and_then(|timeout| self.now.checked_add(timeout));
                self.core.job = Job::Start(Starting {
                    key,
                    then,
                    deadline,
                });
                Launched::Waits
            }
        }
    }

    fn runs(&mut self, key: Key) {
        self.core.children.set_state(key, State::Running);
        self.core.children.get_mut(key).ready_at(self.now);
        self.tell(key, EventKind::Started);
    }

    pub(super) fn ready(&mut self, key: Key, run: Run) {
        let found = self.core.children.find(key);
        if !found.is_some_and(|child| child.run == run && child.state() == State::Starting) {
            return;
        }
        self.runs(key);
        // Its start may have been called off, with the child about to be stopped.
        if let Some(then) = self.end_start_of(key) {
            self.has_started(key, then);
        }
    }

    /// Ends the job if it is the start of this child.
    fn end_start_of(&mut self, key: Key) -> Option<AfterStart> {
        match self.core.job {
            Job::Start(starting) if starting.key == key => {
                self.core.job = Job::Idle;
                Some(starting.then)
            }
            _ => None,
        }
    }

    fn has_started(&mut self, key: Key, then: AfterStart) {
        let run = self.core.children.get(key).run;
        self.go_on(key, then, Begun::Running { key, run });
    }

    fn go_on(&mut self, key: Key, then: AfterStart, begun: Begun) {
        self.core.job = Job::Idle;
        match then {
            AfterStart::NextOfAll | AfterStart::NextOfGroup => {
                self.start_from(self.core.children.later(key), then);
            }
            AfterStart::Nothing => {}
            AfterStart::Added(call) => self.reply(call, Outcome::Start(Ok(begun))),
            AfterStart::Restarted(call) => self.reply(call, Outcome::Restart(Ok(begun))),
        }
    }

    /// A child ended that had not said that it is ready.
    pub(super) fn ended_starting(&mut self, key: Key, class: ExitClass) {
        let Some(then) = self.end_start_of(key) else {
            // Its start was called off, and it is about to be stopped.
            self.core.children.set_state(key, State::Ended(class));
            return;
        };
        match class {
            ExitClass::Normal => self.had_nothing_to_start(key, then),
            ExitClass::Shutdown | ExitClass::Abnormal => {
                self.failed_to_start(key, then, StartFailure::Exited);
            }
        }
    }

    fn had_nothing_to_start(&mut self, key: Key, then: AfterStart) {
        self.tell(key, EventKind::Ignored);
        self.core.children.set_state(key, State::Resting);
        let run = self.core.children.get(key).run;
        let begun = Begun::Ignored { key, run };
        if self.is_kept(key) {
            self.settled(key, Fate::Resting);
            self.go_on(key, then, begun);
            return;
        }
        self.settled(key, Fate::Gone);
        match then {
            AfterStart::NextOfAll | AfterStart::NextOfGroup => {
                let next = self.core.children.later(key);
                self.forget(key);
                self.start_from(next, then);
            }
            AfterStart::Nothing | AfterStart::Added(_) | AfterStart::Restarted(_) => {
                self.go_on(key, then, begun);
                self.forget(key);
            }
        }
    }

    /// A child whose start took too long, and which was aborted, has ended.
    pub(super) fn ended_overdue(&mut self, key: Key, then: AfterStart) {
        self.core.job = Job::Idle;
        self.failed_to_start(key, then, StartFailure::TimedOut);
    }

    fn failed_to_start(&mut self, key: Key, then: AfterStart, why: StartFailure) {
        self.tell(key, EventKind::StartFailed(why));
        self.core.children.set_state(key, State::Resting);
        match then {
            AfterStart::NextOfAll => {
                self.settled(key, Fate::Gone);
                self.end_for_start(key, why);
            }
            AfterStart::NextOfGroup | AfterStart::Nothing => {
                if self.core.ending.is_some() {
                    self.settled(key, Fate::Gone);
                } else {
                    self.settled(key, Fate::Restarting);
                    self.schedule(key);
                }
            }
            AfterStart::Added(call) => {
                self.settled(key, Fate::Gone);
                self.reply_failed_to_add(call, key, why);
                self.forget(key);
            }
            AfterStart::Restarted(call) => {
                self.settled(key, Fate::Resting);
                self.reply_failed_to_restart(call, key, why);
            }
        }
    }

    /// The time for a start, or the patience after it, is over.
    pub(super) fn start_overdue(&mut self) {
        let Job::Start(starting) = &self.core.job else {
            return;
        };
        let Starting { key, then, .. } = *starting;
        if self.core.children.get(key).state() == State::Starting {
            self.abort(key);
            let deadline = self.patience();
            self.core.job = Job::Start(Starting {
                key,
                then,
                deadline,
            });
            return;
        }
        let why = StartFailure::Unresponsive;
        let leftover = match then {
            AfterStart::Added(_) => Leftover::IsGone,
            AfterStart::NextOfAll
            | AfterStart::NextOfGroup
            | AfterStart::Nothing
            | AfterStart::Restarted(_) => Leftover::Rests,
        };
        self.give_up(key, leftover);
        self.tell(key, EventKind::StartFailed(why));
        self.core.job = Job::Idle;
        match then {
            AfterStart::NextOfAll => self.end_for_start(key, why),
            AfterStart::NextOfGroup | AfterStart::Nothing => self.escalate_unresponsive(key),
            AfterStart::Added(call) => self.reply_failed_to_add(call, key, why),
            AfterStart::Restarted(call) => self.reply_failed_to_restart(call, key, why),
        }
        self.count_overdue();
    }

    fn end_for_start(&mut self, key: Key, why: StartFailure) {
        let child = self.core.children.named_of(key);
        self.end_as(Cause::FailedToStart { child, why });
    }

    fn reply_failed_to_add(&mut self, call: CallId, key: Key, why: StartFailure) {
        let run = self.core.children.get(key).run;
        let error = StartChildError::Failed { key, run, why };
        self.reply(call, Outcome::Start(Err(error)));
    }

    fn reply_failed_to_restart(&mut self, call: CallId, key: Key, why: StartFailure) {
        let run = self.core.children.get(key).run;
        let error = RestartChildError::Failed { key, run, why };
        self.reply(call, Outcome::Restart(Err(error)));
    }

    /// A stop came amid a start: it is called off. One that is aborted already is waited for.
    pub(super) fn call_start_off(&mut self) {
        let Job::Start(starting) = &self.core.job else {
            return;
        };
        let Starting { key, then, .. } = *starting;
        if self.core.children.get(key).state() != State::Starting {
            return;
        }
        self.core.job = Job::Idle;
        if let AfterStart::Added(call) | AfterStart::Restarted(call) = then {
            self.refuse(call);
        }
    }
}
