//! A path to numbers: opens a file, tells text from binary, and counts it chunk by chunk.
//!
//! A file is counted whole or not at all: when reading fails half-way, or Ctrl-C comes in the middle,
//! nothing of it is in the figures. A file that fits into the buffer (nearly every one) is counted
//! straight into the part to be sent, since by then nothing can fail; a larger one into a tally of
//! its own, merged at its end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aqueduct_cancel::CancelScope;

use crate::count::Counter;
use crate::file_type::FileType;
use crate::skip::Skip;
use crate::tally::{Counts, Size, Tally};

/// A NUL byte among this many bytes at the front makes a file binary.
pub(crate) const BINARY_PROBE: usize = 8 * 1024;

/// Large enough that most source files take one `read`, small enough to stay in a core's own cache.
const BUFFER: usize = 256 * 1024;

/// Why a file is not in the figures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Uncounted {
    Skipped(Skip),
    /// Ctrl-C came before its end.
    Stopped,
}

impl From<io::Error> for Uncounted {
    fn from(error: io::Error) -> Self {
        Self::Skipped(error.into())
    }
}

/// Counts files one after the other, with one buffer for all of them.
#[derive(Debug)]
pub(crate) struct FileCounter {
    buffer: Box<[u8]>,
    scope: CancelScope,
}

impl FileCounter {
    pub(crate) fn new(scope: CancelScope) -> Self {
        Self {
            buffer: vec![0; BUFFER].into(),
            scope,
        }
    }

    /// Adds the figures of the file at `path` to `counts`, and gives its own.
    pub(crate) fn count(
        &mut self,
        path: &Path,
        counts: &mut Counts,
    ) -> Result<(FileType, Size), Uncounted> {
        let mut file = File::open(path)?;
        let chunk = fill(&mut file, &mut self.buffer)?;
        if is_binary(chunk) {
            return Err(Uncounted::Skipped(Skip::Binary));
        }
        let file_type = FileType::of(path);
        if chunk.len() < BUFFER {
            let sum = counts.types.entry(file_type.clone()).or_default();
            let before = sum.size();
            let mut counter = Counter::new(sum);
            counter.feed(chunk);
            counter.finish();
            return Ok((file_type, sum.size().since(before)));
        }
        let tally = self.count_large(&mut file)?;
        let size = tally.size();
        let sum = counts.types.entry(file_type.clone()).or_default();
        sum.merge(tally);
        Ok((file_type, size))
    }

    /// Counts the full buffer and what follows it in `file`.
    fn count_large(&mut self, file: &mut File) -> Result<Tally, Uncounted> {
        let mut tally = Tally::default();
        let mut counter = Counter::new(&mut tally);
        counter.feed(&self.buffer);
        loop {
            if self.scope.is_cancelled() {
                return Err(Uncounted::Stopped);
            }
            let chunk = fill(file, &mut self.buffer)?;
            if chunk.is_empty() {
                break;
            }
            counter.feed(chunk);
        }
        counter.finish();
        Ok(tally)
    }
}

/// Whether a file that begins with `front` is to be taken for binary.
pub(crate) fn is_binary(front: &[u8]) -> bool {
    front[..front.len().min(BINARY_PROBE)].contains(&0)
}

/// Reads until `buffer` is full or the source ends; gives the part that was filled.
fn fill<'a>(source: &mut impl Read, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..filled])
}

#[cfg(test)]
mod tests;
