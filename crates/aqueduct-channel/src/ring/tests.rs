#[cfg(aqueduct_loom)]
mod loom;
