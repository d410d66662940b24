//! Bytes to numbers: what a line, a word and an identifier is.
//!
//! All of it is defined on bytes, so that it means something for any text, in UTF-8 or not:
//!
//! - a *line* is a newline byte, as `wc -l` has it: a last line without one is not counted;
//! - a *word* is a longest run of bytes that are not ASCII white space (space, `\t \n \v \f \r`);
//! - an *identifier* is a longest run of `A-Z a-z 0-9 _` that does not begin with a digit and is
//!   [`NAME_MIN`] to [`NAME_MAX`] bytes long. Keywords, and words in comments and strings, are
//!   identifiers like any other; `0x1f` is none; a letter outside ASCII ends a run.
//!
//! [`Counter`] takes a text in chunks cut anywhere and gives the same numbers as for the text in one
//! piece. It carries two things from a chunk to the next: whether the last byte was inside a word,
//! and the run of name bytes that the cut may have divided. A run too long to be a name is carried
//! only as far as needed to know that, so a file that is one endless run takes no memory.

use crate::tally::Tally;

/// The shortest identifier that is counted, in bytes.
pub(crate) const NAME_MIN: usize = 2;

/// The longest identifier that is counted, in bytes: longer runs are data (base64, say), not names.
pub(crate) const NAME_MAX: usize = 64;

/// Counts one text, given in chunks, into a tally.
#[derive(Debug)]
pub(crate) struct Counter<'a> {
    tally: &'a mut Tally,
    inside_word: bool,
    /// The run of name bytes that the end of the last chunk may have cut, at most `NAME_MAX + 1`.
    cut: Vec<u8>,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(tally: &'a mut Tally) -> Self {
        Self {
            tally,
            inside_word: false,
            cut: Vec::new(),
        }
    }

    /// Counts the next chunk of the text.
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        self.tally.bytes += chunk.len() as u64;
        self.tally.lines += newlines(chunk);
        self.tally.words += word_starts(chunk, self.inside_word);
        if let Some(&last) = chunk.last() {
            self.inside_word = !is_space(last);
        }
        self.names(chunk);
    }

    /// Counts what the end of the text completes, and the file itself.
    pub(crate) fn finish(mut self) {
        self.end_cut_run();
        self.tally.files += 1;
    }

    fn names(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        if !self.cut.is_empty() {
            let more = run_length(rest);
            self.extend_cut_run(&rest[..more]);
            rest = &rest[more..];
            if rest.is_empty() {
                return;
            }
            self.end_cut_run();
        }
        while let Some(start) = rest.iter().position(|&byte| is_name_byte(byte)) {
            rest = &rest[start..];
            let length = run_length(rest);
            if length == rest.len() {
                self.extend_cut_run(rest);
                return;
            }
            self.end_run(rest, length);
            rest = &rest[length..];
        }
    }

    fn extend_cut_run(&mut self, bytes: &[u8]) {
        let room = NAME_MAX + 1 - self.cut.len();
        self.cut.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_cut_run(&mut self) {
        let run = std::mem::take(&mut self.cut);
        self.end_run(&run, run.len());
    }

    /// Takes the first `length` bytes of `text`, a whole run, for a name if they are one.
    fn end_run(&mut self, text: &[u8], length: usize) {
        if (NAME_MIN..=NAME_MAX).contains(&length) && !text[0].is_ascii_digit() {
            self.tally.names.add(text, length);
        }
    }
}

/// So few bytes that a count of some of them fits into a byte: sums of bytes are what the compiler
/// makes vector instructions of, sixteen at a time.
const BLOCK: usize = 240;

fn newlines(chunk: &[u8]) -> u64 {
    let blocks = chunk.chunks(BLOCK);
    blocks
        .map(|block| {
            u64::from(
                block
                    .iter()
                    .map(|&byte| u8::from(byte == b'\n'))
                    .sum::<u8>(),
            )
        })
        .sum()
}

/// How many words begin in `chunk`: bytes of a word that follow a byte of none.
fn word_starts(chunk: &[u8], inside_word: bool) -> u64 {
    let Some(&first) = chunk.first() else {
        return 0;
    };
    let mut inner = 0;
    for (before, bytes) in chunk.chunks(BLOCK).zip(chunk[1..].chunks(BLOCK)) {
        let starts = before
            .iter()
            .zip(bytes)
            .map(|(&a, &b)| u8::from(is_space(a) & !is_space(b)));
        inner += u64::from(starts.sum::<u8>());
    }
    inner + u64::from(!inside_word & !is_space(first))
}

/// How many bytes at the front of `bytes` can be part of a name.
fn run_length(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| !is_name_byte(byte))
        .unwrap_or(bytes.len())
}

/// White space as C's `isspace` has it; the standard library's `is_ascii_whitespace` has no `\v`.
fn is_space(byte: u8) -> bool {
    // No short cut between the two halves: without a branch, eight bytes go at a time.
    (byte == b' ') | (byte.wrapping_sub(b'\t') < 5)
}

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

/// A table, since the comparisons it replaces are mispredicted at every end of a name.
const NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || character == b'_';
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
