// `#![doc = include_str!("../README.md")]`, but where doc tests run without `signal`, which a program of it needs.
#![cfg_attr(any(not(doctest), feature = "signal"), doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]

mod enclosing;
mod failure;
mod inbox;
mod info;
mod members;
pub mod policy;
mod refs;
mod stop;
#[cfg(test)]
mod testing;
mod tree;

#[cfg(not(aqueduct_loom))]
mod builder;
#[cfg(not(aqueduct_loom))]
mod group;
#[cfg(not(aqueduct_loom))]
mod handles;
#[cfg(not(aqueduct_loom))]
mod lend;
#[cfg(not(aqueduct_loom))]
mod local;
#[cfg(not(aqueduct_loom))]
mod phase;
#[cfg(not(aqueduct_loom))]
mod report;
#[cfg(not(aqueduct_loom))]
mod run;
#[cfg(not(aqueduct_loom))]
mod shared;
#[cfg(all(feature = "signal", not(aqueduct_loom)))]
mod signals;
#[cfg(all(not(feature = "signal"), not(aqueduct_loom)))]
#[path = "signals/none.rs"]
mod signals;
#[cfg(not(aqueduct_loom))]
mod spawn;
#[cfg(not(aqueduct_loom))]
mod task;
#[cfg(not(aqueduct_loom))]
mod work;

pub use failure::{ErasedGroupError, Failure, FailureKind, Failures, GroupError, Panicked};
pub use info::{TaskId, TaskInfo, TaskKind, TaskRef, TaskState};
pub use policy::{
    AllOk, AsCompleted, Collect, Discard, FirstOk, Policy, Quorum, Race, Supervise, TaskEnd,
};
pub use tree::{GroupPhase, GroupSnapshot, TaskSnapshot, Tree, tree};

#[cfg(not(aqueduct_loom))]
pub use builder::{GroupBuilder, Panics, group};
#[cfg(not(aqueduct_loom))]
pub use group::{Spawner, TaskGroup};
#[cfg(not(aqueduct_loom))]
pub use lend::{Lent, StillLent};
#[cfg(not(aqueduct_loom))]
pub use local::{Inline, LocalSpawner, LocalTask, SendTask, UnsendTask};
#[cfg(not(aqueduct_loom))]
pub use report::Report;
#[cfg(not(aqueduct_loom))]
pub use spawn::{
    Async, Blocking, Closed, Handed, HandedBlocking, Launch, Local, NoOutput, Permit, Ready,
    Reserve, ReserveError, Spawn, SpawnError, StartError, TaskBuilder, TaskHandle, TryReserveError,
    TrySpawnError,
};
