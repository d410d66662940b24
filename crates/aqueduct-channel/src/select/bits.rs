//! A set of small numbers.

const BITS: usize = u64::BITS as usize;

/// A set of small numbers, in as many words as the largest needs.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn set(&mut self, index: usize) {
        let word = index / BITS;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (index % BITS);
    }

    pub(super) fn clear(&mut self, index: usize) {
        if let Some(word) = self.0.get_mut(index / BITS) {
            *word &= !(1 << (index % BITS));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The smallest number in `[from, to)`.
    pub(super) fn first_in(&self, from: usize, to: usize) -> Option<usize> {
        let first = from / BITS;
        for (word, bits) in self.0.iter().enumerate().skip(first) {
            let mut bits = *bits;
            if word == first {
                bits &= u64::MAX << (from % BITS);
            }
            if bits != 0 {
                let index = word * BITS + bits.trailing_zeros() as usize;
                return (index < to).then_some(index);
            }
        }
        None
    }

    /// Moves all numbers into another set.
    pub(super) fn drain_into(&mut self, other: &mut Self) {
        if self.0.len() > other.0.len() {
            other.0.resize(self.0.len(), 0);
        }
        for (from, to) in self.0.iter_mut().zip(&mut other.0) {
            *to |= std::mem::take(from);
        }
    }
}
