//! Stopping one child, and what follows: the one before it, an answer, or the end.

use super::children::{Leftover, State};
use super::{
    AfterGroup, AfterStop, Command, EventKind, ExitClass, Fate, Group, Job, Key, Outcome, Stopping,
    TerminateChildError, Turn,
};
use crate::spec::{Shutdown, Strategy};
use tokio::time::Instant;

impl Turn<'_> {
    /// Tells one that runs to end, and says until when it is waited for.
    pub(super) fn order(&mut self, key: Key) -> Option<Instant> {
        let child = self.core.children.get(key);
        debug_assert!(matches!(child.state(), State::Running | State::Starting));
        match child.shutdown {
            Shutdown::Brutal => {
                self.abort(key);
                self.patience()
            }
            Shutdown::Within(limit) => {
                self.ask(key);
                self.now.checked_add(limit)
            }
            Shutdown::Infinity => {
                self.ask(key);
                None
            }
        }
    }

    fn ask(&mut self, key: Key) {
        self.core.children.set_state(key, State::Stopping);
        self.out.push(Command::AskStop { key });
        self.tell(key, EventKind::Stopping);
    }

    pub(super) fn abort(&mut self, key: Key) {
        let run = self.core.children.get(key).run;
        self.core.children.set_state(key, State::Aborting);
        self.out.push(Command::Abort { key, run });
        self.tell(key, EventKind::Aborted);
    }

    /// It was aborted, and is not waited for any longer.
    pub(super) fn give_up(&mut self, key: Key, leftover: Leftover) {
        let state = State::Unresponsive(leftover);
        self.core.children.set_state(key, state);
        self.tell(key, EventKind::Unresponsive);
    }

    pub(super) fn stop_one(&mut self, key: Key, then: AfterStop) {
        let deadline = self.order(key);
        self.core.job = Job::Stop(Stopping {
            key,
            then,
            deadline,
        });
        if self.core.children.get(key).state() == State::Aborting {
            self.wait_for_aborted(key, then);
        }
    }

    /// The job is the stop of one that was aborted just now. If the row has no patience left with it, goes on.
    fn wait_for_aborted(&mut self, key: Key, then: AfterStop) {
        let patience = match then {
            AfterStop::PreviousOfAll => {
                let whole = self.core.plan.abort_patience;
                self.core.overdue.patience(whole)
            }
            AfterStop::PreviousOfGroup(_) | AfterStop::Terminated(_) => {
                Some(self.core.plan.abort_patience)
            }
        };
        self.core.job = match patience {
            Some(patience) => Job::Stop(Stopping {
                key,
                then,
                deadline: self.now.checked_add(patience),
            }),
            None => {
                self.leave_overdue();
                Job::Idle
            }
        };
    }

    /// It is waited for with the others, in the end.
    fn leave_overdue(&mut self) {
        self.core.overdue.left += 1;
        self.core.overdue.until = self.patience();
    }

    /// Stops this one and the earlier ones of the row, up to the first one that must be waited for. `None` is the end of
    /// the row.
    pub(super) fn stop_from(&mut self, key: Option<Key>, then: AfterStop) {
        self.core.job = Job::Idle;
        let mut next = key;
        while let Some(key) = next {
            next = self.previous(key, then);
            match self.core.children.get(key).state() {
                State::Running | State::Starting => {
                    self.stop_one(key, then);
                    if matches!(self.core.job, Job::Stop(_)) {
                        return;
                    }
                }
                State::Ended(class) => {
                    self.tell(key, EventKind::Exited(class));
                    self.is_down(key, then);
                }
                State::Restarting { .. } | State::Held | State::Resting => {
                    self.was_down(key, then);
                }
                State::Unresponsive(_) => match then {
                    AfterStop::PreviousOfGroup(_) => return self.escalate_unresponsive(key),
                    AfterStop::PreviousOfAll | AfterStop::Terminated(_) => {}
                },
                State::Stopping | State::Aborting => {
                    unreachable!("one is stopped at a time, and this is the next")
                }
            }
        }
        match then {
            AfterStop::PreviousOfAll => self.end_row(),
            AfterStop::PreviousOfGroup(group) => self.group_is_down(group),
            AfterStop::Terminated(_) => unreachable!("a row of one is not walked"),
        }
    }

    /// The next of the row to be stopped.
    fn previous(&self, key: Key, then: AfterStop) -> Option<Key> {
        match then {
            AfterStop::Terminated(_) => None,
            AfterStop::PreviousOfAll => self.core.children.earlier(key),
            AfterStop::PreviousOfGroup(group) => {
                let is_last =
                    self.core.plan.strategy == Strategy::RestForOne && key == group.origin;
                match is_last {
                    true => None,
                    false => self.core.children.earlier(key),
                }
            }
        }
    }

    /// A child of the row has ended.
    fn is_down(&mut self, key: Key, then: AfterStop) {
        match then {
            AfterStop::PreviousOfAll => {
                self.core.children.set_state(key, State::Resting);
                self.settled(key, Fate::Gone);
            }
            AfterStop::PreviousOfGroup(_) if self.is_kept(key) => {
                self.core.children.set_state(key, State::Held);
                self.settled(key, Fate::Restarting);
            }
            AfterStop::PreviousOfGroup(_) | AfterStop::Terminated(_) => self.set_down(key),
        }
    }

    /// A child of the row did not run.
    fn was_down(&mut self, key: Key, then: AfterStop) {
        let state = self.core.children.get(key).state();
        match then {
            AfterStop::PreviousOfAll if state == State::Resting => {}
            AfterStop::PreviousOfAll => {
                self.core.children.set_state(key, State::Resting);
                self.settled(key, Fate::Gone);
            }
            AfterStop::PreviousOfGroup(group) => {
                // The origin of a group that waits goes on waiting.
                if group.origin != key || group.then == AfterGroup::Start {
                    self.core.children.set_state(key, State::Held);
                }
            }
            AfterStop::Terminated(_) => {}
        }
    }

    /// A child has ended for now: it rests, or is forgotten.
    pub(super) fn set_down(&mut self, key: Key) {
        self.core.children.set_state(key, State::Resting);
        if self.is_kept(key) {
            self.settled(key, Fate::Resting);
        } else {
            self.settled(key, Fate::Gone);
            self.forget(key);
        }
    }

    /// A child that was told to end has ended.
    pub(super) fn ended_as_told(&mut self, key: Key, class: ExitClass) {
        match self.core.job {
            Job::Start(starting) => self.ended_overdue(key, starting.then),
            Job::Stop(stopping) if stopping.key != key => {
                self.tell(key, EventKind::Terminated(class));
                self.core.overdue.left -= 1;
                self.is_down(key, AfterStop::PreviousOfAll);
            }
            Job::Stop(stopping) => {
                self.tell(key, EventKind::Terminated(class));
                self.has_stopped(key, stopping.then);
            }
            Job::StopAll(_) => {
                self.tell(key, EventKind::Terminated(class));
                self.one_of_all_stopped(key);
            }
            Job::Unbegun | Job::Idle | Job::Ended => {
                unreachable!("who is told to end is waited for")
            }
        }
    }

    fn has_stopped(&mut self, key: Key, then: AfterStop) {
        self.core.job = Job::Idle;
        match then {
            AfterStop::Terminated(call) => {
                let ok = Outcome::Terminate(Ok(()));
                self.core.children.set_state(key, State::Resting);
                if self.is_kept(key) {
                    self.settled(key, Fate::Resting);
                    self.reply(call, ok);
                } else {
                    self.settled(key, Fate::Gone);
                    self.reply(call, ok);
                    self.forget(key);
                }
            }
            AfterStop::PreviousOfGroup(_) if self.core.ending.is_some() => {
                self.core.children.set_state(key, State::Resting);
                self.settled(key, Fate::Gone);
            }
            AfterStop::PreviousOfGroup(_) | AfterStop::PreviousOfAll => {
                let next = self.previous(key, then);
                self.is_down(key, then);
                self.stop_from(next, then);
            }
        }
    }

    /// The limit of a stop, or the patience after it, is over.
    pub(super) fn stop_overdue(&mut self) {
        let Job::Stop(stopping) = &self.core.job else {
            return;
        };
        let Stopping { key, then, .. } = *stopping;
        if self.core.children.get(key).state() == State::Stopping {
            self.abort(key);
            self.wait_for_aborted(key, then);
            if then == AfterStop::PreviousOfAll && matches!(self.core.job, Job::Idle) {
                self.stop_from(self.previous(key, then), then);
            }
            return;
        }
        if then == AfterStop::PreviousOfAll && !self.core.overdue.add() {
            self.leave_overdue();
            return self.stop_from(self.previous(key, then), then);
        }
        let leftover = match then {
            AfterStop::Terminated(_) if !self.is_kept(key) => Leftover::IsGone,
            _ => Leftover::Rests,
        };
        self.give_up(key, leftover);
        self.core.job = Job::Idle;
        match then {
            AfterStop::Terminated(call) => {
                let error = TerminateChildError::Unresponsive(key);
                self.reply(call, Outcome::Terminate(Err(error)));
                self.count_overdue();
            }
            AfterStop::PreviousOfGroup(_) => {
                self.escalate_unresponsive(key);
                self.count_overdue();
            }
            AfterStop::PreviousOfAll => self.stop_from(self.previous(key, then), then),
        }
    }

    /// One was given up that is not of the row which ends the supervisor. If that follows, it is as one of the row.
    pub(super) fn count_overdue(&mut self) {
        if self.core.ending.is_some() {
            self.core.overdue.add();
        }
    }

    /// One that was given up has ended after all.
    pub(super) fn ended_at_last(&mut self, key: Key, class: ExitClass, leftover: Leftover) {
        self.tell(key, EventKind::Terminated(class));
        self.core.children.set_state(key, State::Resting);
        match leftover {
            _ if self.core.ending.is_some() => self.settled(key, Fate::Gone),
            Leftover::Rests => self.settled(key, Fate::Resting),
            Leftover::IsGone => {
                self.settled(key, Fate::Gone);
                self.forget(key);
            }
        }
    }

    fn group_is_down(&mut self, group: Group) {
        self.core.job = Job::Idle;
        if group.then == AfterGroup::Start {
            self.start_group(group.origin);
        }
    }
}
