//! Room that was promised.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::{Consumers, Ring};

/// What a permit needs of its channel.
///
/// A trait object, so that one permit type serves all kinds: a permit is sent with rarely enough for a virtual call.
pub(crate) trait Promised<T> {
    fn send(&self, value: T);
    fn give_back(&self, n: u64);
}

impl<T, C: Consumers> Promised<T> for Ring<T, C> {
    fn send(&self, value: T) {
        // SAFETY: I1: claimed just now, by the promise.
        unsafe { self.write(self.claim_owed(), value) };
    }

    fn give_back(&self, n: u64) {
        self.unreserve(n);
    }
}

/// Room for one message. Sending with it neither waits nor fails; dropping it gives the room back.
///
/// A permit holds room, not a place: the message takes its place in the order when it is sent.
#[must_use = "a permit that is dropped gives its room back"]
pub struct Permit<'a, T> {
    room: Room<'a, T>,
}

/// Room for `n` messages in a ring.
struct Room<'a, T> {
    ring: &'a (dyn Promised<T> + 'a),
    n: u64,
    _values: PhantomData<T>,
}

// SAFETY: I1: the object is a `Ring`, which is shared between threads if its messages may be sent.
unsafe impl<T: Send> Send for Room<'_, T> {}
// SAFETY: I1, as above.
unsafe impl<T: Send> Sync for Room<'_, T> {}

impl<T> Drop for Room<'_, T> {
    fn drop(&mut self) {
        if self.n > 0 {
            self.ring.give_back(self.n);
        }
    }
}

impl<T> Room<'_, T> {
    fn send(&mut self, value: T) {
        self.n -= 1;
        self.ring.send(value);
    }
}

impl<'a, T> Permit<'a, T> {
    pub(crate) fn new<C: Consumers>(ring: &'a Ring<T, C>) -> Self {
        Self {
            room: Room {
                ring,
                n: 1,
                _values: PhantomData,
            },
        }
    }

    /// Sends the message. If the receivers were dropped meanwhile it is dropped with the channel.
    pub fn send(mut self, value: T) {
        self.room.send(value);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Room for several messages, as an iterator of [`Permit`]s. What is not drawn is given back.
#[must_use = "permits that are dropped give their room back"]
pub struct PermitIterator<'a, T> {
    room: Room<'a, T>,
}

impl<'a, T> PermitIterator<'a, T> {
    pub(crate) fn new<C: Consumers>(ring: &'a Ring<T, C>, n: usize) -> Self {
        Self {
            room: Room {
                ring,
                n: n as u64,
                _values: PhantomData,
            },
        }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.room.n = self.room.n.checked_sub(1)?;
        Some(Permit {
            room: Room {
                ring: self.room.ring,
                n: 1,
                _values: PhantomData,
            },
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = self.room.n as usize;
        (n, Some(n))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("len", &self.room.n)
            .finish_non_exhaustive()
    }
}
