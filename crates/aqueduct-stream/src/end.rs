//! Where streams end: the futures that pull them.

mod collect;
mod fold;
mod for_each;
mod forward;
mod run;
mod send_into;
mod tries;
#[cfg(feature = "io")]
mod write_into;

pub use collect::{Collect, Count};
pub use fold::Fold;
pub use for_each::{ForEach, ForEachAsync};
pub use forward::Forward;
pub(crate) use send_into::Pumped;
pub use send_into::{Accept, SendIntoError};
pub use tries::{TryCollect, TryFold, TryForEach, TryForEachAsync};
#[cfg(feature = "io")]
pub use write_into::WriteInto;
