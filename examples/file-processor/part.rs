//! Entries to a part of the figures, on a thread.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use aqueduct_cancel::CancelScope;

use crate::file_type::FileType;
use crate::read::{FileCounter, Uncounted};
use crate::tally::{Counts, Size};
use crate::walk::Found;

/// What was made of some entries.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) counts: Counts,
    /// A row for each file that is in the counts, if anybody wants to have them.
    pub(crate) rows: Vec<Row>,
}

/// A file that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: PathBuf,
    pub(crate) file_type: FileType,
    pub(crate) size: Size,
}

/// Whether parts have rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Wanted,
    Unwanted,
}

/// Makes parts, on as many threads as call it.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Those that no thread uses now: their buffers are large, and there are no more of them than threads.
    idle: Mutex<Vec<FileCounter>>,
    scope: CancelScope,
    rows: Rows,
}

impl Counters {
    /// Once `scope` is cancelled, what is not counted yet is left out.
    pub(crate) fn new(scope: &CancelScope, rows: Rows) -> Self {
        Self {
            idle: Mutex::default(),
            scope: scope.clone(),
            rows,
        }
    }

    /// Counts files, and what is no file. Blocks.
    pub(crate) fn count(&self, entries: Vec<Found>) -> Part {
        let idle = self.lock().pop();
        let mut counter = idle.unwrap_or_else(|| FileCounter::new(self.scope.clone()));
        let mut part = Part::default();
        for entry in entries {
            if self.scope.is_cancelled() {
                break;
            }
            match entry {
                Found::File(path, _) => match counter.count(&path, &mut part.counts) {
                    Ok((file_type, size)) if self.rows == Rows::Wanted => part.rows.push(Row {
                        path,
                        file_type,
                        size,
                    }),
                    Ok(_) => {}
                    Err(Uncounted::Skipped(why)) => part.counts.skip(why),
                    Err(Uncounted::Stopped) => break,
                },
                Found::Skipped(why) => part.counts.skip(why),
                Found::LeftOut => part.counts.left_out += 1,
            }
        }
        self.lock().push(counter);
        part
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<FileCounter>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
