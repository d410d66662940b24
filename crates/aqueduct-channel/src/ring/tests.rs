#[cfg(not(aqueduct_loom))]
mod gate;
#[cfg(not(aqueduct_loom))]
mod linger;
#[cfg(aqueduct_loom)]
mod loom;
#[cfg(not(aqueduct_loom))]
mod shared;
#[cfg(not(aqueduct_loom))]
mod wrap;
