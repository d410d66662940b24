use std::fmt;
use std::sync::Arc;

use aqueduct_cancel::CancelScope;

use super::cell::{ChildCell, ChildRef};
use crate::decide::Run;
use crate::exit::Exit;
use crate::refs::Text;
use crate::spec::ChildId;
use crate::supervisor::SupervisorRef;

/// Why a scope is cancelled by the supervisor that asks a child to stop.
pub(crate) const STOP: &str = "its supervisor asks it to stop";

/// What a child knows of its own incarnation. Cheap to clone.
#[derive(Clone)]
pub struct ChildContext {
    cell: Arc<ChildCell>,
    run: Run,
    scope: CancelScope,
}

impl ChildContext {
    pub(crate) fn new(cell: Arc<ChildCell>, run: Run, scope: CancelScope) -> Self {
        Self { cell, run, scope }
    }

    /// What the child is called.
    pub fn id(&self) -> &ChildId {
        self.cell.id()
    }

    /// Cancelled when it shall stop. It is this incarnation's own: what runs below it goes with it.
    ///
    /// A child that does not look at it is dropped when its time to stop is up.
    pub fn scope(&self) -> &CancelScope {
        &self.scope
    }

    /// Acknowledges the start: the supervisor goes on to the next child. Of children that were made by
    /// [`ChildSpec::acknowledged`](super::ChildSpec::acknowledged); others have been ready since they began. Said again, it
    /// does nothing.
    pub fn ready(&self) {
        self.cell.say_ready(self.run);
    }

    /// How many times the child has been started, this one included.
    pub fn incarnation(&self) -> u64 {
        self.run
    }

    /// Where it is in the tree: "supervisor/child".
    pub fn path(&self) -> Text {
        self.cell.path()
    }

    /// The child, as others see it.
    pub fn child(&self) -> ChildRef {
        ChildRef(self.cell.clone())
    }

    /// Its supervisor. A child that awaits an answer of it before it is [ready](Self::ready) waits for ever, as the
    /// supervisor waits for it.
    pub fn supervisor(&self) -> SupervisorRef {
        self.child().supervisor()
    }

    /// What an end means for somebody who may have been asked to stop: work that returned when its scope was cancelled, or
    /// that gave up with a [`Cancelled`](aqueduct_cancel::Cancelled) of it, has shut down.
    ///
    /// Done for [`worker`](super::ChildSpec::worker) and [`acknowledged`](super::ChildSpec::acknowledged); what implements
    /// [`StartChild`](super::StartChild) may know better.
    pub fn exit_of(&self, exit: Exit) -> Exit {
        exit_in(&self.scope, exit)
    }

    pub(crate) fn cell(&self) -> &Arc<ChildCell> {
        &self.cell
    }
}

pub(super) fn exit_in(scope: &CancelScope, exit: Exit) -> Exit {
    let told = match &exit {
        Exit::Normal => scope.reason(),
        Exit::Failed(failure) => failure
            .cancelled()
            .map(|cancelled| cancelled.reason().clone())
            .filter(|reason| scope.is_cancelled_for(reason)),
        _ => None,
    };
    match told {
        Some(reason) if reason.message() == STOP => Exit::Shutdown(None),
        Some(reason) => Exit::shutdown(reason.message()),
        None => exit,
    }
}

impl fmt::Debug for ChildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildContext")
            .field("id", self.id())
            .field("incarnation", &self.run)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
