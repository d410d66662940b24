//! Who pays for the barrier between "I published" and "is anybody asleep?".
//!
//! Every wait protocol in Aqueduct is the same handshake. The *hot* side publishes (a message, a free slot) and then
//! looks whether somebody sleeps; the *sleeping* side says that it sleeps and then looks once more for what was
//! published. Each must have its own store visible before its load, or both miss the other and the sleeper sleeps
//! for ever:
//!
//! ```text
//!    hot side                      sleeping side
//!    publish                       armed = true
//!    ---- store → load ----        ---- store → load ----
//!    armed?  → wake                published? → do not sleep
//! ```
//!
//! A store → load barrier costs about 10 ns, for every message, to guard against a sleep that comes once in a
//! thousand of them. [`Payer`] says who pays:
//!
//! - [`Payer::Both`]: each side runs `fence(SeqCst)`. Right where sleeping is frequent, and everywhere outside Linux.
//! - [`Payer::Sleeper`]: the hot side runs nothing but a compiler fence, and the sleeper has the kernel run a full
//!   barrier on every core that runs a thread of this process ([`heavy`], Linux's `membarrier`; 0.1 to 2 µs).
//!
//! [`Pace`] chooses, from how many messages go by between two sleeps.
//!
//! # Why the asymmetric form is right
//!
//! Let the sleeper store `armed` and then call [`heavy`]. On each core the kernel's barrier falls at some point of
//! the hot side's program. If it falls after *publish*, the publication is visible to the sleeper when `heavy`
//! returns, and its second look finds it. If it falls before *publish*, it falls before the load of `armed` too
//! (the compiler fence keeps them in order), so that load sees `armed` and the hot side wakes the sleeper. A core
//! that runs no thread of the process has passed through the scheduler's own full barrier.
//!
//! # Changing the payer
//!
//! Whether the hot side must fence is a bit of the very word that it loads *after* publishing. A sleeper that sets
//! the bit and then calls [`heavy`] is safe by the same two cases: a hot side whose load misses the bit published
//! before the barrier. So the sleeper runs [`heavy`] if the payer was, or becomes, [`Payer::Sleeper`], and a plain
//! fence only while it stays [`Payer::Both`].
//!
//! Where sleepers come from several threads (a queue's waiters), the bit is written under their lock and [`heavy`] runs
//! after it. In between the line may be emptied by a server, and a second sleeper link itself, see [`Payer::Both`] and
//! run the plain fence, while a hot side still acts on the bit of before. It may miss that publication, but the first
//! sleeper does not: its own look comes after its [`heavy`], and finds it for whoever is first in line. Hence every
//! sleeper of a queue looks on behalf of all. (Who joins a line that is not empty runs no barrier: see `wait_queue`.)
//!
//! # Under loom
//!
//! By default only [`Payer::Both`] is chosen and [`light`] is nothing, so that the two real fences stand alone. Within
//! `model::asymmetric` the payer changes as it does outside, and [`light`] and [`heavy`] are both `fence(SeqCst)`: the
//! models prove the handshake, and the two cases above argue the kernel's part.

use crate::sync::{Ordering, fence};

/// The hot side's half of the handshake where the sleeper pays: keeps the compiler from reordering, and nothing else.
#[inline(always)]
pub fn light() {
    #[cfg(not(aqueduct_loom))]
    std::sync::atomic::compiler_fence(Ordering::SeqCst); // pairs with `heavy`
    #[cfg(aqueduct_loom)]
    if is_asymmetric() {
        fence(Ordering::SeqCst); // pairs with `heavy`, which is a fence too under loom
    }
}

/// The half of the handshake that both sides run where both pay.
#[inline(always)]
pub fn full() {
    fence(Ordering::SeqCst); // pairs with the other side's `full`
}

/// The sleeper's half of the handshake where it pays: a full barrier on every core that runs this process.
///
/// # Panics
///
/// If the kernel offered `membarrier` when the process first asked and refuses it now, as after installing a seccomp
/// filter that forbids it: waits could be lost from here on. It does so each time.
#[cold]
pub fn heavy() {
    if is_asymmetric() {
        kernel::barrier();
    } else {
        full();
    }
}

