//! To and from `tokio_util::sync::CancellationToken`, without a task on either way.

use std::panic::Location;
use std::task::{Wake, Waker};

use tokio_util::sync::CancellationToken;

use crate::deadline;
use crate::driven::Driven;
use crate::node::{Until, WeakNode};
use crate::reason::ReasonKind;
use crate::refs::Arc;
use crate::scope::CancelScope;

impl CancelScope {
    /// Creates a scope that is cancelled when the token is, with a reason of kind [`Token`](ReasonKind::Token). When
    /// `token.cancel()` returns, it is. To cancel the scope leaves the token as it is.
    ///
    /// ```
    /// use aqueduct_cancel::{CancelScope, ReasonKind};
    /// use tokio_util::sync::CancellationToken;
    ///
    /// let token = CancellationToken::new();
    /// let scope = CancelScope::from_token(&token);
    /// token.cancel();
    /// assert_eq!(scope.reason().unwrap().kind(), ReasonKind::Token);
    /// ```
    #[track_caller]
    pub fn from_token(token: &CancellationToken) -> Self {
        let scope = Self::new();
        scope.follow(token, Location::caller());
        scope
    }

    /// Creates a child of this scope that is cancelled when the token is, too. See [`from_token`](Self::from_token).
    #[track_caller]
    pub fn child_of_token(&self, token: &CancellationToken) -> Self {
        let scope = self.child();
        scope.follow(token, Location::caller());
        scope
    }

    fn follow(&self, token: &CancellationToken, location: &'static Location<'static>) {
        if token.is_cancelled() {
            self.cancel_as(ReasonKind::Token, location);
            return;
        }
        let cancelled = token.clone().cancelled_owned();
        let scope = self.downgrade();
        let driven = Driven::start(async move {
            cancelled.await;
            if let Some(scope) = scope.upgrade() {
                scope.cancel_as(ReasonKind::Token, location);
            }
        });
        // Not for longer than the scope lives: then the token has nothing left of it.
        self.node().keep(Box::new(driven));
    }

    /// A token that is cancelled when this scope is. To cancel the token leaves the scope as it is.
    ///
    /// The scope has to live for that, by a handle to it or to a scope below it: a token cannot keep one. A deadline is
    /// kept as it is by any other who waits, by a timer of the runtime in which this is called; if that runtime goes
    /// before the deadline, the token is cancelled when the scope is next asked or waited on after it.
    ///
    /// ```
    /// use aqueduct_cancel::CancelScope;
    ///
    /// let scope = CancelScope::new();
    /// let token = scope.to_token();
    /// scope.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    ///
    /// # Panics
    ///
    /// If the scope has a deadline, outside of a Tokio runtime that drives timers.
    pub fn to_token(&self) -> CancellationToken {
        // One for all: what is handed out are children of it, which leave when they are dropped.
        if let Some(bridge) = self.node().kept::<Arc<Bridge>>() {
            // It waits, but may have lost its timer, or never got one.
            deadline::arm(self.node());
            return bridge.token.child_token();
        }
        let bridge = Arc::new(Bridge {
            token: CancellationToken::new(),
            scope: Arc::downgrade(self.node()),
        });
        let token = bridge.token.child_token();
        self.node().keep(Box::new(bridge.clone()));
        bridge.wake();
        deadline::arm(self.node());
        token
    }
}

impl From<CancellationToken> for CancelScope {
    /// [`CancelScope::from_token`].
    #[track_caller]
    fn from(token: CancellationToken) -> Self {
        Self::from_token(&token)
    }
}

/// Waits on a scope, and cancels a token.
struct Bridge {
    token: CancellationToken,
    scope: WeakNode,
}

impl Wake for Bridge {
    fn wake(self: Arc<Self>) {
        let Some(scope) = self.scope.upgrade() else {
            return;
        };
        // Woken for the loss of a timer, it waits again.
        let waits = scope.wait(Until::Cancelled, None, Waker::from(self.clone()));
        if waits.is_none() {
            self.token.cancel();
        }
    }
}

#[cfg(test)]
mod tests;
