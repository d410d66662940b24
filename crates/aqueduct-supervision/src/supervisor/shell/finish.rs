//! The end of a supervisor.

use aqueduct_cancel::CancelScope;

use super::{Acknowledge, COMMANDS_A_UNIT, Shell};
use crate::child::{Fate, STOP};
use crate::decide::{Cause, Named, Verdict};
use crate::error::{CannotReplace, StartError};
use crate::event::{EventKind, Level, emit_end};
use crate::exit::{Exit, catch_panic, drop_caught, ignore_panic};
use crate::supervisor::report::ShutdownReport;

use super::command::failure_of;

impl Shell {
    pub(super) async fn finish(mut self, scope: &CancelScope) -> ShutdownReport {
        let Some(verdict) = self.verdict.take() else {
            unreachable!("it ends with a verdict");
        };
        self.live.shared.close_lane();
        self.refuse_calls();
        self.let_go(&verdict).await;
        let (exit, failed) = self.exit_of(&verdict, scope);
        for child in &verdict.unresponsive {
            let path = format!("{}/{}", self.live.shared.path(), child.id);
            self.report.unresponsive.add(path.into());
        }
        let below = self.live.take_below();
        self.report.killed.append_some(&below.killed);
        self.report.unresponsive.append(&below.unresponsive);
        self.report.exit = exit;
        self.bring_home(&verdict).await;
        self.over(failed)
    }

    /// Those that are in the lane.
    pub(super) fn refuse_calls(&mut self) {
        // It wakes those who wait for room.
        ignore_panic(|| self.lane.close());
        // Its spec is the user's; who asked is told by the reply that is dropped, which wakes that one.
        while !matches!(catch_panic(|| self.lane.try_recv().map(drop)), Ok(Err(_))) {}
    }

    /// Waits until the tasks of children have gone, unless there are some that would not go.
    ///
    /// Each child has reported its end as the last thing that it did. But a group that it opened and dropped is taken in by
    /// this one, with tasks that may never come to an await: so there is a limit to it, and then the group around this
    /// supervisor, if there is one, has them.
    async fn let_go(&mut self, verdict: &Verdict) {
        let Some(group) = self.group.take() else {
            return;
        };
        if verdict.unresponsive.is_empty() {
            let _ = tokio::time::timeout(self.patience, group.join()).await;
        }
    }

    /// Tells children that they are gone, or brings what starts them home.
    async fn bring_home(&mut self, verdict: &Verdict) {
        // Its own, and supervisors below of whose children some are left.
        let cells = self.seats.iter().flatten().map(|seat| &seat.cell);
        self.live.shared.leave(cells.filter(|cell| cell.is_left()));
        self.live.clear_cells();
        let default = self.report.exit.clone();
        let mut n = 0;
        while let Some(seat) = self.seats.pop() {
            n += 1;
            if n % COMMANDS_A_UNIT == 0 {
                // What is left is brought home by the destructor, should this be the end of it.
                tokio::task::coop::consume_budget().await;
            }
            let Some(mut seat) = seat else {
                continue;
            };
            seat.cell.end_place();
            if let Some(home) = seat.home {
                home.bring(seat.work, &seat.cell);
                continue;
            }
            let was_started = seat.cell.run() > 0;
            let exit = match seat.cell.exit() {
                Some(exit) if was_started => exit,
                Some(_) => default.clone(),
                None => Exit::Unresponsive,
            };
            let told = if seat.told == Some(Fate::Gone) {
                Ok(())
            } else {
                catch_panic(|| seat.work.settled(&exit, Fate::Gone))
            };
            let dropped = drop_caught(seat.work);
            if let Err(panicked) = told.and(dropped) {
                self.emit_own(EventKind::CallbackPanicked(panicked), Level::Loud);
            }
        }
        debug_assert!(self.calls.len() == 0 || !verdict.unresponsive.is_empty());
    }

    fn exit_of(&self, verdict: &Verdict, scope: &CancelScope) -> (Exit, Option<StartError>) {
        let path = |child: &Named| format!("{}/{}", self.live.shared.path(), child.id);
        match &verdict.cause {
            Cause::Stopped => {
                let reason = scope.reason();
                let why = reason.filter(|reason| reason.message() != STOP);
                let why = why.map(|reason| reason.message().into());
                (Exit::Shutdown(why), Some(StartError::Stopped))
            }
            Cause::Intensity(child) => {
                let why = format!("too many restarts, the last of '{}'", path(child));
                (Exit::shutdown(why), None)
            }
            Cause::AutoShutdown(child) => {
                let why = format!("'{}' is significant and has ended", path(child));
                (Exit::shutdown(why), None)
            }
            Cause::FailedToStart { child, why } => {
                let exit = || {
                    let seat = self.seat(child.key);
                    let exit = seat.and_then(|seat| seat.cell.exit());
                    exit.unwrap_or(Exit::Unresponsive)
                };
                let error = StartError::Child {
                    id: child.id.clone(),
                    failure: failure_of(*why, exit),
                };
                (Exit::failed(error.clone()), Some(error))
            }
            Cause::Unresponsive(child) => {
                let child = path(child).into();
                (Exit::failed(CannotReplace { child }), None)
            }
        }
    }

    fn over(mut self, failed: Option<StartError>) -> ShutdownReport {
        self.has_ended = true;
        let report = std::mem::take(&mut self.report);
        let level = match &report.exit {
            Exit::Shutdown(_) => Level::Quiet,
            _ => Level::Alarming,
        };
        emit_end(&self.live.shared, self.told(level), &report.exit);
        if let Some(parent) = self.live.shared.parent() {
            parent.live().add_below(&report);
        }
        self.live.shared.end(&report.exit, Some(report.clone()));
        let acknowledge = std::mem::replace(&mut self.acknowledge, Acknowledge::Nobody);
        if let Acknowledge::Root(tell) = acknowledge {
            tell.say(Err(failed.unwrap_or(StartError::Stopped)));
        }
        report
    }
}
