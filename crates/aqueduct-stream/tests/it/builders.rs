//! What builders of streams do with arguments that make no sense, and with a stream that has ended.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_channel::{Overflow, mpmc};
use aqueduct_resilience::Backoff;
use aqueduct_stream::write::WriteOptions;
use aqueduct_stream::{Flow, Outlet, Pull, Source, empty, interval, interval_at, iter, retry};

use crate::write::sink::{Told, patient};

thread_local! {
    /// Where this thread panicked last: file and line.
    static PANICKED: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The line of this file in which a closure panics, or where else it does.
fn panics_at(build: impl FnOnce()) -> Result<u32, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(at) = info.location() {
                PANICKED.set(Some((at.file().to_owned(), at.line())));
            }
            before(info);
        }));
    });
    PANICKED.set(None);
    if catch_unwind(AssertUnwindSafe(build)).is_ok() {
        return Err("it does not panic".to_owned());
    }
    match PANICKED.take() {
        Some((file, line)) if file.ends_with(file!()) => Ok(line),
        at => Err(format!("{at:?}")),
    }
}

/// A row a builder: its panic is said to be in that row, where it was called.
macro_rules! blame_their_callers {
    ($($name:literal: $build:expr;)*) => {
        let mut above = 0;
        $(
            let line = panics_at(|| _ = $build).unwrap_or_else(|at| panic!("{}: {at}", $name));
            assert!(line > above, "{} panics at line {line}", $name);
            above = line;
        )*
        assert!(above > 0);
    };
}

const LONG: Duration = Duration::from_secs(3600);
const ZERO: Duration = Duration::ZERO;

/// Each that panics by an argument. A new one that asserts belongs here.
#[tokio::test]
async fn a_panic_of_a_builder_is_where_it_was_called() {
    let told = Told::default();
    let numbers = || iter(0..3_u32);
    blame_their_callers! {
        "batch": numbers().batch(0, LONG);
        "chunks": numbers().chunks(0);
        "session": numbers().session(LONG, 0);
        "window": numbers().window(LONG, 0);
        "window without time": numbers().window(ZERO, 1);
        "sliding": numbers().sliding(0, 1);
        "sliding without a step": numbers().sliding(1, 0);
        "sliding_by_time": numbers().sliding_by_time(LONG, LONG, 0);
        "sliding_by_time without time": numbers().sliding_by_time(LONG, ZERO, 1);
        "sample": numbers().sample(ZERO);
        "delay": numbers().delay(LONG, 0);
        "interval": interval(ZERO);
        "interval_at": interval_at(tokio::time::Instant::now(), ZERO);
        "spawned": numbers().spawned(0);
        "spawned_over": numbers().spawned_over(mpmc::Builder::new(0));
        "par_map": numbers().par_map(0, async |n| n);
        "par_map_unordered": numbers().par_map_unordered(0, async |n| n);
        "par_map_by_key": numbers().par_map_by_key(0, |n| *n, async |n| n);
        "prefetch": numbers().prefetch(0);
        "flat_map_merge": numbers().flat_map_merge(0, |n| iter([n]));
        "group_by": numbers().group_by(0, |n| *n);
        "broadcast": numbers().broadcast::<0>();
        "share": numbers().share(0, Overflow::Wait);
        "share that overflows": numbers().share(1, Overflow::Spill);
        "retry": retry(Backoff::none(), 0, empty::<Result<(), ()>>);
        "checkpoint": numbers().checkpoint(told.writer(patient()), 0);
        "with_batch_len_max": WriteOptions::new().with_batch_len_max(0);
        "with_queue_len_max": WriteOptions::new().with_queue_len_max(0);
        "with_tries_max": WriteOptions::new().with_tries_max(0);
    };
    #[cfg(feature = "io")]
    blame_their_callers! {
        "bytes": aqueduct_stream::bytes(&b"abc"[..], 0);
    };
}

async fn ended<S: Source + Unpin>(mut flow: Flow<S>) -> Flow<S> {
    assert!(flow.next().await.is_none());
    flow
}

async fn stays<S: Source + Unpin>(mut flow: Flow<S>, name: &str) {
    assert!(flow.next().await.is_none(), "{name}");
}

/// Ends, and panics if it is asked again (P6).
struct Strict {
    has_ended: bool,
}

impl Source for Strict {
    type Item = u32;

    fn poll_pull<O>(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut O) -> Poll<Pull>
    where
        O: Outlet<u32> + ?Sized,
    {
        assert!(!self.has_ended, "asked again");
        self.has_ended = true;
        Poll::Ready(Pull::End)
    }
}

#[tokio::test]
async fn a_stream_that_has_ended_has_ended_for_its_builders() {
    let strict = || ended(Flow::new(Strict { has_ended: false }));
    stays(strict().await.boxed(), "boxed").await;
    stays(strict().await.boxed_local(), "boxed_local").await;
    stays(strict().await.by_ref(), "by_ref").await;
    stays(strict().await.map(|n| n), "map").await;

    let batches = ended(Flow::new(Strict { has_ended: false }).batch(3, LONG)).await;
    stays(batches.with_weight(3, |_| 1), "with_weight").await;
}

/// Of a reader that has ended for now, and goes on, as a file that somebody appends to.
#[cfg(feature = "io")]
#[tokio::test]
async fn a_stream_of_lines_that_has_ended_has_ended_for_its_builders() {
    use tokio::io::{AsyncRead, BufReader, ReadBuf};

    struct Tail {
        reads: usize,
    }

    impl AsyncRead for Tail {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            self.reads += 1;
            if self.reads > 1 {
                buffer.put_slice(b"more\n");
            }
            Poll::Ready(Ok(()))
        }
    }

    let tail = || BufReader::new(Tail { reads: 0 });
    let text = ended(aqueduct_stream::lines(tail())).await;
    stays(text.with_line_len_max(9), "Lines::with_line_len_max").await;
    let text = ended(aqueduct_stream::byte_lines(tail())).await;
    stays(text.with_line_len_max(9), "ByteLines::with_line_len_max").await;
}
