//! The shared cell and the two ends that hold it: all that is unsafe about a oneshot channel, behind a safe API.
//!
//! The invariants I1 to I5 are the parent module's.

use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::ptr::{self, NonNull};
use std::task::{Context, Poll, Waker};

use aqueduct_core::sync::UnsafeCell;

use super::heap;
use super::slot::Slot;
use super::state::{Side, State, StateWord, Verdict};

/// What both ends share.
struct Cell<T> {
    state: StateWord,
    receiver: Slot,
    sender: Slot,
    value: UnsafeCell<MaybeUninit<T>>,
    /// Nothing: a mark for loom, which counts each use of the cell as a read of it and freeing as a write, and so
    /// proves that every use comes before (I1). Elsewhere there is no trace of it.
    life: UnsafeCell<()>,
}

/// Creates the two ends of a cell.
#[inline]
pub(super) fn pair<T>() -> (SenderEnd<T>, ReceiverEnd<T>) {
    let room = heap::alloc::<Cell<T>>();
    let cell = room.as_ptr();
    // SAFETY: the room is fresh, large enough, and has no half yet (I1). Field by field, so that nobody copies the
    // value's empty room.
    unsafe {
        ptr::addr_of_mut!((*cell).state).write(StateWord::new());
        ptr::addr_of_mut!((*cell).receiver).write(Slot::new());
        ptr::addr_of_mut!((*cell).sender).write(Slot::new());
        ptr::addr_of_mut!((*cell).value).write(UnsafeCell::new(MaybeUninit::uninit()));
        ptr::addr_of_mut!((*cell).life).write(UnsafeCell::new(()));
    }
    (
        SenderEnd { link: Link(room) },
        ReceiverEnd { link: Link(room) },
    )
}

/// The sender's hold of the cell. Dropping it leaves without a value.
pub(super) struct SenderEnd<T> {
    link: Link<T>,
}

impl<T> SenderEnd<T> {
    pub(super) fn state(&self) -> State {
        self.link.cell().state.load()
    }

    /// Hands `value` over and leaves; or leaves and hands it back, if the receiver takes none.
    #[inline]
    pub(super) fn send(self, value: T) -> Result<(), T> {
        let mut seen = self.state();
        if seen.on_send() == Verdict::Stay {
            return Err(value);
        }
        // SAFETY: I4: the sender is here, so its room for the value is empty and nobody else's.
        self.link
            .cell()
            .value
            .with_mut(|room| unsafe { (*room).write(value) });
        while let Verdict::To(sent) = seen.on_send() {
            match self.link.step(seen, sent) {
                Ok(waiters) => {
                    mem::forget(self); // It has left.
                    waiters.wake(Side::Receiver);
                    return Ok(());
                }
                Err(now) => seen = now,
            }
        }
        // SAFETY: I4: the word is not SENT, so what was written above is still the sender's.
        Err(unsafe { self.link.take_value() })
    }

    /// Waits for the receiver to close or to go.
    #[inline]
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.poll_over(Side::Sender, cx)
    }
}

impl<T> Drop for SenderEnd<T> {
    fn drop(&mut self) {
        let mut seen = self.state();
        while let Verdict::To(unsent) = seen.on_sender_leaving() {
            match self.link.step(seen, unsent) {
                Ok(waiters) => return waiters.wake(Side::Receiver),
                Err(now) => seen = now,
            }
        }
        // SAFETY: I1: the receiver has left, and so the sender was the last. I4: there is no value.
        unsafe { self.link.free() };
    }
}

/// The receiver's hold of the cell. Dropping it leaves, and drops the value if one is there.
pub(super) struct ReceiverEnd<T> {
    link: Link<T>,
}

impl<T> ReceiverEnd<T> {
    pub(super) fn state(&self) -> State {
        self.link.cell().state.load()
    }

    /// Waits for the word to leave OPEN.
    #[inline]
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.poll_over(Side::Receiver, cx)
    }

    /// Takes no value any more, but for one that is there.
    pub(super) fn close(&mut self) {
        let mut seen = self.state();
        while let Verdict::To(closed) = seen.on_close() {
            match self.link.step(seen, closed) {
                Ok(waiters) => return waiters.wake(Side::Sender),
                Err(now) => seen = now,
            }
        }
    }

    /// Leaves, with the value if one is there.
    #[inline]
    pub(super) fn leave(self) -> Option<T> {
        // Not dropped again, also if the sender's waker panics.
        ManuallyDrop::new(self).link.leave_as_receiver()
    }
}

impl<T> Drop for ReceiverEnd<T> {
    fn drop(&mut self) {
        // The value's destructor runs when the cell is no more: it may panic, and it may do as it likes.
        drop(self.link.leave_as_receiver());
    }
}

/// One half's pointer to the cell.
struct Link<T>(NonNull<Cell<T>>);

