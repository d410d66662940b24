#[cfg(aqueduct_loom)]
mod loom;
#[cfg(not(aqueduct_loom))]
mod random;
#[cfg(not(aqueduct_loom))]
mod rules;
