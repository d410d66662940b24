//! Cancelling at the end of a block.

use std::panic::Location;

use crate::reason::ReasonKind;
use crate::scope::CancelScope;

/// Cancels its scope when it is dropped, with a reason of kind [`Dropped`](ReasonKind::Dropped) that names the line
/// which made the guard.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once cancels at once"]
pub struct DropGuard {
    /// None when disarmed.
    scope: Option<CancelScope>,
    location: &'static Location<'static>,
}

impl CancelScope {
    /// Makes a guard of this handle that cancels the scope when it is dropped.
    ///
    /// ```
    /// use aqueduct_cancel::{CancelScope, ReasonKind};
    ///
    /// let scope = CancelScope::new();
    /// drop(scope.clone().drop_guard());
    /// assert_eq!(scope.reason().unwrap().kind(), ReasonKind::Dropped);
    /// ```
    #[track_caller]
    pub fn drop_guard(self) -> DropGuard {
        DropGuard {
            scope: Some(self),
            location: Location::caller(),
        }
    }

    /// A guard that borrows this handle, and cancels the scope when it is dropped.
    #[track_caller]
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef {
            scope: Some(self),
            location: Location::caller(),
        }
    }
}

impl DropGuard {
    /// Takes the guard away and gives the scope back.
    pub fn disarm(mut self) -> CancelScope {
        self.scope.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(scope) = &self.scope {
            scope.cancel_as(ReasonKind::Dropped, self.location);
        }
    }
}

/// A [`DropGuard`] that borrows its scope.
#[derive(Debug)]
#[must_use = "a guard that is dropped at once cancels at once"]
pub struct DropGuardRef<'a> {
    scope: Option<&'a CancelScope>,
    location: &'static Location<'static>,
}

impl<'a> DropGuardRef<'a> {
    /// Takes the guard away and gives the scope back.
    pub fn disarm(mut self) -> &'a CancelScope {
        self.scope.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(scope) = self.scope {
            scope.cancel_as(ReasonKind::Dropped, self.location);
        }
    }
}
