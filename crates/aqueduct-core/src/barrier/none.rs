//! Systems without a barrier on other cores: both sides always fence. Models choose.

#[cfg(not(aqueduct_loom))]
#[inline]
pub(super) fn is_available() -> bool {
    false
}

#[cfg(aqueduct_loom)]
pub(super) use crate::model::is_asymmetric as is_available;

pub(super) fn barrier() {
    super::full();
}
