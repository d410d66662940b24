//! Supervisors: what they are made of, who owns them, and by what others use them.
//!
//! | module | what it is |
//! |---|---|
//! | `spec` | options, before anything runs |
//! | `shell` | the future of a supervisor: it drives the decision, which is pure (`decide`) |
//! | `live` | what others know of a supervisor: its place, and its present incarnation |
//! | `nest` | a supervisor as a child |
//! | `handle`, `call` | references, what they ask, what is answered |
//! | `dynamic` | supervisors of many children of one kind |
//! | `report` | how a shutdown went |

mod broadcast;
mod call;
mod dynamic;
mod handle;
mod live;
mod many;
mod nest;
mod report;
mod shell;
mod spec;

use std::fmt;
use std::ops::Deref;
use std::sync::Once;

use aqueduct_cancel::{CancelScope, Reason, ReasonKind};

use crate::child::STOP;
use crate::exit::{Exit, ignore_panic};
use crate::watch::{Linkable, Watch};

#[cfg(test)]
pub(crate) use broadcast::Broadcast;
pub(crate) use broadcast::Listener;
pub use call::{ChildCount, ChildInfo, ChildStatus, ChildTarget};
pub use dynamic::{DynamicSpec, DynamicSupervisor, DynamicSupervisorRef};
pub use handle::SupervisorRef;
#[cfg(test)]
pub(crate) use live::Beginning;
pub(crate) use live::{Live, Report, Shared};
pub use report::{Leftover, ShutdownReport};
pub(crate) use shell::Remains;
pub use spec::SupervisorSpec;

/// The owner of a supervisor that runs in a task of its own.
///
/// It is a [`SupervisorRef`] too (by `Deref`). [`shutdown`](Self::shutdown) stops the tree in order and tells how that went.
/// Dropping it asks the tree to stop, in order, and does not wait for it; to wait in any case, run the supervisor in a
/// future: [`SupervisorSpec::run`].
#[must_use = "dropping a supervisor stops it"]
pub struct Supervisor {
    supervisor: SupervisorRef,
    scope: CancelScope,
}

impl Supervisor {
    /// A supervisor whose children do not need each other: one that ends is started again alone.
    pub fn one_for_one() -> SupervisorSpec {
        SupervisorSpec::new(crate::Strategy::OneForOne)
    }

    /// A supervisor whose children all need each other: when one is started again, all are.
    pub fn one_for_all() -> SupervisorSpec {
        SupervisorSpec::new(crate::Strategy::OneForAll)
    }

    /// A supervisor whose children need those before them: when one is started again, so are those after it.
    pub fn rest_for_one() -> SupervisorSpec {
        SupervisorSpec::new(crate::Strategy::RestForOne)
    }

    pub(super) fn new(supervisor: SupervisorRef, scope: CancelScope) -> Self {
        Self { supervisor, scope }
    }

    /// A reference to it, for others.
    pub fn reference(&self) -> SupervisorRef {
        self.supervisor.clone()
    }

    /// Stops the children in the reverse of their order, each with its time, and waits for the end.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, the tree stops all the same, in order. The report is lost.
    pub async fn shutdown(self) -> ShutdownReport {
        self.cancel();
        self.supervisor.shutdown().await
    }

    /// Waits until it has ended, by itself or since it was asked to.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it changes nothing.
    pub async fn wait(&self) -> Exit {
        self.monitor().await.exit
    }

    fn cancel(&self) {
        // It calls wakers, which are the user's.
        ignore_panic(|| {
            self.scope
                .cancel_because(Reason::new(ReasonKind::Requested, STOP));
        });
    }
}

impl Deref for Supervisor {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Linkable for Supervisor {
    fn watch(&self) -> Watch {
        self.supervisor.watch()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        self.supervisor.stopper()
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("path", &self.path())
            .field("is_alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}

/// Whether a child that panics can be started again in this program: not if it was built with `panic = "abort"`, where a
/// panic ends the process. The first supervisor that starts there says so by a `tracing` warning.
pub const fn restarts_can_work() -> bool {
    cfg!(panic = "unwind")
}

fn warn_if_panics_abort() {
    static ONCE: Once = Once::new();
    if !restarts_can_work() {
        ONCE.call_once(|| {
            tracing::warn!(
                target: "aqueduct::supervision",
                "built with panic = \"abort\": a panic of a child ends the process, and is not answered by a restart"
            );
        });
    }
}
