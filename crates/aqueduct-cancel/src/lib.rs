#![doc = include_str!("../README.md")]

mod balance;
mod guard;
mod node;
mod reason;
mod refs;
mod run;
mod scope;
mod stats;
mod stream;
mod wait;
mod waiter;
mod word;

#[cfg(not(aqueduct_loom))]
mod ambient;
#[cfg(not(aqueduct_loom))]
mod deadline;
#[cfg(aqueduct_loom)]
#[path = "deadline/none.rs"]
mod deadline;
#[cfg(all(any(feature = "tokio-util", feature = "signal"), not(aqueduct_loom)))]
mod driven;
#[cfg(not(aqueduct_loom))]
mod shield;
#[cfg(all(feature = "signal", not(aqueduct_loom)))]
mod signal;
#[cfg(not(aqueduct_loom))]
mod timed;
#[cfg(all(feature = "tokio-util", not(aqueduct_loom)))]
mod token;

pub use guard::{DropGuard, DropGuardRef};
pub use reason::{Cancelled, Reason, ReasonKind};
pub use run::Run;
pub use scope::{CancelScope, WeakScope};
pub use stats::Stats;
pub use stream::{TakeUntil, TakeUntilExt};
pub use wait::{UntilCancelled, UntilDraining};

#[cfg(not(aqueduct_loom))]
pub use ambient::InAmbient;
#[cfg(not(aqueduct_loom))]
pub use shield::{Elapsed, Shield, shield};
#[cfg(all(feature = "signal", not(aqueduct_loom)))]
#[doc(hidden)]
pub use signal::{FirstSignal, Found};
#[cfg(all(feature = "signal", not(aqueduct_loom)))]
pub use signal::{Signal, Signals};
#[cfg(not(aqueduct_loom))]
pub use timed::RunUntil;
