//! Load shedding: to reject some, early and cheaply, so that the rest is served well.
//!
//! | | looks at | sheds |
//! |---|---|---|
//! | [`QueueDelay`] | how long requests waited before they are begun (CoDel) | who waited too long in a queue that stands |
//! | [`Utilisation`] | how busy the server is: requests in flight, or any gauge | at random, the less important first, the more the busier |
//! | [`Throttle`] | how many of a client's calls the server accepts | at random, at the *client*, what the server would reject |
//!
//! Each is a value that is asked, `&self` and without waiting. The decision takes the moment and, where chance is part of
//! it, a draw from `[0, 1)`: `…_at` methods are given both, so that a test decides what happens; the others read Tokio's
//! clock and draw by themselves.

mod error;
mod in_flight;
mod priority;
mod queue_delay;
mod throttle;
mod utilisation;

#[cfg(feature = "tower")]
pub mod tower;

pub use crate::limit::Priority;
pub use error::Shed;
pub use in_flight::InFlight;
pub use queue_delay::{QueueDelay, QueueDelayStats};
pub use throttle::{Call, Throttle, ThrottleStats};
pub use utilisation::{Utilisation, UtilisationStats};
