//! Where streams end: the futures that pull them.

mod collect;
mod fold;
mod for_each;
mod run;
mod send_into;
mod tries;

pub use collect::{Collect, Count};
pub use fold::Fold;
pub use for_each::{ForEach, ForEachAsync};
pub(crate) use send_into::Pumped;
pub use send_into::{Accept, SendIntoError};
pub use tries::{TryCollect, TryFold, TryForEach, TryForEachAsync};
