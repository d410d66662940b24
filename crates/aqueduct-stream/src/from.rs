//! Where streams come from.

mod channel;
mod interval;
mod iter;
mod stream;

pub use channel::{Receive, Received, receive};
pub use interval::{Interval, interval, interval_at};
pub use iter::{Iter, empty, iter, once, repeat, repeat_with};
pub use stream::{FromStream, from_stream};
