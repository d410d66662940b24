//! Chunks of bytes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, ReadBuf};

use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};

/// A stream of the bytes of a reader, as they come: each item is what one read gave, up to `len_max` bytes.
///
/// Holds nothing: what was read has been given on. An error of the reader is the last item.
///
/// # Panics
///
/// If `len_max` is 0.
#[track_caller]
pub fn bytes<R: AsyncRead>(reader: R, len_max: usize) -> Flow<ReadBytes<R>> {
    assert!(len_max > 0, "nothing could be read");
    Flow::new(ReadBytes {
        reader,
        buffer: Vec::new(),
        len_max,
    })
}

pin_project! {
    /// The source of [`bytes()`].
    pub struct ReadBytes<R> {
        #[pin]
        reader: R,
        // Where is read to. What is in it means nothing between pulls.
        buffer: Vec<u8>,
        len_max: usize,
    }
}

impl<R: AsyncRead> Source for ReadBytes<R> {
    type Item = io::Result<Bytes>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<io::Result<Bytes>> + ?Sized,
    {
        let this = self.project();
        // Zeroed once for each buffer that is given away, and not for each poll.
        this.buffer.resize(*this.len_max, 0);
        let mut read = ReadBuf::new(this.buffer);
        if let Err(error) = ready!(this.reader.poll_read(cx, &mut read)) {
            let _ = outlet.push(Err(error));
            return Poll::Ready(Pull::End);
        }
        let filled = read.filled();
        let len = filled.len();
        if len == 0 {
            return Poll::Ready(Pull::End);
        }
        // A buffer that is mostly empty stays; one that is mostly full is given away.
        let bytes = if len < *this.len_max / 2 {
            Bytes::copy_from_slice(filled)
        } else {
            let mut buffer = std::mem::take(this.buffer);
            buffer.truncate(len);
            Bytes::from(buffer)
        };
        let _ = outlet.push(Ok(bytes));
        Poll::Ready(Pull::More)
    }
}

impl<R: fmt::Debug> fmt::Debug for ReadBytes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBytes")
            .field("reader", &self.reader)
            .field("len_max", &self.len_max)
            .finish()
    }
}
