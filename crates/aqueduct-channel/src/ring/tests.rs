#[cfg(not(aqueduct_loom))]
mod gate;
#[cfg(aqueduct_loom)]
mod loom;
#[cfg(not(aqueduct_loom))]
mod wrap;
