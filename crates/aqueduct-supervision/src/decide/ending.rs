//! The end of the supervisor: all children stopped, in reverse; those of a dynamic one all at a time.

use super::children::{Leftover, State};
use super::{
    AfterStop, Cause, Command, Event, EventKind, Fate, InLine, Job, Key, Named, StoppingAll, Turn,
    Verdict,
};
use crate::spec::Shutdown;

impl Turn<'_> {
    /// The supervisor has to end. The first cause counts. What is in line is void; who called is told.
    pub(super) fn end_as(&mut self, cause: Cause) {
        if self.core.ending.is_some() {
            return;
        }
        self.core.ending = Some(cause);
        self.core.waits.clear();
        for waiting in std::mem::take(&mut self.core.line) {
            match waiting {
                InLine::Call { call, .. } => self.refuse(call),
                InLine::Exit { .. } | InLine::Retry(_) => {}
            }
        }
        match self.core.job {
            Job::Unbegun => self.core.job = Job::Idle,
            Job::Start(_) => self.call_start_off(),
            // What is being stopped is waited for first: one at a time.
            Job::Idle | Job::Stop(_) | Job::StopAll(_) | Job::Ended => {}
        }
    }

    /// One that cannot be stopped would have to be replaced.
    pub(super) fn escalate_unresponsive(&mut self, key: Key) {
        if self.core.ending.is_none() {
            let child = self.core.children.named_of(key);
            self.tell(key, EventKind::Escalated);
            self.end_as(Cause::Unresponsive(child));
        }
    }

    pub(super) fn tell_about(&mut self, child: &Named, kind: EventKind) {
        let child = Some((child.key, child.run));
        self.out.push(Command::Event(Event { child, kind }));
    }

    pub(super) fn stop_all(&mut self) {
        if self.core.is_dynamic() {
            self.stop_all_at_a_time();
        } else {
            self.stop_from(self.core.children.last(), AfterStop::PreviousOfAll);
        }
    }

    /// The limit is shared: the longest of those that have one.
    fn stop_all_at_a_time(&mut self) {
        let mut all = StoppingAll {
            left: 0,
            abort_at: None,
            give_up_at: None,
        };
        let mut limit = None;
        let mut next = self.core.children.last();
        while let Some(key) = next {
            next = self.core.children.earlier(key);
            let child = self.core.children.get(key);
            match child.state() {
                State::Running | State::Starting => {
                    all.left += 1;
                    let shutdown = child.shutdown;
                    self.order(key);
                    match shutdown {
                        Shutdown::Brutal => all.give_up_at = self.patience(),
                        Shutdown::Within(its) => limit = limit.max(Some(its)),
                        Shutdown::Infinity => {}
                    }
                }
                State::Ended(class) => {
                    self.tell(key, EventKind::Exited(class));
                    self.is_gone(key);
                }
                State::Restarting { .. } | State::Held => self.is_gone(key),
                State::Resting | State::Unresponsive(_) => {}
                State::Stopping | State::Aborting => {
                    unreachable!("what was being stopped was waited for")
                }
            }
        }
        all.abort_at = limit.and_then(|limit| self.now.checked_add(limit));
        self.core.job = Job::StopAll(all);
        self.end_if_all_stopped();
    }

    /// All have been told. Those that are overdue are waited for together.
    pub(super) fn end_row(&mut self) {
        self.core.job = Job::StopAll(StoppingAll {
            left: self.core.overdue.left,
            abort_at: None,
            give_up_at: self.core.overdue.until,
        });
        self.end_if_all_stopped();
    }

    fn is_gone(&mut self, key: Key) {
        self.core.children.set_state(key, State::Resting);
        self.settled(key, Fate::Gone);
    }

    pub(super) fn one_of_all_stopped(&mut self, key: Key) {
        self.is_gone(key);
        if let Job::StopAll(all) = &mut self.core.job {
            all.left -= 1;
        }
        self.end_if_all_stopped();
    }

    pub(super) fn stop_all_overdue(&mut self) {
        let Job::StopAll(mut all) = self.core.job else {
            return;
        };
        if self.is_over(all.give_up_at) {
            all.give_up_at = None;
            for key in self.all_of(|state, _| state == State::Aborting) {
                self.give_up(key, Leftover::Rests);
                all.left -= 1;
            }
        }
        if self.is_over(all.abort_at) {
            all.abort_at = None;
            let is_due = |state, shutdown| {
                state == State::Stopping && matches!(shutdown, Shutdown::Within(_))
            };
            for key in self.all_of(is_due) {
                self.abort(key);
                // Those that were aborted in the beginning wait on with these.
                all.give_up_at = self.patience();
            }
        }
        self.core.job = Job::StopAll(all);
        self.end_if_all_stopped();
    }

    fn all_of(&self, is_meant: impl Fn(State, Shutdown) -> bool) -> Vec<Key> {
        let children = &self.core.children;
        std::iter::successors(children.last(), |key| children.earlier(*key))
            .filter(|key| {
                let child = children.get(*key);
                is_meant(child.state(), child.shutdown)
            })
            .collect()
    }

    fn end_if_all_stopped(&mut self) {
        if let Job::StopAll(StoppingAll { left: 0, .. }) = self.core.job {
            self.end();
        }
    }

    pub(super) fn end(&mut self) {
        self.core.job = Job::Ended;
        let unresponsive = self.all_of(|state, _| matches!(state, State::Unresponsive(_)));
        let unresponsive = unresponsive
            .into_iter()
            .map(|key| self.core.children.named_of(key))
            .collect();
        let cause = self.core.ending.clone().unwrap_or(Cause::Stopped);
        self.tell_of_itself(EventKind::Ended);
        self.out.push(Command::End(Verdict {
            cause,
            unresponsive,
        }));
    }
}
