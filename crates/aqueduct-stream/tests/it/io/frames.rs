//! What decoders make of bytes.

use std::io;

use aqueduct_stream::frames;
use tokio::io::{AsyncWriteExt, duplex};
use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, LengthDelimitedCodec};

/// A byte with the length, and as many bytes; a length of 255 is no frame.
struct Short;

impl Decoder for Short {
    type Item = Vec<u8>;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Vec<u8>>> {
        let Some(len) = bytes.first().map(|len| usize::from(*len)) else {
            return Ok(None);
        };
        if len == 255 {
            return Err(io::Error::other("no frame"));
        }
        if bytes.len() <= len {
            return Ok(None);
        }
        bytes.advance(1);
        Ok(Some(bytes.split_to(len).to_vec()))
    }
}

#[tokio::test]
async fn all_frames_of_a_read_are_a_chunk() {
    let (mut writer, reader) = duplex(4096);
    writer.write_all(b"\x01a\x02bc\x00\x03de").await.unwrap();
    let mut flow = frames(reader, Short);
    let mut items = Vec::new();
    assert_eq!(flow.next_many(&mut items, 100).await, 3);
    writer.write_all(b"f").await.unwrap();
    drop(writer);
    assert_eq!(flow.next_many(&mut items, 100).await, 1);
    let items: Vec<Vec<u8>> = items.into_iter().map(Result::unwrap).collect();
    assert_eq!(items, [&b"a"[..], b"bc", b"", b"def"]);
    assert!(flow.next().await.is_none());
}

#[tokio::test]
async fn what_came_before_an_error_comes_before_it() {
    for (data, error) in [
        (&b"\x01a\x02bc\xff\x01d"[..], "no frame"),
        (b"\x01a\x02bc\x05d", "bytes remaining on stream"),
    ] {
        let items: Vec<io::Result<Vec<u8>>> = frames(data, Short).collect().await;
        let [Ok(a), Ok(bc), Err(last)] = &items[..] else {
            panic!("{items:?}");
        };
        assert_eq!((&a[..], &bc[..]), (&b"a"[..], &b"bc"[..]));
        assert_eq!(last.to_string(), error);
    }
}

#[tokio::test]
async fn it_does_not_matter_how_bytes_come() {
    let sent: Vec<Vec<u8>> = (0..200).map(|n| vec![n as u8; n * 7 % 250]).collect();
    for capacity in [1, 3, 100, 100_000] {
        let (mut writer, reader) = duplex(capacity);
        let mut data = Vec::new();
        for frame in &sent {
            data.extend((frame.len() as u32).to_be_bytes());
            data.extend(frame);
        }
        let sending = tokio::spawn(async move { writer.write_all(&data).await });
        let flow = frames(reader, LengthDelimitedCodec::new());
        let items: Vec<Vec<u8>> = flow.map(|frame| frame.unwrap().to_vec()).collect().await;
        assert_eq!(items, sent);
        sending.await.unwrap().unwrap();
    }
}
