//! Lines of bounded length out of bytes.
//!
//! A line that is too long is told once and passed over up to its end, so that one mistake does not cost the connection.
//! What is kept of it is nothing: memory is bounded by the limit and one read. (`LinesCodec` of tokio-util passes over in the
//! same way, and then ends the stream at a line that is no UTF-8.)

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Line(String),
    TooLong,
    NotText,
    /// Nothing more comes. What came after the last end of a line is no line.
    End,
}

#[derive(Debug)]
pub(crate) struct LineReader<R> {
    from: R,
    bytes_max: usize,
    buffer: Vec<u8>,
    /// The part of the buffer that was given already.
    start: usize,
    /// The part that was searched, and has no end of a line.
    searched: usize,
    /// In the midst of a line that is too long.
    passing_over: bool,
}

/// At least so much is read at once.
const CHUNK: usize = 2 * 1024;

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(from: R, bytes_max: usize) -> Self {
        Self {
            from,
            bytes_max,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            passing_over: false,
        }
    }

    /// The next line, without its end (`\n` or `\r\n`). Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> io::Result<Incoming> {
        loop {
            if let Some(found) = self.next_of_buffer() {
                return Ok(found);
            }
            self.make_room();
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(Incoming::End);
            }
        }
    }

    fn next_of_buffer(&mut self) -> Option<Incoming> {
        loop {
            let unsearched = &self.buffer[self.searched..];
            let Some(end) = memchr::memchr(b'\n', unsearched) else {
                self.searched = self.buffer.len();
                // One more for a `\r`.
                if !self.passing_over && self.searched - self.start > self.bytes_max + 1 {
                    self.passing_over = true;
                    self.start = self.searched;
                    return Some(Incoming::TooLong);
                }
                if self.passing_over {
                    self.start = self.searched;
                }
                return None;
            };
            let end = self.searched + end;
            let line = &self.buffer[self.start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.start = end + 1;
            self.searched = self.start;
            if std::mem::take(&mut self.passing_over) {
                continue;
            }
            return Some(if line.len() > self.bytes_max {
                Incoming::TooLong
            } else {
                match str::from_utf8(line) {
                    Ok(line) => Incoming::Line(line.to_owned()),
                    Err(_) => Incoming::NotText,
                }
            });
        }
    }

    /// An idle connection holds no buffer to speak of.
    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > CHUNK {
            self.buffer = Vec::new();
        }
        if self.buffer.capacity() - self.buffer.len() < CHUNK / 2 {
            self.buffer.reserve(CHUNK);
        }
    }
}

#[cfg(test)]
mod tests;
