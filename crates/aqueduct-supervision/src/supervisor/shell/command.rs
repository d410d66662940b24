//! Commands, carried out.

use aqueduct_cancel::{Reason, ReasonKind};

use super::{Acknowledge, Shell};
use crate::child::{Doing, Fate, STOP};
use crate::decide::{self, Command, EventKind as Kind, Key, Run, StartFailure as Why};
use crate::error::StartFailure;
use crate::event::{EventKind, Level, Told, emit};
use crate::exit::{Exit, Panicked, catch_panic, drop_caught};

impl Shell {
    pub(super) fn carry_out(&mut self, command: Command) {
        match command {
            Command::Admit { call, key } => self.admit_call(call, key),
            Command::Start { key, run } => self.start(key, run),
            Command::AskStop { key } => self.ask_stop(key),
            Command::Abort { key, run } => {
                if let Some(seat) = self.seat(key) {
                    seat.cell.abort(run);
                }
            }
            Command::Settled { key, fate } => self.settle(key, fate),
            Command::Forget { key } => self.forget(key),
            Command::Reply { call, outcome } => self.answer(call, outcome),
            Command::Alarm(at) => {
                (self.alarm_at, self.alarm, self.before_alarm) = (at, None, None);
            }
            Command::Event(event) => self.tell(&event),
            Command::End(verdict) => self.verdict = Some(verdict),
        }
    }

    fn start(&mut self, key: Key, run: Run) {
        let Some(seat) = self.seats[key.index as usize].as_mut() else {
            return;
        };
        seat.told = None;
        let cx = seat.cell.begin(run);
        // After its number is a new one: of that it was not said that it is ready.
        seat.cell.set_doing(Doing::Starting);
        let future = match catch_panic(|| seat.work.start(cx)) {
            Ok(future) => future,
            Err(panicked) => return seat.cell.end(run, &Exit::Panicked(panicked)),
        };
        let task = seat.cell.running(run, future);
        let Some(group) = &self.group else {
            return;
        };
        // One that is not spawned, as the group was aborted, reports its end where it is dropped.
        if self.live.shared.is_dynamic() {
            // A million names would be a million allocations, and say nothing that the tree does not.
            drop(group.try_spawn(task));
        } else {
            let name = seat.cell.id().as_str().to_owned();
            drop(group.task(name).try_spawn(task));
        }
    }

    fn ask_stop(&self, key: Key) {
        if let Some(seat) = self.seat(key) {
            seat.cell.set_doing(Doing::Stopping);
            seat.cell.ask_stop(Reason::new(ReasonKind::Requested, STOP));
        }
    }

    fn settle(&mut self, key: Key, fate: decide::Fate) {
        let fate = match fate {
            decide::Fate::Restarting => Fate::Restarting,
            decide::Fate::Resting => Fate::Resting,
            decide::Fate::Gone => Fate::Gone,
        };
        let is_ending = self.core.is_ending();
        let Some(seat) = self.seats[key.index as usize].as_mut() else {
            return;
        };
        let fate = match (&seat.home, fate) {
            // What becomes of it is for the supervisor above to say.
            (Some(_), _) if is_ending => return seat.cell.set_doing(Doing::Resting),
            // Its spec is not gone while that of its supervisor is there.
            (Some(_), Fate::Gone) => Fate::Resting,
            (_, fate) => fate,
        };
        seat.cell.set_doing(match fate {
            Fate::Restarting => Doing::Restarting,
            _ => Doing::Resting,
        });
        seat.told = Some(fate);
        let exit = seat.cell.exit().unwrap_or(Exit::Unresponsive);
        let told = catch_panic(|| seat.work.settled(&exit, fate));
        if let Err(panicked) = told {
            self.tell_panic(key, panicked);
        }
    }

    /// What was to start or to tell a child has panicked, other than in its start.
    pub(super) fn tell_panic(&self, key: Key, panicked: Panicked) {
        let Some(seat) = self.seat(key) else {
            return;
        };
        let told = Told {
            child: Some(seat.cell.id()),
            incarnation: seat.cell.run(),
            level: Level::Loud,
        };
        emit(&self.live.shared, told, || {
            EventKind::CallbackPanicked(panicked)
        });
    }

