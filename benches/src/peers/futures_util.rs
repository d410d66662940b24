//! futures-util: `Abortable`.

use std::future::Future;

use ::futures_util::future::{AbortHandle, Abortable};

use crate::cancel::{Finished, Guard};

pub(crate) const NAME: &str = "futures-util";

pub(crate) struct OneAbortable;

impl Guard for OneAbortable {
    fn new() -> Self {
        OneAbortable
    }

    /// The handle is kept as long as the future: who aborts holds it.
    async fn guard<F>(&self, future: F) -> impl Finished
    where
        F: Future<Output = usize> + Send,
    {
        let (_handle, registration) = AbortHandle::new_pair();
        Abortable::new(future, registration).await
    }
}
