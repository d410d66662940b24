//! Why a request was shed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a request was shed, and by what.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Shed {
    /// It waited too long in a queue that stands.
    QueueDelay {
        /// For so long.
        waited: Duration,
    },
    /// The server is too busy.
    Utilisation {
        /// So busy, smoothed: 1 is fully.
        load: f64,
    },
    /// The server rejects most calls, so this one was not made.
    Throttled {
        /// So likely was it not to be made.
        probability: f64,
    },
}

impl fmt::Display for Shed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueDelay { waited } => {
                write!(f, "shed: waited {waited:?} in a queue that stands")
            }
            Self::Utilisation { load } => write!(f, "shed: {:.0} % busy", load * 100.0),
            Self::Throttled { probability } => {
                write!(f, "throttled: {:.0} % of calls are", probability * 100.0)
            }
        }
    }
}

impl Error for Shed {}