/// Whether [`heavy`] can stand in for the hot side's fence here (Linux 4.14 and later, not forbidden by a filter).
#[inline]
pub fn is_asymmetric() -> bool {
    kernel::is_available()
}

/// Who runs the store → load barrier of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// Both sides run `fence(SeqCst)`.
    Both,
    /// The sleeping side runs [`heavy`], the hot side a compiler fence.
    Sleeper,
}

impl Payer {
    /// Runs the sleeper's barrier, given who paid until now.
    #[inline]
    pub fn sleeper_barrier(self, before: Payer) {
        let is_heavy = (before, self) != (Payer::Both, Payer::Both);
        #[cfg(all(test, not(aqueduct_loom)))]
        tests::note_sleepers(is_heavy);
        if is_heavy {
            heavy();
        } else {
            full();
        }
    }
}

/// Chooses the [`Payer`] from how many messages go by between two sleeps.
///
/// A running average of that number, over the last four sleeps or so (the last one, under loom). Where it is above
/// [`Pace::LIGHT_FROM`], a system call for each sleep costs less than a fence for each message; below
/// [`Pace::LIGHT_UNTIL`] it costs more. The gap between the two keeps the choice from flapping.
///
/// The figures are from a ring measured on two cores: at 16 messages a sleep the system call loses (52 → 245 ns a
/// message), at 128 it wins (60 → 33).
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    average: u16,
    payer: Payer,
}

impl Pace {
    /// From this many messages a sleep on, the sleeper pays.
    pub const LIGHT_FROM: u16 = if cfg!(aqueduct_loom) { 2 } else { 96 };
    /// The sleeper stops paying below this many messages a sleep.
    pub const LIGHT_UNTIL: u16 = if cfg!(aqueduct_loom) { 1 } else { 48 };
    const CAP: u64 = 4096;
    const MEMORY: u16 = if cfg!(aqueduct_loom) { 1 } else { 4 };

    /// Starts with a guess of how many messages will go by between two sleeps, such as a channel's capacity.
    pub fn new(messages: usize) -> Self {
        Self::start(messages, is_asymmetric())
    }

    fn start(messages: usize, asymmetric: bool) -> Self {
        // No more than a few sleeps should it take to correct a wrong guess.
        let average = messages.min(2 * Self::LIGHT_FROM as usize) as u16;
        let light = asymmetric && average >= Self::LIGHT_FROM;
        Self {
            average,
            payer: if light { Payer::Sleeper } else { Payer::Both },
        }
    }

    /// Who pays at present.
    #[inline]
    pub fn payer(&self) -> Payer {
        self.payer
    }

    /// Notes a sleep after `messages` since the one before, and returns who pays from now on.
    #[inline]
    pub fn sleep_after(&mut self, messages: u64) -> Payer {
        self.step(messages, is_asymmetric())
    }

    fn step(&mut self, messages: u64, asymmetric: bool) -> Payer {
        let messages = messages.min(Self::CAP) as u16;
        self.average = (self.average * (Self::MEMORY - 1) + messages) / Self::MEMORY;
        self.payer = match self.payer {
            _ if !asymmetric => Payer::Both,
            Payer::Both if self.average >= Self::LIGHT_FROM => Payer::Sleeper,
            Payer::Sleeper if self.average < Self::LIGHT_UNTIL => Payer::Both,
            same => same,
        };
        self.payer
    }
}

#[cfg(all(target_os = "linux", not(aqueduct_loom), not(miri)))]
#[path = "barrier/linux.rs"]
mod kernel;

#[cfg(not(all(target_os = "linux", not(aqueduct_loom), not(miri))))]
#[path = "barrier/none.rs"]
mod kernel;

#[cfg(all(test, not(aqueduct_loom)))]
pub(crate) mod tests;
