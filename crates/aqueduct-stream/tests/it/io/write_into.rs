//! Streams that end in writers of bytes.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use aqueduct_channel::mpsc;
use aqueduct_stream::{iter, receive};
use tokio::io::{AsyncReadExt, AsyncWrite, duplex};

/// Writes a few bytes at a time, and counts flushes.
#[derive(Default)]
struct Slow {
    written: Vec<u8>,
    flushed: usize,
    flushes: usize,
    pause: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.pause = !self.pause;
        if self.pause {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let len = bytes.len().min(5);
        self.written.extend(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushed = self.written.len();
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn all_bytes_are_written_and_flushed_once() {
    let mut slow = Slow::default();
    let items = iter(0..200).map(|n| format!("item {n};"));
    let written = items.write_into(&mut slow).await.unwrap();
    let expected: String = (0..200).map(|n| format!("item {n};")).collect();
    assert_eq!(slow.written, expected.as_bytes());
    assert_eq!(written, expected.len() as u64);
    assert_eq!((slow.flushed, slow.flushes), (expected.len(), 1));

    let mut slow = Slow::default();
    iter(["a", "", "b"])
        .write_lines_into(&mut slow)
        .await
        .unwrap();
    assert_eq!(slow.written, b"a\n\nb\n");
}

#[tokio::test]
async fn it_is_flushed_when_nothing_is_ready() {
    let (feed, fed) = mpsc::channel(10);
    let mut slow = Slow::default();
    {
        let mut write = pin!(receive(fed).write_into(&mut slow));
        let mut cx = Context::from_waker(Waker::noop());
        feed.try_send("ab").unwrap();
        feed.try_send("cd").unwrap();
        for _ in 0..5 {
            assert!(write.as_mut().poll(&mut cx).is_pending());
        }
    }
    assert_eq!((&slow.written[..], slow.flushed), (&b"abcd"[..], 4));
    assert_eq!(slow.flushes, 1, "what is flushed is not flushed again");
}

#[tokio::test]
async fn large_items_do_not_pile_up() {
    let (writer, mut reader) = duplex(1 << 16);
    let item = vec![7_u8; 40_000];
    let mut items = iter(std::iter::repeat_n(&item, 50));
    {
        let mut write = pin!(items.by_ref().write_into(writer));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut cx).is_pending());
        // Of what is taken at most a little more than 64 KiB is not written.
    }
    let mut read = Vec::new();
    reader.read_to_end(&mut read).await.unwrap();
    assert_eq!(read.len(), 1 << 16);
    assert_eq!(items.count().await, 48);
}

struct Broken;

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(0))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_writer_that_takes_nothing_is_an_error() {
    let written = iter(["a"]).write_into(Broken).await;
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::WriteZero);
}
