//! The scope that code finds without being given one. Opt-in: nothing of this crate looks for it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;

use crate::scope::CancelScope;

tokio::task_local! {
    static AMBIENT: CancelScope;
}

impl CancelScope {
    /// Runs a future in which [`CancelScope::ambient`] is this scope.
    ///
    /// It is for what cannot be given a scope, such as a callback of a library. It costs two writes to a thread-local a
    /// poll, does not reach tasks that are spawned inside, and stops nothing by itself.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use aqueduct_cancel::CancelScope;
    ///
    /// let scope = CancelScope::new();
    /// assert_eq!(CancelScope::ambient(), None);
    /// let inside = scope.in_ambient(async { CancelScope::ambient() });
    /// assert_eq!(inside.await, Some(scope));
    /// # }
    /// ```
    pub fn in_ambient<F: Future>(&self, future: F) -> InAmbient<F> {
        InAmbient {
            future: AMBIENT.scope(self.clone(), future),
        }
    }

    /// The scope of the innermost [`in_ambient`](Self::in_ambient) around this code.
    pub fn ambient() -> Option<Self> {
        AMBIENT.try_with(Self::clone).ok()
    }
}

pin_project! {
    /// See [`CancelScope::in_ambient`].
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses.
    #[must_use = "futures do nothing unless polled"]
    pub struct InAmbient<F> {
        #[pin]
        future: TaskLocalFuture<CancelScope, F>,
    }
}

impl<F: Future> Future for InAmbient<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<F> fmt::Debug for InAmbient<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InAmbient").finish_non_exhaustive()
    }
}
