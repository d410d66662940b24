//! Failures on purpose, for the self-test: a room panics in the midst of a message.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::protocol::Name;

/// The fuses of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<Name, Arc<Fuse>>>);

/// After how many deliveries a room fails; zero is never.
#[derive(Debug, Default)]
pub(crate) struct Fuse(AtomicU32);

impl Faults {
    pub(crate) fn of(&self, room: &Name) -> Arc<Fuse> {
        let mut fuses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fuses.entry(room.clone()).or_default().clone()
    }
}

impl Fuse {
    /// Has the room fail before its delivery of this number, from 1 on.
    pub(crate) fn light(&self, deliveries: u32) {
        self.0.store(deliveries, Relaxed);
    }

    /// One more delivery is about to be made.
    ///
    /// # Panics
    ///
    /// If it is the one; without a word of the panic hook, as it is no news.
    pub(crate) fn burn(&self) {
        let left = self.0.load(Relaxed);
        if left > 0 {
            self.0.store(left - 1, Relaxed);
            if left == 1 {
                resume_unwind(Box::new("a failure on purpose"));
            }
        }
    }
}
