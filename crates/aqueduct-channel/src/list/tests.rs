#[cfg(aqueduct_loom)]
mod loom;

#[cfg(not(aqueduct_loom))]
mod memory;
#[cfg(not(aqueduct_loom))]
mod model;
#[cfg(not(aqueduct_loom))]
mod stress;
#[cfg(not(aqueduct_loom))]
mod units;