// SAFETY: an end may go to another thread as its T may, since it hands over a T and nothing else that is tied to a
// thread: wakers are Send and Sync, and whoever frees the cell comes last (I1).
unsafe impl<T: Send> Send for Link<T> {}
// SAFETY: through a shared end one can only look at the state word, which I1 keeps alive.
unsafe impl<T: Send> Sync for Link<T> {}

impl<T> Link<T> {
    #[inline(always)]
    fn cell(&self) -> &Cell<T> {
        // SAFETY: I1: this half has not left, so the cell is there.
        let cell = unsafe { self.0.as_ref() };
        cell.life.with(|_| ());
        cell
    }

    /// Moves the word out of `seen`, by I2 with all the wakers that it speaks of.
    #[inline]
    fn step(&self, seen: State, next: State) -> Result<Waiters, State> {
        let cell = self.cell();
        let receiver = seen.waits(Side::Receiver).then(|| cell.receiver.read());
        let sender = seen.waits(Side::Sender).then(|| cell.sender.read());
        cell.state.step(seen, next)?;
        // From here on the cell may be gone, if `next` says that this half has left.
        //
        // SAFETY: I3: `seen` spoke of these wakers and did not change before the step, so the words that were read
        // are theirs; and by I2 the step has taken them over.
        Ok(unsafe {
            Waiters {
                receiver: receiver.map(|words| words.into_waker()),
                sender: sender.map(|words| words.into_waker()),
            }
        })
    }

    #[inline]
    fn poll_over(&self, side: Side, cx: &mut Context<'_>) -> Poll<()> {
        let seen = self.cell().state.load();
        if seen.is_open() {
            self.wait(side, seen, cx.waker())
        } else {
            Poll::Ready(())
        }
    }

    /// Leaves `waker` in the slot of `side`, whose caller must be, unless the word leaves OPEN first.
    ///
    /// The wakers' own code (clone, drop) runs before the first step and after the last.
    fn wait(&self, side: Side, mut seen: State, waker: &Waker) -> Poll<()> {
        let cell = self.cell();
        let slot = match side {
            Side::Receiver => &cell.receiver,
            Side::Sender => &cell.sender,
        };
        if seen.waits(side) && slot.holds(waker) {
            return Poll::Pending;
        }
        let waker = waker.clone();
        let mut old = None;
        while seen.waits(side) {
            let words = slot.read();
            match cell.state.step(seen, seen.not_waiting(side)) {
                Ok(()) => {
                    // SAFETY: I2, I3: these are the words of the waker that the step has taken back.
                    old = Some(unsafe { words.into_waker() });
                    seen = seen.not_waiting(side);
                }
                Err(now) => seen = now,
            }
        }
        slot.put(&waker); // I3: the word does not speak of this slot.
        while seen.is_open() {
            match cell.state.step(seen, seen.waiting(side)) {
                Ok(()) => {
                    mem::forget(waker); // I2: it is the word's.
                    drop(old);
                    return Poll::Pending;
                }
                Err(now) => seen = now,
            }
        }
        Poll::Ready(())
    }

    /// The receiver's leaving; this link is not to be used again.
    #[inline]
    fn leave_as_receiver(&self) -> Option<T> {
        let mut seen = self.cell().state.load();
        while let Verdict::To(deaf) = seen.on_receiver_leaving() {
            match self.step(seen, deaf) {
                Ok(waiters) => {
                    waiters.wake(Side::Sender);
                    return None;
                }
                Err(now) => seen = now,
            }
        }
        // SAFETY: I1: the sender has left, and so the receiver was the last. I4: a SENT value is the receiver's, who
        // takes it here, once, for it leaves.
        unsafe {
            let value = (seen == State::SENT).then(|| self.take_value());
            self.free();
            value
        }
    }

    /// Moves the value out.
    ///
    /// # Safety
    ///
    /// There is one, it is the caller's (I4), and this is the last that is done with it.
    #[inline(always)]
    unsafe fn take_value(&self) -> T {
        // SAFETY: I4, as the caller promises.
        self.cell()
            .value
            .with(|room| unsafe { (*room).assume_init_read() })
    }

    /// Frees the cell, without looking for a value or for wakers.
    ///
    /// # Safety
    ///
    /// The other half has left (I1), and neither link is used again.
    #[inline]
    unsafe fn free(&self) {
        // SAFETY: I1: nobody else is here, as the caller promises.
        unsafe {
            self.0.as_ref().life.with_mut(|_| ());
            heap::free(self.0);
        }
    }
}

/// The wakers that a step has taken out of the cell.
#[must_use]
struct Waiters {
    receiver: Option<Waker>,
    sender: Option<Waker>,
}

impl Waiters {
    /// Wakes `peer`, then drops the caller's own waker, also if waking panics.
    #[inline]
    fn wake(self, peer: Side) {
        let (peer, _own) = match peer {
            Side::Receiver => (self.receiver, self.sender),
            Side::Sender => (self.sender, self.receiver),
        };
        if let Some(waker) = peer {
            waker.wake();
        }
    }
}
