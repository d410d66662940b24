//! Room that was promised, with the sender inside.

use std::fmt;

use super::{Permit, Sender};

/// Room for one message that owns its sender. Made by [`Sender::reserve_owned`].
#[must_use = "a permit that is dropped gives its room back"]
pub struct OwnedPermit<T> {
    sender: Option<Sender<T>>,
}

impl<T> OwnedPermit<T> {
    /// `sender` has been promised room for one message.
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
        }
    }

    /// Sends the message and gives the sender back. If all receivers are gone meanwhile the message is dropped
    /// with the channel.
    pub fn send(mut self, value: T) -> Sender<T> {
        let sender = self.take();
        Permit::new(sender.ring()).send(value);
        sender
    }

    /// Gives the room back, and the sender.
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        drop(Permit::new(sender.ring()));
        sender
    }

    fn take(&mut self) -> Sender<T> {
        self.sender
            .take()
            .expect("the sender is taken only by what consumes the permit")
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            drop(Permit::new(sender.ring()));
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
