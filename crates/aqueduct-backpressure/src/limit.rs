//! Adaptive concurrency limits: how many operations may be in flight, found by how the last ones went.
//!
//! ```text
//!               ┌──────────── Limiter ─────────────┐
//!   acquire ──▶ │ gate: word, shares, line ──▶ Permit ──▶ the operation ──▶ success / failure / dropped
//!               │   ▲                              │                              │
//!               │   └ limit ── Algorithm ◀─ Window ◀── sampler ◀──────────────────┘
//!               └──────────────────────────────────┘
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `word`, `gate`, `line` | who is in, who gets in, who waits: the parts with a protocol, modelled; they name no Tokio |
//! | `sampler`, `histogram`, `cadence` | what ended, how long it took, when a window is over |
//! | `algorithm` | from a window to a limit: pure |
//! | `limiter`, `permit`, `acquire`, `request` | what users touch; read Tokio's clock |
//! | `tower` (feature) | a limiter before a tower service |
//!
//! # Invariants
//!
//! I1. A permit is given back exactly once: by its verdict, or by its drop; one granted to a future that goes away is handed
//!     on.
//! I2. Without partitions nobody is let in while as many as the limit are in flight. With them, nobody beyond the guaranteed
//!     shares is.
//! I3. Nothing of the user's (wakers, algorithms, destructors) runs under a lock.

// Models are built of the parts with a protocol alone.
#![cfg_attr(aqueduct_loom, allow(dead_code))]

mod algorithm;
mod cadence;
mod gate;
mod histogram;
mod line;
mod order;
mod rejected;
mod sampler;
mod word;

#[cfg(not(aqueduct_loom))]
mod acquire;
#[cfg(not(aqueduct_loom))]
mod core;
#[cfg(not(aqueduct_loom))]
mod limiter;
#[cfg(not(aqueduct_loom))]
mod permit;
#[cfg(not(aqueduct_loom))]
mod request;
#[cfg(not(aqueduct_loom))]
mod stats;
#[cfg(all(feature = "tower", not(aqueduct_loom)))]
pub mod tower;

pub use algorithm::{Aimd, Algorithm, Fixed, Gradient2, Knee, Miad, Vegas, Window};
pub use cadence::Step;
pub use order::{Order, Priority, Queue};
pub use rejected::{Rejected, Rejections};

#[cfg(not(aqueduct_loom))]
pub use acquire::AcquireOwned;
#[cfg(not(aqueduct_loom))]
pub use limiter::{Builder, Limiter};
#[cfg(not(aqueduct_loom))]
pub use permit::{OwnedPermit, Permit};
#[cfg(not(aqueduct_loom))]
pub use request::Request;
#[cfg(not(aqueduct_loom))]
pub use stats::Stats;
