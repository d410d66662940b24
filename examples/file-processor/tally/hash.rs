//! A hash for short names: one wide multiplication for each eight bytes.
//!
//! The standard library's hash withstands keys that somebody chose so that they collide, at a price
//! that [`Names`](super::Names) states. This one only starts from a random seed of the process: enough
//! for counting source code, not enough for what a server is sent.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Builds [`Mixer`]s; all of one process begin alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fast {
    seed: u64,
}

#[derive(Debug)]
pub(crate) struct Mixer(u64);

impl Default for Fast {
    fn default() -> Self {
        static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0u8));
        Self { seed: *SEED }
    }
}

impl BuildHasher for Fast {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer(self.seed)
    }
}

impl Mixer {
    /// Multiplies to twice the width and folds the halves, so that each bit of the input reaches
    /// both ends of the result: the table takes its place from one end and its tag from the other.
    fn mix(&mut self, word: u64) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let wide = u128::from(self.0 ^ word) * u128::from(ODD);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(
                word.try_into().expect("a chunk of eight"),
            ));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    // A slice hashes its length before its bytes, which tells "a" from "a\0".
    fn write_usize(&mut self, length: usize) {
        self.mix(length as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
