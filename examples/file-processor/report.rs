//! What the reader sees at the end: tables for people, one JSON object for programs.

use crate::output::Files;
use crate::pipeline::Outcome;

mod json;
mod tables;
#[cfg(test)]
mod tests;

/// Everything there is to tell of a run.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) files: &'a Files,
    pub(crate) verdict: &'a Verdict,
    pub(crate) workers: usize,
}

/// What the recount says of the count.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    NotAsked,
    /// Stopped before there was anything to compare.
    Unfinished,
    /// All of so many figures are the same.
    Agrees {
        figures: usize,
    },
    /// Every figure that is not, by name.
    Disagrees(Vec<Difference>),
}

/// A figure that the two passes do not agree on.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Difference {
    pub(crate) figure: String,
    pub(crate) counted: u64,
    pub(crate) recounted: u64,
}

/// How many differences are shown; one mistake in counting makes thousands.
const DIFFERENCES_SHOWN: usize = 10;
