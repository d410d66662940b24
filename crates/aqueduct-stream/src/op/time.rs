//! Operators of time, and those that gather items.
//!
//! # Who comes first
//!
//! In one poll there may be items, and a moment that has passed. An operator asks its source first and looks at the clock
//! after it: what came is in what the moment ends, and no item is lost to a deadline. So a task that was late, or a clock that
//! was starved, ends a batch late and with more in it, but never without what was there.
//! [`debounce`](crate::Flow::debounce) is the other way round, since there it is the clock that keeps an item from being lost;
//! and so is what stops or lets go a stream ([`take_until`](crate::Flow::take_until)), or it might never.
//!
//! # What it costs
//!
//! The clock is read once a pull at most, and only where something waits for a time; an alarm is set when the source has
//! nothing and something waits.

mod batch;
mod closing;
mod delay;
mod gate;
mod latest;
mod rate_limit;
mod silence;
mod sliding;
mod throttle;
mod until;

pub use batch::{Batch, ByCount, ByWeight};
pub use delay::Delay;
pub use latest::Latest;
pub use rate_limit::RateLimit;
pub use silence::{Elapsed, KeepAlive, Timeout};
pub use sliding::{Sliding, SlidingByTime};
pub use throttle::{Throttle, ThrottleFirst};
pub use until::{SkipUntil, TakeUntil};