    fn forget(&mut self, key: Key) {
        self.live.take_cell(key);
        let Some(seat) = self.seats[key.index as usize].take() else {
            return;
        };
        seat.cell.end_place();
        match seat.home {
            Some(home) => home.bring(seat.work, &seat.cell),
            None => {
                if let Err(panicked) = drop_caught(seat.work) {
                    let told = Told {
                        child: Some(seat.cell.id()),
                        incarnation: seat.cell.run(),
                        level: Level::Loud,
                    };
                    emit(&self.live.shared, told, || {
                        EventKind::CallbackPanicked(panicked)
                    });
                }
            }
        }
    }

    fn tell(&mut self, event: &decide::Event) {
        let Some((key, run)) = event.child else {
            if event.kind == Kind::Ready {
                self.acknowledge();
                self.emit_own(EventKind::Ready, Level::Quiet);
            }
            // `Ended` is told when that is so.
            return;
        };
        self.note(key, run, event.kind);
        let Some(seat) = self.seat(key) else {
            return;
        };
        let told = Told {
            child: Some(seat.cell.id()),
            incarnation: run,
            level: level_of(event.kind),
        };
        emit(&self.live.shared, told, || {
            let exit = || seat.cell.exit().unwrap_or(Exit::Unresponsive);
            public(event.kind, exit)
        });
    }

    /// What follows from an event but that it is told.
    fn note(&mut self, key: Key, run: Run, kind: Kind) {
        let is_ending = self.core.is_ending();
        let Some(seat) = self.seats[key.index as usize].as_mut() else {
            return;
        };
        let cell = &seat.cell;
        match kind {
            Kind::Started => cell.set_doing(Doing::Running),
            Kind::Ignored => cell.set_doing(Doing::Resting),
            Kind::Aborted => {
                let was_asked = cell.doing() == Doing::Stopping;
                cell.set_doing(Doing::Stopping);
                if is_ending && was_asked {
                    self.report.killed.add_some(|| cell.path());
                }
            }
            Kind::Unresponsive => {
                cell.set_doing(Doing::Unresponsive);
                cell.give_up(run);
            }
            _ => {}
        }
    }

    pub(super) fn emit_own(&self, kind: EventKind, level: Level) {
        emit(&self.live.shared, self.told(level), || kind);
    }

    /// About the supervisor itself.
    pub(super) fn told(&self, level: Level) -> Told<'static> {
        Told {
            child: None,
            incarnation: self.live.shared.run(),
            level,
        }
    }

    fn acknowledge(&mut self) {
        match std::mem::replace(&mut self.acknowledge, Acknowledge::Nobody) {
            Acknowledge::Root(tell) => tell.say(Ok(())),
            Acknowledge::Child(cx) => cx.ready(),
            Acknowledge::Nobody => {}
        }
    }
}

fn level_of(kind: Kind) -> Level {
    match kind {
        Kind::Exited(decide::ExitClass::Abnormal) | Kind::StartFailed(_) => Level::Loud,
        Kind::Restarting { .. } | Kind::AutoShutdown => Level::Loud,
        Kind::Escalated | Kind::Unresponsive => Level::Alarming,
        _ => Level::Quiet,
    }
}

pub(super) fn failure_of(why: Why, exit: impl FnOnce() -> Exit) -> StartFailure {
    match why {
        Why::Exited => StartFailure::Exited(exit()),
        Why::TimedOut => StartFailure::TimedOut,
        Why::Unresponsive => StartFailure::Unresponsive,
    }
}

fn public(kind: Kind, exit: impl FnOnce() -> Exit) -> EventKind {
    match kind {
        Kind::Ready => EventKind::Ready,
        Kind::Started => EventKind::Started,
        Kind::Ignored => EventKind::Ignored,
        Kind::StartFailed(why) => EventKind::StartFailed(failure_of(why, exit)),
        Kind::Exited(_) => EventKind::Exited(exit()),
        Kind::Restarting { after } => EventKind::Restarting { after },
        Kind::Stopping => EventKind::Stopping,
        Kind::Aborted => EventKind::Aborted,
        Kind::Terminated(_) => EventKind::Terminated(exit()),
        Kind::Unresponsive => EventKind::Unresponsive,
        Kind::Escalated => EventKind::Escalated,
        Kind::AutoShutdown => EventKind::AutoShutdown,
        Kind::Ended => EventKind::Ended(exit()),
    }
}
