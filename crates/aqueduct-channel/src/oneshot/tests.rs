//! What a oneshot channel promises, tried from all sides.

#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod drop_in;
#[cfg(aqueduct_loom)]
mod loom;
#[cfg(not(aqueduct_loom))]
mod oracle;
#[cfg(not(aqueduct_loom))]
mod races;
#[cfg(not(aqueduct_loom))]
mod traits;
#[cfg(not(aqueduct_loom))]
mod transitions;
#[cfg(not(aqueduct_loom))]
mod user_code;
