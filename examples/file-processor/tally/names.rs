//! How often each identifier occurred.
//!
//! Source code has an identifier every six bytes or so, and looking it up is most of the work. Nearly
//! all are short, and a name of up to 16 bytes is packed into two machine words: such a key is
//! compared and hashed in a few instructions, and lies in the table itself, without an allocation.
//! (Names hold no NUL byte, so zeros may fill a key up.) Longer names go to a table of boxed slices.
//! With boxed slices for every name, the whole program reached 0.6 of its MB/s; with the standard
//! library's hash in place of [`Fast`], 0.6 as well.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::hash::Fast;

/// A table from name to count.
#[derive(Debug, Default)]
pub(crate) struct Names {
    short: HashMap<Short, u64, Fast>,
    long: HashMap<Box<[u8]>, u64, Fast>,
}

/// A name of 1 to 16 bytes, filled up with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Short([u64; 2]);

const SHORT_MAX: usize = 16;

impl Names {
    /// Counts one occurrence of the name that is the first `length` bytes of `text`.
    ///
    /// What follows the name in `text` does not matter, but a key is read faster where it is there.
    pub(crate) fn add(&mut self, text: &[u8], length: usize) {
        if length <= SHORT_MAX {
            *self.short.entry(Short::new(text, length)).or_default() += 1;
            return;
        }
        let name = &text[..length];
        match self.long.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.long.insert(name.into(), 1);
            }
        }
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (name, count) in other.short {
            *self.short.entry(name).or_default() += count;
        }
        for (name, count) in other.long {
            match self.long.entry(name) {
                Entry::Occupied(mut known) => *known.get_mut() += count,
                Entry::Vacant(new) => drop(new.insert(count)),
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many distinct names there are.
    pub(crate) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// Every name with its count, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        self.at_least(0)
    }

    /// The `n` most frequent names, the most frequent first, equals in alphabetical order.
    pub(crate) fn top(&self, n: usize) -> Vec<(String, u64)> {
        let mut counts: Vec<u64> = self
            .short
            .values()
            .chain(self.long.values())
            .copied()
            .collect();
        let least = match n.checked_sub(1) {
            None => return Vec::new(),
            Some(last) if last < counts.len() => {
                *counts.select_nth_unstable_by(last, |a, b| b.cmp(a)).1
            }
            Some(_) => 0,
        };
        // Only names that can be among them are made strings: most of a vocabulary occurs once.
        let mut top: Vec<_> = self.at_least(least).collect();
        top.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        top.truncate(n);
        top
    }

    fn at_least(&self, least: u64) -> impl Iterator<Item = (String, u64)> {
        let short = self.short.iter().filter(move |&(_, &count)| count >= least);
        let long = self.long.iter().filter(move |&(_, &count)| count >= least);
        let short = short.map(|(name, &count)| (name.into_string(), count));
        short.chain(long.map(|(name, &count)| (string(name), count)))
    }
}

impl Short {
    fn new(text: &[u8], length: usize) -> Self {
        let bytes: [u8; SHORT_MAX] = match text.first_chunk() {
            Some(window) => *window,
            None => {
                let mut bytes = [0; SHORT_MAX];
                bytes[..length].copy_from_slice(&text[..length]);
                bytes
            }
        };
        let kept = u128::MAX >> (8 * (SHORT_MAX - length));
        let word = u128::from_le_bytes(bytes) & kept;
        Self([word as u64, (word >> 64) as u64])
    }

    fn into_string(self) -> String {
        let [low, high] = self.0.map(u128::from);
        let bytes = (low | high << 64).to_le_bytes();
        let length = bytes
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(SHORT_MAX);
        string(&bytes[..length])
    }
}

fn string(name: &[u8]) -> String {
    String::from_utf8(name.to_vec()).expect("identifiers are ASCII")
}

#[cfg(test)]
mod tests;
