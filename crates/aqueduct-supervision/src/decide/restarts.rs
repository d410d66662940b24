//! A child that ended by itself: whether it is started again, when, and who with it.

use super::children::State;
use super::times::{Retry, Verdict as Rate};
use super::{
    AfterGroup, AfterStart, AfterStop, Cause, EventKind, ExitClass, Fate, Group, InLine, Key, Run,
    Turn,
};
use crate::spec::{AutoShutdown, Restart, Strategy};
use std::time::Duration;

/// Is a child with this policy started again after such an end?
pub(super) fn is_restarted(restart: Restart, class: ExitClass) -> bool {
    match (restart, class) {
        (Restart::Permanent, _) | (Restart::Transient, ExitClass::Abnormal) => true,
        (Restart::Transient, ExitClass::Normal | ExitClass::Shutdown) => false,
        (Restart::Temporary, _) => false,
    }
}

impl Turn<'_> {
    /// The turn of an exit that stood in line.
    pub(super) fn handle_exit(&mut self, key: Key, run: Run) {
        let Some(child) = self.core.children.find(key).filter(|c| c.run == run) else {
            return;
        };
        let State::Ended(class) = child.state() else {
            // It was stopped with others meanwhile, or terminated, and was down already.
            return;
        };
        let restart = child.restart;
        self.tell(key, EventKind::Exited(class));
        if is_restarted(restart, class) {
            self.restart(key);
        } else {
            self.leave(key);
        }
    }

    /// It ended, and that was all. If it is significant, the supervisor may end with it.
    fn leave(&mut self, key: Key) {
        let is_significant = self.core.children.get(key).significant;
        let child = self.core.children.named_of(key);
        self.set_down(key);
        let ends = is_significant
            && match self.core.plan.auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::Any => true,
                AutoShutdown::All => self.core.children.awaited() == 0,
            };
        if ends {
            self.tell_about(&child, EventKind::AutoShutdown);
            self.end_as(Cause::AutoShutdown(child));
        }
    }

    /// It ended, and is to be started again: now, or after its back-off. Those that depend on it are stopped at once in
    /// either case.
    fn restart(&mut self, key: Key) {
        let after = self.core.children.get_mut(key).next_delay();
        if after.is_zero() {
            self.attempt(key);
            return;
        }
        self.settled(key, Fate::Restarting);
        self.wait(key, after);
        if self.has_groups() {
            self.stop_group(key, AfterGroup::Wait);
        }
    }

    /// A try failed: there will be another one, in its turn.
    pub(super) fn schedule(&mut self, key: Key) {
        let after = self.core.children.get_mut(key).next_delay();
        if !after.is_zero() {
            return self.wait(key, after);
        }
        let retry = self.next_try(key, after);
        self.core.line.push_back(InLine::Retry(retry));
    }

    fn wait(&mut self, key: Key, after: Duration) {
        let retry = self.next_try(key, after);
        // A time that cannot be told never comes.
        if let Some(at) = self.now.checked_add(after) {
            self.core.waits.push(at, retry);
        }
    }

    fn next_try(&mut self, key: Key, after: Duration) -> Retry {
        self.core.tokens += 1;
        let token = self.core.tokens;
        let state = State::Restarting { token };
        self.core.children.set_state(key, state);
        self.tell(key, EventKind::Restarting { after });
        Retry { token, key }
    }

    /// The turn of a try that stood in line.
    pub(super) fn handle_retry(&mut self, retry: Retry) {
        let Retry { token, key } = retry;
        let state = self.core.children.find(key).map(|child| child.state());
        if state == Some(State::Restarting { token }) {
            self.attempt(key);
        }
    }

    /// Tries to start it again, alone or with its group. This is what counts.
    fn attempt(&mut self, key: Key) {
        if self.core.window.count(self.now) == Rate::TooMany {
            let child = self.core.children.named_of(key);
            self.tell(key, EventKind::Escalated);
            self.core.children.set_state(key, State::Resting);
            self.settled(key, Fate::Gone);
            return self.end_as(Cause::Intensity(child));
        }
        if let State::Ended(_) = self.core.children.get(key).state() {
            self.settled(key, Fate::Restarting);
            let after = Duration::ZERO;
            self.tell(key, EventKind::Restarting { after });
        }
        if self.has_groups() {
            self.core.children.set_state(key, State::Held);
            self.stop_group(key, AfterGroup::Start);
        } else {
            self.start_one(key, AfterStart::Nothing);
        }
    }

    fn has_groups(&self) -> bool {
        match self.core.plan.strategy {
            Strategy::OneForAll | Strategy::RestForOne => true,
            Strategy::OneForOne | Strategy::Dynamic => false,
        }
    }

    fn stop_group(&mut self, origin: Key, then: AfterGroup) {
        let last = self.core.children.last();
        let group = Group { origin, then };
        self.stop_from(last, AfterStop::PreviousOfGroup(group));
    }

    pub(super) fn start_group(&mut self, origin: Key) {
        let first = match self.core.plan.strategy {
            Strategy::RestForOne => Some(origin),
            _ => self.core.children.first(),
        };
        self.start_from(first, AfterStart::NextOfGroup);
    }

    /// The pending restart of some child was called off: those that were held for it, and for no other, rest. With
    /// `one_for_all` there is no other one (I6).
    pub(super) fn release(&mut self) {
        if !self.has_groups() {
            return;
        }
        let mut next = self.core.children.first();
        while let Some(key) = next {
            match self.core.children.get(key).state() {
                // All from here on will be started with it.
                State::Restarting { .. } => return,
                State::Held => {
                    self.core.children.set_state(key, State::Resting);
                    self.settled(key, Fate::Resting);
                }
                _ => {}
            }
            next = self.core.children.later(key);
        }
    }
}
