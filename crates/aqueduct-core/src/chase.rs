//! Whether to pause before sleeping.
//!
//! On two cores a receiver is often faster than its sender: it takes each message as it appears, so that the cache
//! lines of the slot and of the tail cross between the cores for every message, or it sleeps every few messages, and
//! each wake costs microseconds. Pausing for a few of them *without touching the shared line*, and then looking
//! again, lets a batch build up (measured: 40 to 76 ns a message without, 17 to 23 with).
//!
//! Where nobody else can make progress (one core, a current-thread runtime, an idle channel) a pause is only lost
//! time. So it must earn its keep: [`Chase`] pauses while pauses have lately brought something, and otherwise tries
//! one only now and then.

use crate::sync::spin_loop;

/// A waiter's memory of what pausing has brought.
///
/// ```text
///   credit:  0 ............ MAX
///            pause brought something: + REWARD        it brought nothing: - 1
///            credit 0: only one in `interval` sleeps is preceded by a pause;
///            if that brings nothing the interval doubles, up to a bound
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Chase {
    credit: u8,
    /// How often a probe in a row has brought nothing, up to a bound.
    misses: u8,
    since_probe: u16,
}

impl Chase {
    const MAX: u8 = 8;
    const REWARD: u8 = 2;
    const PROBE: u16 = 32;
    /// The interval doubles so often: to one probe in 512 sleeps, which is some 3 ns for each.
    const MISSES_MAX: u8 = 4;
    /// Spin-loop hints in one pause: one to four microseconds on current x86.
    const SPINS: u32 = if cfg!(aqueduct_loom) { 1 } else { 96 };

    const CREDIT_BITS: u32 = 4;
    const MISSES_BITS: u32 = 3;

    /// Starts without credit.
    pub const fn new() -> Self {
        Self {
            credit: 0,
            misses: 0,
            since_probe: 0,
        }
    }

    /// Unpacks what [`into_bits`](Self::into_bits) packed.
    pub const fn from_bits(bits: u16) -> Self {
        let misses = bits >> Self::CREDIT_BITS;
        Self {
            credit: bits as u8 & ((1 << Self::CREDIT_BITS) - 1),
            misses: misses as u8 & ((1 << Self::MISSES_BITS) - 1),
            since_probe: misses >> Self::MISSES_BITS,
        }
    }

    /// Packs it into a word, for handles that keep it in an atomic.
    pub const fn into_bits(self) -> u16 {
        (self.since_probe << Self::MISSES_BITS | self.misses as u16) << Self::CREDIT_BITS
            | self.credit as u16
    }

    /// Whether to pause before the next look.
    #[inline]
    pub fn is_worth_a_pause(&mut self) -> bool {
        if self.credit > 0 {
            return true;
        }
        self.since_probe += 1;
        if self.since_probe < Self::PROBE << self.misses {
            return false;
        }
        self.since_probe = 0;
        true
    }

    /// Notes whether a pause brought something.
    #[inline]
    pub fn note(&mut self, brought: bool) {
        if brought {
            self.credit = (self.credit + Self::REWARD).min(Self::MAX);
            self.misses = 0;
        } else if self.credit > 0 {
            self.credit -= 1;
        } else {
            self.misses = (self.misses + 1).min(Self::MISSES_MAX);
        }
    }

    /// Passes a microsecond or a few without touching anything.
    pub fn pause() {
        for _ in 0..Self::SPINS {
            spin_loop();
        }
    }

    /// Pauses, if it is worth it, and looks; says what it found.
    #[inline]
    pub fn pause_and<R>(&mut self, look: impl FnOnce() -> Option<R>) -> Option<R> {
        if !self.is_worth_a_pause() {
            return None;
        }
        Self::pause();
        let found = look();
        self.note(found.is_some());
        found
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
