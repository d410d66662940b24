//! The cooperation budget where there is no Tokio: unlimited.

use std::task::{Context, Poll};

/// Stands for a unit of budget that was taken; here there is nothing to give back.
#[derive(Debug)]
pub struct RestoreOnPending;

impl RestoreOnPending {
    /// Says that the operation got on, so that its unit is spent.
    #[inline(always)]
    pub fn made_progress(&self) {}
}

/// Always lets the operation go on.
#[inline(always)]
pub fn poll_proceed(_: &mut Context<'_>) -> Poll<RestoreOnPending> {
    Poll::Ready(RestoreOnPending)
}
