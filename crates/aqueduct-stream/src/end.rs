//! Where streams end: the futures that pull them.

mod collect;
mod fold;
mod for_each;
mod run;
mod tries;

pub use collect::{Collect, Count};
pub use fold::Fold;
pub use for_each::{ForEach, ForEachAsync};
pub use tries::{TryCollect, TryFold, TryForEach, TryForEachAsync};
