//! A supervisor that was cut short: its future was dropped, or panicked.
//!
//! Its children end a little later, each at its next await. Of a root nobody waits for them: its group aborts them, and goes.
//! A supervisor below another has not ended before they have, since it may be started again at once, and then there would be
//! two of each. So what it leaves behind, its [`Remains`], is waited for by the task that it ran in.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_group::{Discard, TaskGroup};

use super::Shell;
use crate::child::{ChildCell, Doing};
use crate::event::{Level, Told, emit_end};
use crate::exit::{Exit, drop_caught, ignore_panic};
use crate::supervisor::live::Live;
use crate::supervisor::report::ShutdownReport;

/// What is left of a supervisor that was cut short. Dropped, it is let go: tasks are aborted and not waited for.
pub(crate) struct Remains {
    live: Arc<Live>,
    /// None once it was waited for.
    group: Option<TaskGroup<Discard>>,
    cells: Vec<Arc<ChildCell>>,
    patience: Duration,
    exit: Exit,
}

impl Remains {
    /// Of a supervisor that has ended so.
    pub(crate) fn of(mut self, exit: &Exit) -> Self {
        self.exit = exit.clone();
        self
    }

    /// Waits until no child is left, as long as it is waited for what was aborted. Gives how the supervisor has ended.
    pub(crate) async fn leave(mut self) -> Exit {
        if let Some(group) = self.group.take()
            && tokio::time::timeout(self.patience, group.join())
                .await
                .is_err()
        {
            self.exit = Exit::Unresponsive;
        }
        self.exit.clone()
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        // The group's scope may call wakers, which are the user's.
        let group = self.group.take();
        drop(drop_caught(group));
        let mut left = ShutdownReport::default();
        let cells = std::mem::take(&mut self.cells);
        let still_run = cells.iter().filter(|cell| !cell.is_over());
        self.live.shared.leave(still_run.inspect(|cell| {
            cell.set_doing(Doing::Unresponsive);
            left.unresponsive.add(cell.path());
        }));
        for cell in &cells {
            cell.end_place();
        }
        drop(cells);
        self.live.clear_cells();
        let shared = &self.live.shared;
        if let Some(parent) = shared.parent() {
            parent.live().add_below(&left);
        }
        let told = Told {
            child: None,
            incarnation: shared.run(),
            level: Level::Loud,
        };
        // It may be dropped by a panic, and calls wakers, which are the user's.
        ignore_panic(|| emit_end(shared, told, &self.exit));
        self.live.shared.end(&self.exit, None);
    }
}

/// Cut short, or panicked.
impl Drop for Shell {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        self.live.shared.close_lane();
        self.refuse_calls();
        ignore_panic(|| {
            self.live
                .children
                .cancel_because("its supervisor was dropped");
        });
        let mut cells = Vec::with_capacity(self.seats.len());
        for seat in self.seats.drain(..).flatten() {
            // The flag, and not the abort of a group: a supervisor below looks after its own remains then.
            seat.cell.abort(seat.cell.run());
            cells.push(seat.cell.clone());
            match seat.home {
                Some(home) => home.bring(seat.work, &seat.cell),
                None => drop(drop_caught(seat.work)),
            }
        }
        // One by one: what a spec throws that was not admitted keeps nobody from being told.
        self.calls.refuse();
        let remains = Remains {
            live: self.live.clone(),
            group: self.group.take(),
            cells,
            patience: self.patience,
            exit: Exit::Killed,
        };
        if self.live.shared.parent().is_some() {
            self.live.shared.leave_behind(remains);
        }
    }
}
