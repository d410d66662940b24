//! Groups from outside.
#![cfg(not(aqueduct_loom))]

mod adopted;
mod auto_traits;
mod basics;
mod blocking;
mod coop;
mod corners;
mod cut_short;
mod draining;
mod drops;
mod ending;
mod errors;
mod first_use;
mod hand_over;
mod hostile;
mod lend;
mod limits;
mod local;
mod matrix;
mod misuse;
mod no_timers;
mod policies;
mod reasons;
mod regressions;
mod reserve;
mod run_try;
mod sendable;
#[cfg(all(unix, feature = "signal"))]
mod signals;
mod spawnable;
mod support;
mod tasks;
mod unstopped;
