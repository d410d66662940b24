//! A place in line for what has no pinned future to keep it in: boxed once, and used again.

use std::pin::Pin;

use aqueduct_core::wait_queue::{Queue, Wait};

/// A place in line, made when it is first needed. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Place<Q: Queue>(Option<Pin<Box<Wait<Q>>>>);

impl<Q: Queue> Place<Q> {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Whether it is in line, or was served and not looked at since.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.as_ref().is_some_and(|wait| wait.is_waiting())
    }

    /// The place, to wait at. All calls are for the same queue.
    pub(crate) fn get(&mut self, queue: impl FnOnce() -> Q) -> Pin<&mut Wait<Q>> {
        self.0
            .get_or_insert_with(|| Box::pin(Wait::new(queue())))
            .as_mut()
    }

    /// Leaves the line; what it was given there goes to the next. Says whether it was in line.
    pub(crate) fn give_up(&mut self) -> bool {
        let Some(wait) = &mut self.0 else {
            return false;
        };
        let Some((request, served)) = wait.as_mut().leave() else {
            return false;
        };
        wait.queue().left(request, served);
        true
    }
}
