//! What readers give.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_stream::{
    CHUNK, Flow, LineError, LineErrorKind, Source, byte_lines, bytes, lines, lines_of_file,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, duplex};

async fn read<S: Source<Item = io::Result<T>>, T>(flow: Flow<S>) -> (Vec<T>, Option<io::Error>) {
    let mut items = Vec::new();
    let mut error = None;
    let all: Vec<io::Result<T>> = flow.collect().await;
    for item in all {
        assert!(error.is_none(), "something comes after the error");
        match item {
            Ok(item) => items.push(item),
            Err(e) => error = Some(e),
        }
    }
    (items, error)
}

#[tokio::test]
async fn lines_are_as_the_standard_librarys() {
    let text = "one\n\ntwo\r\nthree with \r inside\n\nlast".repeat(100);
    for capacity in [1, 2, 3, 7, 64, 100_000] {
        let reader = BufReader::with_capacity(capacity, text.as_bytes());
        let (read, error) = read(lines(reader)).await;
        assert!(error.is_none());
        assert_eq!(read, text.lines().collect::<Vec<_>>());
    }
    assert!(read(lines(&b""[..])).await.0.is_empty());
}

#[tokio::test]
async fn all_lines_of_a_buffer_are_a_chunk() {
    let (mut writer, reader) = duplex(4096);
    let mut flow = lines(BufReader::new(reader));
    writer.write_all(b"a\nb\nc\nbegun").await.unwrap();
    let mut items = Vec::new();
    assert_eq!(flow.next_many(&mut items, 100).await, 3);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(pin!(flow.next()).poll(&mut cx).is_pending());
    writer.write_all(b" and ended\n").await.unwrap();
    assert_eq!(flow.next().await.unwrap().unwrap(), "begun and ended");
    drop(writer);
    assert!(flow.next().await.is_none());
}

#[tokio::test]
async fn what_was_given_before_an_error_has_left_the_reader() {
    let text = &b"a\nb\ntoolong\nc\n"[..];
    let mut reader = BufReader::new(text);
    let (read, error) = read(lines(&mut reader).with_line_len_max(3)).await;
    assert_eq!(read, ["a", "b"]);
    assert!(error.is_some());
    let mut rest = String::new();
    reader.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "toolong\nc\n");
}

#[tokio::test]
async fn no_line_leaves_the_reader_that_was_not_asked_for() {
    let text = (0..300).map(|n| format!("{n}\n")).collect::<String>();
    let mut flow = lines(text.as_bytes());
    for n in 0..300 {
        let read = flow.next().await.unwrap().unwrap();
        assert_eq!(read, n.to_string());
    }
    assert!(flow.next().await.is_none());
    const { assert!(300 > CHUNK) };
}

#[tokio::test]
async fn a_line_that_is_too_long_is_an_error_and_the_last_item() {
    let flow = lines(&b"12345\n123456\nnext\n"[..]).with_line_len_max(5);
    let (items, error) = read(flow).await;
    assert_eq!(items, ["12345"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(
        error.to_string(),
        "line 2, from byte 6 on, is longer than 5 bytes"
    );

    // Its end is not waited for.
    let (mut writer, reader) = duplex(4096);
    writer.write_all(b"123456").await.unwrap();
    let mut flow = byte_lines(BufReader::new(reader)).with_line_len_max(5);
    let limit = Duration::from_secs(60);
    let next = tokio::time::timeout(limit, flow.next()).await.unwrap();
    assert!(next.unwrap().is_err());
    assert!(flow.next().await.is_none());
}

#[tokio::test]
async fn what_is_not_utf_8_is_an_error_in_its_place() {
    let text = &b"good\nab\xff\xfec\nmore\n"[..];
    let items: Vec<io::Result<String>> = lines(text).collect().await;
    let [Ok(first), Err(error), Ok(last)] = &items[..] else {
        panic!("{items:?}");
    };
    assert_eq!((first.as_str(), last.as_str()), ("good", "more"));
    assert_eq!(error.to_string(), "line 2 is not UTF-8 at byte 7");
    let error: &LineError = error.get_ref().unwrap().downcast_ref().unwrap();
    let kind = LineErrorKind::NotUtf8(b"ab\xff\xfec".to_vec());
    assert_eq!((error.line, error.offset, &error.kind), (2, 7, &kind));

    let (items, error) = read(byte_lines(text)).await;
    assert!(error.is_none());
    assert_eq!(items, [&b"good"[..], b"ab\xff\xfec", b"more"]);
}

struct Failing(&'static [u8]);

impl tokio::io::AsyncRead for Failing {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(io::Error::other("broken")));
        }
        buffer.put_slice(std::mem::take(&mut self.0));
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn an_error_of_the_reader_comes_last() {
    let (items, error) = read(lines(BufReader::new(Failing(b"a\nb\nc")))).await;
    assert_eq!(items, ["a", "b"]);
    assert_eq!(error.unwrap().to_string(), "broken");
    let (items, error) = read(bytes(Failing(b"abc"), 10)).await;
    assert_eq!(items, [&b"abc"[..]]);
    assert_eq!(error.unwrap().to_string(), "broken");
}

#[tokio::test]
async fn a_file_has_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let text = (0..20_000)
        .map(|n| format!("line {n}\n"))
        .collect::<String>();
    std::fs::write(&path, &text).unwrap();
    let (items, error) = read(lines_of_file(&path).await.unwrap()).await;
    assert!(error.is_none());
    assert_eq!(items, text.lines().collect::<Vec<_>>());
    assert!(lines_of_file(folder.path().join("none")).await.is_err());
}

#[tokio::test]
async fn bytes_come_as_they_are_read() {
    let data: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    for len_max in [1000, 7000, 1_000_000] {
        let (items, error) = read(bytes(&data[..], len_max)).await;
        assert!(error.is_none());
        assert!(
            items
                .iter()
                .all(|bytes| (1..=len_max).contains(&bytes.len()))
        );
        assert_eq!(items.concat(), data);
    }
    // What is there is given at once.
    let (mut writer, reader) = duplex(64);
    writer.write_all(b"abc").await.unwrap();
    let mut flow = bytes(reader, 10);
    assert_eq!(&flow.next().await.unwrap().unwrap()[..], b"abc");
}

/// Reading can be dropped at every poll, and goes on where it was.
#[tokio::test]
async fn nothing_is_lost_by_dropping_a_wait() {
    let (mut writer, reader) = duplex(3);
    let sending = tokio::spawn(async move {
        for n in 0..50 {
            writer
                .write_all(format!("line {n}\n").as_bytes())
                .await
                .unwrap();
        }
    });
    let mut flow = lines(BufReader::with_capacity(4, reader));
    let mut items = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match pin!(flow.next()).poll(&mut cx) {
            Poll::Ready(Some(line)) => items.push(line.unwrap()),
            Poll::Ready(None) => break,
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    sending.await.unwrap();
    assert_eq!(
        items,
        (0..50).map(|n| format!("line {n}")).collect::<Vec<_>>()
    );
}
