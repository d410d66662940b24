//! Rate limits: so many permits a period, and so many at once.
//!
//! [`RateLimiter`] is one limit, shared by its clones; [`KeyedRateLimiter`] has one for each key (a client, a host). The
//! algorithm is GCRA, the generic cell rate algorithm of ATM networks (ITU-T I.371): instead of counting tokens and
//! refilling them, it keeps a single moment, the *theoretical arrival time* up to which what was admitted has used up the
//! rate. So a decision is a comparison and one compare-and-swap, there is nothing to refill, and a limiter that nobody
//! asks costs nothing.
//!
//! ```text
//!             what was admitted has used up the rate until here
//!                                      │
//!     ──────── now ────────────────── tat ─────────── now + burst × interval ─────▶ time
//!                                      └─ n × interval ─▶│  at most up to there: admitted, or else too soon
//! ```
//!
//! # What holds
//!
//! R1. Over any window of length `w`, at most `burst + rate × w` permits are admitted, by the moments given.
//! R2. From idle, a burst of `b` admits exactly `b` at once, singly or together.
//! R3. Who waits is served in the order of arrival; `try_acquire` takes nothing while somebody waits.
//! R4. A waiter that goes away, before or after it was given its permits, is as one that never came: nobody behind waits
//!     for it. (What had become free anyway by the passing of time is not given twice.)
//! R5. A change of the quota keeps what has been used, up to the new burst: it gives no fresh burst, and keeps nobody out
//!     for longer than the new quota takes to fill its own.
//!
//! # Resolution
//!
//! The interval between two permits is kept in eighths of a nanosecond, rounded up. That is exact for 1,000,000 a second;
//! 3,000,000 are 0.013 % too slow and 300,000,000 are 1.3 %: count bytes at such rates in kilobytes. A limiter is exact
//! for 26 years from its start.
//!
//! Tokio's timers tick once a millisecond. Who *waits* is woken at the first tick that is not before its time, and then
//! as many are served as have come due, but no more at once than the burst (R1). So to wait at a rate above 1,000 a
//! second needs a burst of at least the permits of a millisecond.

#![cfg_attr(aqueduct_loom, allow(dead_code))]

mod gcra;
mod pace;
mod quota;

#[cfg(not(aqueduct_loom))]
mod acquire;
#[cfg(not(aqueduct_loom))]
mod error;
#[cfg(not(aqueduct_loom))]
mod keyed;
#[cfg(not(aqueduct_loom))]
mod limiter;
#[cfg(not(aqueduct_loom))]
mod line;
#[cfg(not(aqueduct_loom))]
mod stats;

#[cfg(all(feature = "tower", not(aqueduct_loom)))]
pub mod tower;

pub use quota::Quota;

#[cfg(not(aqueduct_loom))]
pub use acquire::{Acquire, AcquireTimeout};
#[cfg(not(aqueduct_loom))]
pub use error::{AcquireError, AcquireTimeoutError, TryAcquireError};
#[cfg(not(aqueduct_loom))]
pub use keyed::{AcquireKey, AcquireKeyOwned, KeyedRateLimiter, KeyedStats};
#[cfg(not(aqueduct_loom))]
pub use limiter::RateLimiter;
#[cfg(not(aqueduct_loom))]
pub use stats::Stats;
