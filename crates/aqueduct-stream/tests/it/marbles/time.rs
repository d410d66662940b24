//! Operators of time. A tick is [`TICK`]; what happens in one poll is written in one column.

mod gather;
mod interval;
mod late;
mod latest;
mod model;
mod silence;
mod sliding;
mod slower;
mod until;

use std::time::Duration;

use crate::kit::TICK;

/// Longer than any timeline.
const LONG: Duration = Duration::from_secs(3600);
