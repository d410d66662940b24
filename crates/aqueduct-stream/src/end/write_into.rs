//! Into a writer of bytes.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::unit::poll_proceed;
use pin_project_lite::pin_project;
use tokio::io::AsyncWrite;

use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # The end of a stream, in a writer of bytes
impl<S: Source> Flow<S> {
    /// Writes the bytes of all items into an [`AsyncWrite`], one behind the other, and returns how many they were.
    ///
    /// The items of a chunk are written together. The writer is flushed when the source has nothing more for the moment, and
    /// at the end; it is not shut down. Pass `&mut writer` to keep it.
    ///
    /// # Errors
    ///
    /// Of the writer. What was taken from the source and is not written is lost: up to a chunk, or a little more than 64 KiB.
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what was taken from the source and is not written, which is as much as is lost by an error; use
    /// [`next_many`](Self::next_many), and write what it gives, where that must not be.
    pub fn write_into<W>(self, writer: W) -> WriteInto<S, W>
    where
        S::Item: AsRef<[u8]>,
        W: AsyncWrite,
    {
        WriteInto::new(self, writer, b"")
    }

    /// [`write_into`](Self::write_into) with a `\n` behind each item.
    ///
    /// # Errors
    ///
    /// As [`write_into`](Self::write_into).
    ///
    /// # Cancel safety
    ///
    /// As [`write_into`](Self::write_into).
    pub fn write_lines_into<W>(self, writer: W) -> WriteInto<S, W>
    where
        S::Item: AsRef<[u8]>,
        W: AsyncWrite,
    {
        WriteInto::new(self, writer, b"\n")
    }
}

pin_project! {
    /// See [`Flow::write_into`].
    ///
    /// # Cancel safety
    ///
    /// *Lossy* for what was taken from the source and is not written: up to a chunk, or a little more than 64 KiB. Use
    /// [`Flow::next_many`] where that must not be.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct WriteInto<S, W> {
        #[pin]
        source: Flow<S>,
        #[pin]
        writer: W,
        behind: &'static [u8],
        buffer: Vec<u8>,
        // How much of the buffer is written, and of all.
        written: usize,
        total: u64,
        // Whether something is written that is not flushed.
        dirty: bool,
        ended: bool,
    }
}

impl<S, W> WriteInto<S, W> {
    fn new(source: Flow<S>, writer: W, behind: &'static [u8]) -> Self {
        Self {
            source,
            writer,
            behind,
            buffer: Vec::new(),
            written: 0,
            total: 0,
            dirty: false,
            ended: false,
        }
    }
}

struct Appending<'a> {
    buffer: &'a mut Vec<u8>,
    behind: &'static [u8],
}

impl<T: AsRef<[u8]>> Outlet<T> for Appending<'_> {
    #[inline]
    fn room(&self) -> usize {
        CHUNK
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.buffer.extend_from_slice(item.as_ref());
        self.buffer.extend_from_slice(self.behind);
        flow_if(self.buffer.len() < BUFFER)
    }
}

/// A buffer with as many bytes is written before more is taken.
const BUFFER: usize = 64 * 1024;

impl<S, W> Future for WriteInto<S, W>
where
    S: Source,
    S::Item: AsRef<[u8]>,
    W: AsyncWrite,
{
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        loop {
            while *this.written < this.buffer.len() {
                let rest = &this.buffer[*this.written..];
                match ready!(this.writer.as_mut().poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    len => *this.written += len,
                }
                *this.dirty = true;
            }
            *this.total += this.buffer.len() as u64;
            this.buffer.clear();
            *this.written = 0;
            if *this.ended {
                ready!(this.writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(*this.total));
            }
            let coop = ready!(poll_proceed(cx));
            let mut outlet = Appending {
                buffer: this.buffer,
                behind: this.behind,
            };
            let pulled = this.source.as_mut().poll_pull(cx, &mut outlet);
            if pulled == Poll::Ready(Pull::End) {
                *this.ended = true;
            }
            if pulled.is_ready() || !this.buffer.is_empty() {
                coop.made_progress();
                continue;
            }
            // Nothing is ready: what was written is not kept back.
            if *this.dirty {
                ready!(this.writer.as_mut().poll_flush(cx))?;
                *this.dirty = false;
            }
            return Poll::Pending;
        }
    }
}

impl<S: fmt::Debug, W: fmt::Debug> fmt::Debug for WriteInto<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteInto")
            .field("source", &self.source)
            .field("writer", &self.writer)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
