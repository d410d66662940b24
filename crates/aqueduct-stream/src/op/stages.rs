//! The stages.

mod closures;
mod counts;
mod dedup;
mod results;
mod scan;

pub use closures::{Filter, FilterMap, Inspect, Map, MapWhile, SkipWhile, TakeWhile};
pub use counts::{Enumerate, Skip, Take};
pub use dedup::Dedup;
pub use results::{ErrorsTo, MapErr, MapOk, Recover, TakeWhileOk, TryFilter, TryMap};
pub use scan::Scan;

/// `Debug` of a stage with a closure, which has none.
macro_rules! debug_by_name {
    ($($stage:ident),*) => {$(
        impl<F> std::fmt::Debug for $stage<F> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($stage))
            }
        }
    )*};
}

use debug_by_name;
