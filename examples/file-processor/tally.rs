//! Numbers added up: of a file type ([`Tally`]), of its identifiers ([`Names`]), of all ([`Counts`]).
//!
//! A [`Counts`] is at once what a thread makes of some files (a part) and what the report is made of (the
//! sum of the parts). Adding is commutative and loses nothing, so the sum does not depend on which thread
//! read which file, nor on the order in which parts arrive.

use std::collections::{BTreeMap, HashMap};

use crate::file_type::FileType;
use crate::skip::Skip;

pub(crate) use names::Names;

mod hash;
mod names;

/// What was counted and what was skipped.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) types: HashMap<FileType, Tally>,
    pub(crate) skipped: BTreeMap<Skip, u64>,
    /// Directories not entered by rule (`.git`, build output).
    pub(crate) left_out: u64,
}

/// The figures of one file type.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) words: u64,
    pub(crate) names: Names,
}

/// How much text there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) words: u64,
}

impl Size {
    /// What came to `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            lines: self.lines - before.lines,
            words: self.words - before.words,
        }
    }
}

impl Counts {
    /// Adds all of `part`.
    pub(crate) fn merge(&mut self, part: Self) {
        for (file_type, tally) in part.types {
            self.types.entry(file_type).or_default().merge(tally);
        }
        for (why, count) in part.skipped {
            *self.skipped.entry(why).or_default() += count;
        }
        self.left_out += part.left_out;
    }

    pub(crate) fn skip(&mut self, why: Skip) {
        *self.skipped.entry(why).or_default() += 1;
    }

    /// Files counted and entries skipped.
    pub(crate) fn entries(&self) -> u64 {
        self.files() + self.skipped.values().sum::<u64>()
    }

    pub(crate) fn files(&self) -> u64 {
        self.types.values().map(|tally| tally.files).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.types.values().map(|tally| tally.bytes).sum()
    }
}

impl Tally {
    pub(crate) fn size(&self) -> Size {
        Size {
            bytes: self.bytes,
            lines: self.lines,
            words: self.words,
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.words += other.words;
        self.names.merge(other.names);
    }
}

#[cfg(test)]
mod tests;
