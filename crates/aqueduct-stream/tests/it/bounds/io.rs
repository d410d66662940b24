//! What is lost when a stream of a reader, or one into a writer of bytes, is dropped: counted in bytes, after every number of
//! polls.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aqueduct_stream::{CHUNK, Flow, ReadBytes, byte_lines, bytes, iter, lines};
use tokio::io::{AsyncReadExt, BufReader};
use tokio::time::sleep;

use crate::kit::io::{Log, Reader, Writer};
use crate::kit::{TICK, paused};

/// Asserts that a stream of a reader loses so many bytes, and no more, when it is dropped: it is after every number of polls, and
/// what it has not given is read from the reader. With each item go `$behind` bytes that are not in it.
macro_rules! loses {
    ($bound:expr, $text:expr, $reader:expr, $stream:expr, $behind:expr) => {
        let mut most = 0;
        for limit in [1, 2, usize::MAX] {
            for polls in 0..40 {
                let lost = paused(async {
                    let mut reader = $reader(Reader::new($text));
                    let mut given = 0;
                    {
                        let mut flow = pin!($stream(&mut reader));
                        let mut cx = Context::from_waker(Waker::noop());
                        for _ in 0..polls {
                            let mut items = Vec::new();
                            let polled = flow.as_mut().poll_many(&mut cx, &mut items, limit);
                            let lens = items.iter().map(|item| item.as_ref().unwrap().len());
                            given += lens.map(|len| len + $behind).sum::<usize>();
                            if polled == Poll::Ready(0) {
                                break;
                            }
                            sleep(TICK).await;
                        }
                    }
                    let mut rest = Vec::new();
                    reader.read_to_end(&mut rest).await.unwrap();
                    let whole = $text.chars().filter(|c| !"()-|".contains(*c)).count();
                    whole - given - rest.len()
                });
                most = most.max(lost);
                assert!(lost <= $bound, "{lost} bytes are lost after {polls} polls");
            }
        }
        assert_eq!(most, $bound, "less is lost than is stated");
    };
}

#[test]
fn lines_hold_the_one_that_is_begun() {
    let text = "(a,bc,d)-(ef)g-(h,i)-(,jk,)-|";
    // `defg`, of which the end has not come.
    loses!(4, text, BufReader::new, lines, 1);
    loses!(4, text, BufReader::new, byte_lines, 1);
    loses!(0, "(a,)-(bc,d,)-(,)|", BufReader::new, lines, 1);
}

#[test]
fn bytes_hold_nothing() {
    fn read(reader: &mut Reader) -> Flow<ReadBytes<&mut Reader>> {
        bytes(reader, 4)
    }
    loses!(0, "(abcdefg)-(hi)-j|", |reader| reader, read, 0);
}

#[cfg(feature = "tokio-util")]
#[test]
fn frames_hold_a_read_and_what_is_begun() {
    use aqueduct_stream::{Frames, frames};
    use tokio_util::codec::LinesCodec;

    fn read(reader: &mut Reader) -> Flow<Frames<&mut Reader, LinesCodec>> {
        frames(reader, LinesCodec::new())
    }
    // Asked for one at a time, all of the read but its first line.
    loses!(8, "(a,bc,d,ef,)-|", |reader| reader, read, 1);
    // Asked for more, what is behind the last.
    loses!(5, "(a,bc)-(def)-,|", |reader| reader, read, 1);
}

/// Items of a byte, into a writer that takes a few of them at a time.
#[test]
fn write_into_loses_a_chunk() {
    let mut most = 0;
    for polls in 0..60 {
        let lost = paused(async {
            let log = Log::default();
            let mut items = iter(0..200).map(|_| "x");
            let mut writer = Writer::new("--7-9-9--9-(999)-99", &log);
            {
                let mut written = pin!(items.by_ref().write_into(&mut writer));
                let mut cx = Context::from_waker(Waker::noop());
                for _ in 0..polls {
                    if written.as_mut().poll(&mut cx).is_ready() {
                        break;
                    }
                    sleep(TICK).await;
                }
            }
            200 - items.count().await - log.bytes()
        });
        most = most.max(lost);
        assert!(lost <= CHUNK, "{lost} items are lost after {polls} polls");
    }
    assert_eq!(most, CHUNK);
}
