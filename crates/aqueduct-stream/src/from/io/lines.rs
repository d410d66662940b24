//! Lines.
//!
//! A line that lies in the reader's buffer is made into an item from there; only one that began in an earlier buffer is put
//! together in one of ours. A pull takes the lines of one buffer and never waits for another, so a buffer is a chunk.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, BufReader};

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of the lines of a reader, without their `\n` or `\r\n`. What is behind the last is a line, too, unless it is
/// nothing.
///
/// The lines of one of the reader's buffers are one chunk, so give it a large one. For a reader without a buffer, use
/// [`tokio::io::BufReader`]; for a file there is [`lines_of_file`].
///
/// Holds a line that is not at its end yet: up to [16 MiB](Lines::LEN_MAX), or what
/// [`with_line_len_max`](Flow::with_line_len_max) says. A longer line is an error, a [`LineError`], and the last item; so is
/// an error of the reader. A line that is not UTF-8 is an error in its place, and the lines behind it follow;
/// [`byte_lines`] minds no encoding.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> std::io::Result<()> {
/// let text = &b"one\ntwo\r\nthree"[..];
/// let lines: Vec<_> = aqueduct_stream::lines(text).collect().await;
/// let lines = lines.into_iter().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(lines, ["one", "two", "three"]);
/// # Ok(())
/// # }
/// ```
pub fn lines<R: AsyncBufRead>(reader: R) -> Flow<Lines<R>> {
    Flow::new(Lines {
        lines: ByteLines::new(reader),
    })
}

/// [`lines`] as bytes, of whatever encoding.
pub fn byte_lines<R: AsyncBufRead>(reader: R) -> Flow<ByteLines<R>> {
    Flow::new(ByteLines::new(reader))
}

/// Opens a file, and gives its [`lines`], as they are read in blocks of 64 KiB.
///
/// # Errors
///
/// If the file cannot be opened.
///
/// # Cancel safety
///
/// *Strict*: dropping it changes nothing.
pub async fn lines_of_file(path: impl AsRef<Path>) -> io::Result<Flow<Lines<BufReader<File>>>> {
    let file = File::open(path).await?;
    Ok(lines(BufReader::with_capacity(FILE_BUFFER, file)))
}

const FILE_BUFFER: usize = 64 * 1024;

impl<R> Flow<Lines<R>> {
    /// How long a line may be, in bytes, its end not counted.
    pub fn with_line_len_max(self, bytes: usize) -> Self
    where
        R: AsyncBufRead,
    {
        self.rebuilt(|mut lines| {
            lines.lines.splitter.len_max = bytes;
            lines
        })
    }
}

impl<R> Flow<ByteLines<R>> {
    /// How long a line may be, in bytes, its end not counted.
    pub fn with_line_len_max(self, bytes: usize) -> Self
    where
        R: AsyncBufRead,
    {
        self.rebuilt(|mut lines| {
            lines.splitter.len_max = bytes;
            lines
        })
    }
}

pin_project! {
    /// The source of [`lines`].
    pub struct Lines<R> {
        #[pin]
        lines: ByteLines<R>,
    }
}

pin_project! {
    /// The source of [`byte_lines`].
    pub struct ByteLines<R> {
        #[pin]
        reader: R,
        splitter: Splitter,
    }
}

impl<R> Lines<R> {
    /// How long a line may be, in bytes, unless something else is said: 16 MiB.
    pub const LEN_MAX: usize = ByteLines::<R>::LEN_MAX;
}

impl<R> ByteLines<R> {
    /// How long a line may be, in bytes, unless something else is said: 16 MiB.
    pub const LEN_MAX: usize = 16 * 1024 * 1024;

    fn new(reader: R) -> Self {
        Self {
            reader,
            splitter: Splitter::new(Self::LEN_MAX),
        }
    }
}

/// Where a line was that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Its number, the first being 1.
    pub line: u64,
    /// How many bytes of the reader came before it; for one that is not UTF-8, before the byte where that shows.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: LineErrorKind,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineErrorKind {
    /// It has more bytes than this.
    TooLong(usize),
    /// It is not UTF-8. Here it is.
    NotUtf8(Vec<u8>),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, offset, kind } = self;
        match kind {
            LineErrorKind::TooLong(max) => {
                write!(
                    f,
                    "line {line}, from byte {offset} on, is longer than {max} bytes"
                )
            }
            LineErrorKind::NotUtf8(_) => write!(f, "line {line} is not UTF-8 at byte {offset}"),
        }
    }
}

impl Error for LineError {}

