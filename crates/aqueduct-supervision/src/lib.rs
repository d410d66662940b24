#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod abort;
pub mod exit;
mod refs;
pub mod watch;

#[cfg(not(aqueduct_loom))]
pub mod child;
#[cfg(not(aqueduct_loom))]
mod decide;
#[cfg(not(aqueduct_loom))]
pub mod error;
#[cfg(not(aqueduct_loom))]
pub mod event;
#[cfg(not(aqueduct_loom))]
pub mod spec;
#[cfg(not(aqueduct_loom))]
mod supervisor;
#[cfg(not(aqueduct_loom))]
mod tree;

pub use exit::{Exit, Failure, IntoExit, Panicked};
pub use watch::{Down, Downs, Monitor, MonitorId, ProcessId, Watch, link};

#[cfg(not(aqueduct_loom))]
pub use child::{ChildContext, ChildRef, ChildSpec, Fate, StartChild};
#[cfg(not(aqueduct_loom))]
pub use event::{Event, EventKind, Events};
#[cfg(not(aqueduct_loom))]
pub use spec::{AutoShutdown, ChildId, ChildKind, Intensity, Restart, Shutdown, Strategy};
#[cfg(not(aqueduct_loom))]
pub use supervisor::{
    ChildCount, ChildInfo, ChildStatus, ChildTarget, DynamicSpec, DynamicSupervisor,
    DynamicSupervisorRef, Leftover, ShutdownReport, Supervisor, SupervisorRef, SupervisorSpec,
    restarts_can_work,
};
#[cfg(not(aqueduct_loom))]
pub use tree::{Tree, TreeChild};
