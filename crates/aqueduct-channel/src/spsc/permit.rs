//! Room that was promised.

use std::fmt;

use super::Sender;

/// Room for one message. Sending with it neither waits nor fails; dropping it gives the room back.
#[must_use = "a permit that is dropped gives its room back"]
pub struct Permit<'a, T> {
    sender: &'a mut Sender<T>,
}

impl<'a, T> Permit<'a, T> {
    pub(super) fn new(sender: &'a mut Sender<T>) -> Self {
        Self { sender }
    }

    /// Sends the message. If the receiver was dropped meanwhile, so is the message.
    pub fn send(self, value: T) {
        drop(self.sender.tx.send_reserved(value));
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.sender.tx.unreserve();
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Room for several messages, as an iterator of [`Permit`]s. What is not used is given back.
#[must_use = "permits that are dropped give their room back"]
pub struct PermitIterator<'a, T> {
    sender: &'a mut Sender<T>,
    left: usize,
}

impl<'a, T> PermitIterator<'a, T> {
    pub(super) fn new(sender: &'a mut Sender<T>, left: usize) -> Self {
        Self { sender, left }
    }

    /// How many messages there is still room for.
    pub fn len(&self) -> usize {
        self.left
    }

    /// Whether all the room was used.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Sends one message, or hands it back if all the room was used.
    ///
    /// # Errors
    ///
    /// The message, if there is no room left.
    pub fn send(&mut self, value: T) -> Result<(), T> {
        if self.left == 0 {
            return Err(value);
        }
        self.left -= 1;
        drop(self.sender.tx.send_reserved(value));
        Ok(())
    }
}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        self.sender.tx.unreserve();
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("len", &self.left)
            .finish_non_exhaustive()
    }
}

/// Room for one message, with the sender inside.
#[must_use = "a permit that is dropped gives its room back"]
pub struct OwnedPermit<T> {
    sender: Option<Sender<T>>,
}

impl<T> OwnedPermit<T> {
    pub(super) fn new(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
        }
    }

    /// Sends the message and gives the sender back. If the receiver was dropped meanwhile, so is the message.
    pub fn send(mut self, value: T) -> Sender<T> {
        let mut sender = self.take();
        drop(sender.tx.send_reserved(value));
        sender
    }

    /// Gives the room back, and the sender.
    pub fn release(mut self) -> Sender<T> {
        let mut sender = self.take();
        sender.tx.unreserve();
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
        if let Some(sender) = &mut self.sender {
            sender.tx.unreserve();
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
