#[cfg(not(aqueduct_loom))]
mod kinds;
#[cfg(aqueduct_loom)]
mod loom;
#[cfg(not(aqueduct_loom))]
mod rules;
#[cfg(not(aqueduct_loom))]
mod stress;
