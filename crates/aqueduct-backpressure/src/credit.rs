//! Credits: a producer sends only what its consumer granted.
//!
//! [`channel`] makes the two sides. The consumer's [`Grantor`] grants; the producer's [`Spender`] takes a [`Credit`] for
//! what it is about to send, waiting in line if there is none.
//!
//! ```text
//!                     grant                acquire                 spend
//!      consumer ──────────────▶ available ────────▶ outstanding ────────────▶ spent
//!                                  │  ▲                 │
//!             lease over, closed   │  └── dropped, ─────┘   (of this lease; else expired)
//!                                  ▼      acknowledged
//!                               expired
//! ```
//!
//! A credit comes back exactly once, whatever is dropped: it is a value that is spent or returned. At any moment,
//! `granted = available + outstanding + spent + expired`, which [`Grantor::stats`] shows.
//!
//! Three protocols are made of this:
//!
//! - **Demand** (Reactive Streams' `request(n)`): the producer [`spends`](Credit::spend) a credit for each message, and
//!   the consumer [`grants`](Grantor::grant) more.
//! - **A window** (HTTP/2's and TCP's): the credit travels [with the message](Credit::attach) and returns when the
//!   consumer drops or acknowledges it. Where it cannot travel, over a wire, [`Window`] says when to send an update.
//! - **Leases** (RSocket's `LEASE`): so many for so long; [the last one overrides](Grantor::lease) the others.
//!
//! [`weighted_channel`] is a channel that is bounded by the weight of what is inside.

#![cfg_attr(aqueduct_loom, allow(dead_code))]

mod account;
mod pot;
mod window;

#[cfg(not(aqueduct_loom))]
mod acquire;
#[cfg(not(aqueduct_loom))]
mod error;
#[cfg(not(aqueduct_loom))]
mod grantor;
#[cfg(not(aqueduct_loom))]
mod held;
#[cfg(not(aqueduct_loom))]
mod spender;
#[cfg(not(aqueduct_loom))]
mod weighted;

pub use pot::Stats;
pub use window::Window;

#[cfg(not(aqueduct_loom))]
pub use acquire::{Acquire, AcquireTimeout};
#[cfg(not(aqueduct_loom))]
pub use error::{AcquireError, AcquireTimeoutError, TryAcquireError};
#[cfg(not(aqueduct_loom))]
pub use grantor::{Grantor, channel};
#[cfg(not(aqueduct_loom))]
pub use held::{Credit, Credited};
#[cfg(not(aqueduct_loom))]
pub use spender::Spender;
#[cfg(not(aqueduct_loom))]
pub use weighted::{WeightedReceiver, WeightedSender, weighted_channel};
