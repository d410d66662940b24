//! Children: what a supervisor knows of them, and what they know of it.
//!
//! ```text
//!   ChildSpec ─── policy: id, restart, shutdown, …       decided by, a value
//!       └──────── StartChild ── start(ChildContext) ──▶ a future of its Exit     one for each incarnation
//!                     ▲                                     │ in a task of its own
//!                     └── settled(exit, fate) ◀── supervisor ◀── Ready, Exited ◀┘ never waits
//! ```
//!
//! A supervisor knows no more of a child than [`StartChild`]: tasks, groups, actors and supervisors are all the same to it.

mod cell;
mod context;
mod life;
mod spec;
mod task;

use std::pin::Pin;

use crate::exit::Exit;

pub(crate) use cell::{Birth, ChildCell, reason_of, stop_by};
pub use cell::{ChildRef, Doing};
pub use context::ChildContext;
pub(crate) use context::STOP;
pub(crate) use life::LifeCell;
pub use spec::ChildSpec;
pub(crate) use spec::Starter;
pub(crate) use task::Running;

/// The work of one incarnation of a child. It gives how that ended.
pub type ChildFuture = Pin<Box<dyn Future<Output = Exit> + Send>>;

/// All that a supervisor knows of a child: how to start it, and whom to tell what becomes of it.
///
/// Closures need none of this: see [`ChildSpec::worker`]. It is for those who build kinds of children, such as actors.
///
/// Both functions are called by the supervisor, in its own task: they must not block, and do little. What takes time is
/// done in the future, which runs in a task of its own. Their panics are caught.
pub trait StartChild: Send + 'static {
    /// Makes the future of a new incarnation. The one before has fully ended: its future has been dropped.
    fn start(&mut self, cx: ChildContext) -> ChildFuture;

    /// An incarnation has ended, and this is what becomes of the child. Called once after each end, and again if its fate
    /// changes before the next start: from [`Restarting`](Fate::Restarting) or [`Resting`](Fate::Resting) to what is
    /// further down.
    ///
    /// After an exit that is [`Unresponsive`](Exit::Unresponsive) the incarnation still runs, though nobody waits for it.
    fn settled(&mut self, exit: &Exit, fate: Fate) {
        let _ = (exit, fate);
    }
}

/// What becomes of a child after the end of an incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// It is started again, at once or after its back-off.
    Restarting,
    /// It stays, and does not run, until somebody says `restart_child` or `delete_child`.
    Resting,
    /// It is gone, with its spec.
    Gone,
}
