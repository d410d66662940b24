//! What an operator has inside.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use aqueduct_stream::{Boxed, Flow, Outlet, Pull, Source};

use super::marble::{TICK, paused};

/// An item that is counted as long as it lives, clones included.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) number: usize,
    alive: Arc<AtomicUsize>,
}

impl Tracked {
    fn new(number: usize, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self {
            number,
            alive: Arc::clone(alive),
        }
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        Self::new(self.number, &self.alive)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// A source that makes items as it is asked, up to 5 at once, with a pause before each 5 and before the end.
struct Dribble {
    next: usize,
    alive: Arc<AtomicUsize>,
    pause: bool,
}

impl Dribble {
    fn stream(alive: &Arc<AtomicUsize>) -> Stream {
        let source = Self {
            next: 0,
            alive: Arc::clone(alive),
            pause: false,
        };
        Flow::new(source).boxed()
    }
}

const CHUNK_LEN: usize = 5;
const ITEMS: usize = 4 * CHUNK_LEN;

impl Source for Dribble {
    type Item = Tracked;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Tracked> + ?Sized,
    {
        if self.next.is_multiple_of(CHUNK_LEN) && !self.pause {
            self.pause = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.pause = false;
        if self.next == ITEMS {
            return Poll::Ready(Pull::End);
        }
        let room = outlet.room();
        assert!(room > 0, "a pull began without room");
        for _ in 0..room.min(CHUNK_LEN - self.next % CHUNK_LEN) {
            let item = Tracked::new(self.next, &self.alive);
            self.next += 1;
            if outlet.push(item).is_break() {
                break;
            }
        }
        Poll::Ready(Pull::More)
    }
}

/// What the operator under test is over.
pub(crate) type Stream = Flow<Boxed<'static, Tracked>>;

/// Asserts that an operator never has more than `bound` items inside (clones included), whenever it is looked at, and none
/// after it has been dropped, which it is after every number of polls.
///
/// What is inside when a stream is dropped is lost: so this is the bound of that, too.
pub(crate) fn holds<S: Source>(bound: usize, operator: impl Fn(Stream) -> Flow<S>) {
    holds_of(bound, |alive| operator(Dribble::stream(alive)));
}

/// [`holds`] for an operator of two streams.
pub(crate) fn holds2<S: Source>(bound: usize, operator: impl Fn(Stream, Stream) -> Flow<S>) {
    holds_of(bound, |alive| {
        operator(Dribble::stream(alive), Dribble::stream(alive))
    });
}

/// [`holds`] for what makes its streams itself, of [`stream_of`].
pub(crate) fn holds_of<S: Source>(bound: usize, make: impl Fn(&Arc<AtomicUsize>) -> Flow<S>) {
    let mut most = 0;
    for limit in [1, 3, usize::MAX] {
        // One that never ends has done all that it will by then.
        for polls in 0..POLLS_MAX {
            let (inside, ended) = paused(drop_after(polls, limit, &make));
            most = most.max(inside);
            assert!(
                inside <= bound,
                "{inside} items inside after {polls} polls for {limit} items, where {bound} are stated"
            );
            if ended {
                break;
            }
        }
    }
    assert_eq!(most, bound, "less is inside than is stated");
}

const POLLS_MAX: usize = 10 * ITEMS;

/// A stream of items that are counted there.
pub(crate) fn stream_of(alive: &Arc<AtomicUsize>) -> Stream {
    Dribble::stream(alive)
}

/// Polls so often, a tick apart, for up to so many items each time, then drops the stream. Returns the most that was
/// inside between two polls, and whether it has ended.
async fn drop_after<S>(
    polls: usize,
    limit: usize,
    make: &impl Fn(&Arc<AtomicUsize>) -> Flow<S>,
) -> (usize, bool)
where
    S: Source,
{
    let alive = Arc::new(AtomicUsize::new(0));
    let mut inside_max = 0;
    let mut ended = false;
    {
        let mut flow = pin!(make(&alive));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            // What comes out is dropped here: all that is alive after it is inside.
            let mut items = Vec::new();
            let polled = flow.as_mut().poll_many(&mut cx, &mut items, limit);
            ended = polled == Poll::Ready(0);
            drop(items);
            inside_max = inside_max.max(alive.load(Ordering::SeqCst));
            // A stage on a task of its own gets ahead meanwhile.
            tokio::time::sleep(TICK).await;
            inside_max = inside_max.max(alive.load(Ordering::SeqCst));
            if ended {
                break;
            }
        }
    }
    // What is on another task has a moment to go.
    tokio::time::sleep(TICK).await;
    assert_eq!(alive.load(Ordering::SeqCst), 0, "items live on");
    (inside_max, ended)
}
