//! Where streams come from.

mod channel;
mod iter;
mod stream;

pub use channel::{Receive, Received, receive};
pub use iter::{Iter, empty, iter, once, repeat};
pub use stream::{FromStream, from_stream};
