//! What a decoder makes of bytes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;
use tokio_util::codec::Decoder;
use tokio_util::io::poll_read_buf;

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of what a decoder of `tokio-util` makes of the bytes of a reader. All frames of a read are one chunk.
///
/// Holds the bytes that have been read and are in no frame yet: as many as the decoder waits for, and one read. An error,
/// be it the reader's or the decoder's, is the last item, and what was decoded before it comes before it. At the end of the
/// reader the decoder has its say, `decode_eof`.
pub fn frames<R, D>(reader: R, decoder: D) -> Flow<Frames<R, D>>
where
    R: AsyncRead,
    D: Decoder,
{
    Flow::new(Frames {
        reader,
        decoder,
        buffer: BytesMut::new(),
        hungry: true,
        ended: false,
    })
}

pin_project! {
    /// The source of [`frames`].
    pub struct Frames<R, D> {
        #[pin]
        reader: R,
        decoder: D,
        buffer: BytesMut,
        // The decoder has said that it needs more.
        hungry: bool,
        // The reader has.
        ended: bool,
    }
}

impl<R: AsyncRead, D: Decoder> Source for Frames<R, D> {
    type Item = Result<D::Item, D::Error>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let this = self.project();
        if *this.hungry && !*this.ended {
            this.buffer.reserve(READ);
            match ready!(poll_read_buf(this.reader, cx, this.buffer)) {
                Ok(0) => *this.ended = true,
                Ok(_) => {}
                Err(error) => {
                    let _ = outlet.push(Err(error.into()));
                    return Poll::Ready(Pull::End);
                }
            }
        }
        *this.hungry = false;
        for _ in 0..outlet.room().min(CHUNK) {
            let decoded = match *this.ended {
                false => this.decoder.decode(this.buffer),
                true => this.decoder.decode_eof(this.buffer),
            };
            let item = match decoded {
                Ok(Some(item)) => Ok(item),
                Ok(None) if *this.ended => return Poll::Ready(Pull::End),
                Ok(None) => {
                    *this.hungry = true;
                    break;
                }
                Err(error) => {
                    let _ = outlet.push(Err(error));
                    return Poll::Ready(Pull::End);
                }
            };
            if outlet.push(item).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }
}

/// A read has room for so many bytes at least.
const READ: usize = 8 * 1024;

impl<R: fmt::Debug, D> fmt::Debug for Frames<R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames")
            .field("reader", &self.reader)
            .field("buffered", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
