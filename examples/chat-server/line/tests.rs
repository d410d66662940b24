use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::*;

/// Gives its bytes in pieces of a size.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self
            .bytes
            .len()
            .min(self.at + self.size.min(into.remaining()));
        into.put_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

async fn read(bytes: &[u8], size: usize) -> (Vec<Incoming>, usize) {
    let pieces = Pieces {
        bytes: bytes.to_vec(),
        at: 0,
        size,
    };
    let mut reader = LineReader::new(pieces, 8);
    let (mut all, mut capacity) = (Vec::new(), 0);
    loop {
        match reader.next().await.unwrap() {
            Incoming::End => return (all, capacity),
            incoming => all.push(incoming),
        }
        capacity = capacity.max(reader.buffer.capacity());
    }
}

fn line(text: &str) -> Incoming {
    Incoming::Line(text.to_owned())
}

#[tokio::test]
async fn lines_are_the_same_however_they_are_cut() {
    let bytes = b"one\ntwo\r\n\n12345678\n12345678\r\n123456789\nthree\nno line";
    let wanted = [
        line("one"),
        line("two"),
        line(""),
        line("12345678"),
        line("12345678"),
        Incoming::TooLong,
        line("three"),
    ];
    for size in 1..=bytes.len() {
        let (all, _) = read(bytes, size).await;
        assert_eq!(all, wanted, "in pieces of {size}");
    }
}

#[tokio::test]
async fn a_long_line_is_told_once_and_passed_over_in_bounded_memory() {
    let mut bytes = vec![b'x'; 1 << 20];
    bytes.extend_from_slice(b"\nhere\n");
    for size in [1000, 1 << 16] {
        let (all, capacity) = read(&bytes, size).await;
        assert_eq!(all, [Incoming::TooLong, line("here")]);
        assert!(capacity <= 4 * CHUNK, "{capacity}");
    }
}

#[tokio::test]
async fn what_is_no_text_does_not_end_it() {
    let (all, _) = read(b"\xff\xfe\nfine\n", 3).await;
    assert_eq!(all, [Incoming::NotText, line("fine")]);
}
