//! The groups of the report, one file a family.

mod mpmc;
mod mpsc;
mod pump;
mod spsc;
mod unbounded;

use crate::harness::Bench;

/// Every bench there is, in the order of the report.
pub(crate) fn all() -> Vec<Bench> {
    let families = [
        spsc::benches(),
        mpsc::benches(),
        mpmc::benches(),
        unbounded::benches(),
    ];
    families.into_iter().flatten().collect()
}
