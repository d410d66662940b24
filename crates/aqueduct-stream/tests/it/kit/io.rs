//! Readers, writers of bytes and sinks that follow a timeline.
//!
//! In the timeline of a reader, a letter or a group is what one read gives, `,` being the end of a line, `X` an error of the
//! reader, and `|` its end. In that of a writer each digit is a write that takes so many bytes at most, once its time has come,
//! and `X` one that fails; behind it all is taken at once. A sink has the same, with any digit for an item.

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_util::Sink;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::marble::{TICK, TICKS_MAX, Timeline, write};

/// A reader that follows a timeline.
pub(crate) struct Reader {
    timeline: Timeline,
}

impl Reader {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            timeline: Timeline::parse(text),
        }
    }
}

fn broken() -> io::Error {
    io::Error::other("broken")
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Some(chars) = ready!(self.timeline.poll_event(cx)) else {
            return Poll::Ready(Ok(()));
        };
        while let Some(c) = chars.front() {
            match c {
                'X' if buffer.filled().len() > before => break,
                'X' => {
                    chars.pop_front();
                    return Poll::Ready(Err(broken()));
                }
                _ if buffer.remaining() == 0 => break,
                ',' => buffer.put_slice(b"\n"),
                c => buffer.put_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            chars.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

/// What a writer or a sink was given, and when.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<(u128, String)>>>);

impl Log {
    fn note(&self, start: Instant, mark: &str) {
        let tick = start.elapsed().as_millis() / TICK.as_millis();
        self.0.borrow_mut().push((tick, mark.to_owned()));
    }

    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> usize {
        let marks = self.0.borrow();
        let writes = marks.iter().filter(|(_, mark)| mark.starts_with('['));
        writes.map(|(_, mark)| mark.len() - "[]".len()).sum()
    }

    fn timeline(&self) -> String {
        let (mut written, mut column) = (String::new(), 0);
        for (tick, mark) in self.0.borrow().iter() {
            column = write(&mut written, column, *tick, mark);
        }
        written
    }
}

/// A writer of bytes that follows a timeline: `[ab]` are the bytes of a write, `f` is a flush, `s` a shutdown.
pub(crate) struct Writer {
    timeline: Timeline,
    start: Instant,
    log: Log,
}

impl Writer {
    pub(crate) fn new(text: &str, log: &Log) -> Self {
        Self {
            timeline: Timeline::parse(text),
            start: Instant::now(),
            log: log.clone(),
        }
    }

    /// The next of the timeline, or nothing behind its end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<char>> {
        if self.timeline.is_over() {
            return Poll::Ready(None);
        }
        let event = ready!(self.timeline.poll_event(cx));
        Poll::Ready(event.and_then(|event| event.pop_front()))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = match ready!(self.poll_next(cx)) {
            None => bytes.len(),
            Some('X') => return Poll::Ready(Err(broken())),
            Some(digit) => bytes
                .len()
                .min(digit.to_digit(10).expect("a digit") as usize),
        };
        let text = String::from_utf8_lossy(&bytes[..len]).replace('\n', ",");
        self.log.note(self.start, &format!("[{text}]"));
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.log.note(self.start, "f");
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.log.note(self.start, "s");
        Poll::Ready(Ok(()))
    }
}

/// A sink that follows a timeline: items are themselves, `f` is a flush, `s` is when it is closed.
pub(crate) struct CharSink {
    writer: Writer,
    /// It has said that it is ready.
    ready: bool,
}

impl CharSink {
    pub(crate) fn new(text: &str, log: &Log) -> Self {
        Self {
            writer: Writer::new(text, log),
            ready: false,
        }
    }
}

impl Sink<char> for CharSink {
    type Error = char;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), char>> {
        if !self.ready {
            if let Some('X') = ready!(self.writer.poll_next(cx)) {
                return Poll::Ready(Err('X'));
            }
            self.ready = true;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, item: char) -> Result<(), char> {
        assert!(self.ready, "it was not asked whether it is ready");
        self.ready = false;
        self.writer.log.note(self.writer.start, &item.to_string());
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), char>> {
        self.writer.log.note(self.writer.start, "f");
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), char>> {
        self.writer.log.note(self.writer.start, "s");
        Poll::Ready(Ok(()))
    }
}

/// Runs a future that ends a stream, and gives the timeline of its log, with `|` where it has ended well, and `!` where not.
pub(crate) async fn play_into<T, E>(log: Log, end: impl Future<Output = Result<T, E>>) -> String {
    let start = Instant::now();
    let end = pin!(end);
    if let Ok(ended) = tokio::time::timeout_at(start + TICK * TICKS_MAX, end).await {
        log.note(start, if ended.is_ok() { "|" } else { "!" });
    }
    log.timeline()
}