impl From<LineError> for io::Error {
    fn from(error: LineError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

impl<R: AsyncBufRead> ByteLines<R> {
    fn poll_lines<T, O>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        outlet: &mut O,
        make: impl Fn(Line<'_>) -> io::Result<T>,
    ) -> Poll<Pull>
    where
        O: Outlet<io::Result<T>> + ?Sized,
    {
        let mut this = self.project();
        let buffer = match ready!(this.reader.as_mut().poll_fill_buf(cx)) {
            Ok(buffer) => buffer,
            Err(error) => {
                let _ = outlet.push(Err(error));
                return Poll::Ready(Pull::End);
            }
        };
        if buffer.is_empty() {
            if let Some(last) = this.splitter.finish() {
                let _ = outlet.push(last.map_err(io::Error::from).and_then(make));
            }
            return Poll::Ready(Pull::End);
        }
        let (mut taken, mut failed) = (0, None);
        for _ in 0..outlet.room().min(CHUNK) {
            match this.splitter.next(&buffer[taken..]) {
                Ok((len, line)) => {
                    taken += len;
                    let Some(line) = line else { break };
                    if outlet.push(make(line)).is_break() {
                        break;
                    }
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        // Also what was given before an error: the reader goes on at the line that is wrong.
        this.reader.consume(taken);
        match failed {
            None => Poll::Ready(Pull::More),
            Some(error) => {
                let _ = outlet.push(Err(error.into()));
                Poll::Ready(Pull::End)
            }
        }
    }
}

impl<R: AsyncBufRead> Source for Lines<R> {
    type Item = io::Result<String>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<io::Result<String>> + ?Sized,
    {
        self.project()
            .lines
            .poll_lines(cx, outlet, |line| line.into_text())
    }
}

impl<R: AsyncBufRead> Source for ByteLines<R> {
    type Item = io::Result<Vec<u8>>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<io::Result<Vec<u8>>> + ?Sized,
    {
        self.poll_lines(cx, outlet, |line| Ok(line.bytes.into_owned()))
    }
}

impl<R: fmt::Debug> fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lines").field(&self.lines).finish()
    }
}

impl<R: fmt::Debug> fmt::Debug for ByteLines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteLines")
            .field("reader", &self.reader)
            .field("lines", &self.splitter.lines)
            .field("partial", &self.splitter.partial.len())
            .finish_non_exhaustive()
    }
}

/// A line as it was found, and where.
struct Line<'a> {
    number: u64,
    offset: u64,
    bytes: Cow<'a, [u8]>,
}

impl Line<'_> {
    fn into_text(self) -> io::Result<String> {
        String::from_utf8(self.bytes.into_owned()).map_err(|error| {
            let error = LineError {
                line: self.number,
                offset: self.offset + error.utf8_error().valid_up_to() as u64,
                kind: LineErrorKind::NotUtf8(error.into_bytes()),
            };
            error.into()
        })
    }
}

/// Parts bytes into lines.
struct Splitter {
    /// The beginning of a line of which the end is still to come.
    partial: Vec<u8>,
    len_max: usize,
    /// How many lines there were.
    lines: u64,
    /// How many bytes were before the one that comes.
    offset: u64,
}

impl Splitter {
    fn new(len_max: usize) -> Self {
        Self {
            partial: Vec::new(),
            len_max,
            lines: 0,
            offset: 0,
        }
    }

    /// The next line of these bytes, and how many it takes of them; without a line, they all are the beginning of one.
    fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Option<Line<'a>>), LineError> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            let len = self.partial.len() + bytes.len();
            // A `\r` at the end may turn out not to count.
            if len - usize::from(bytes.ends_with(b"\r")) > self.len_max {
                return Err(self.too_long());
            }
            self.partial.extend_from_slice(bytes);
            return Ok((bytes.len(), None));
        };
        let whole = self.partial.len() + end + 1;
        let line = if self.partial.is_empty() {
            Cow::Borrowed(without_return(&bytes[..end]))
        } else {
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&bytes[..end]);
            line.truncate(without_return(&line).len());
            Cow::Owned(line)
        };
        Ok((end + 1, Some(self.line(line, whole)?)))
    }

    /// What is behind the last end of a line.
    fn finish(&mut self) -> Option<Result<Line<'static>, LineError>> {
        let line = std::mem::take(&mut self.partial);
        let len = line.len();
        (len > 0).then(|| self.line(Cow::Owned(line), len))
    }

    fn line<'a>(&mut self, bytes: Cow<'a, [u8]>, whole: usize) -> Result<Line<'a>, LineError> {
        if bytes.len() > self.len_max {
            return Err(self.too_long());
        }
        let offset = self.offset;
        self.lines += 1;
        self.offset += whole as u64;
        Ok(Line {
            number: self.lines,
            offset,
            bytes,
        })
    }

    fn too_long(&self) -> LineError {
        LineError {
            line: self.lines + 1,
            offset: self.offset,
            kind: LineErrorKind::TooLong(self.len_max),
        }
    }
}

/// Without the `\r` before its `\n`.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
