//! Writers of batches in step with a paused clock.
//!
//! A writer's thread knows nothing of that clock. But its sink does, which takes so many ticks for each batch; and whether the
//! thread has anything to do can be seen: it is in the sink, or there is nothing that it could write. So the clock is
//! moved by hand, and at each tick whoever can do something does, until nobody can: the thread first, then who is polled.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_stream::write::{BatchSink, BatchWriter};
use aqueduct_stream::{Flow, Outlet, Pull, Source};
use tokio::time::advance;

use super::marble::{Input, Mark, TICK, TICKS_MAX, timeline, write};
use crate::write::sink::patient;

/// How the sink of a table writes.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// How many ticks a batch takes.
    pub(crate) takes: u32,
    /// How many items make a batch, if nobody waits for them.
    pub(crate) batch_len: usize,
}

/// What the sink and the test share.
#[derive(Clone)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    tick: u32,
    takes: u32,
    /// When the batch that is being written will have been, if there is one.
    until: Option<u32>,
    batches: Vec<Vec<char>>,
    failed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().expect("no sink panics")
    }
}

/// Fails at a batch with an `X`, for good.
impl BatchSink<char> for Shared {
    type Error = char;

    fn write_batch(&mut self, batch: &[char]) -> Result<(), char> {
        let mut state = self.lock();
        let until = state.tick + state.takes;
        state.until = Some(until);
        while state.tick < until {
            state = self.0.1.wait(state).expect("no test panics under it");
        }
        state.until = None;
        if batch.contains(&'X') {
            state.failed = true;
            return Err('X');
        }
        state.batches.push(batch.to_vec());
        Ok(())
    }

    fn is_transient(&self, _: &char) -> bool {
        false
    }
}

/// Counts what leaves a source.
pub(crate) struct Watched {
    input: Input,
    taken: Rc<Cell<usize>>,
    ended: Rc<Cell<bool>>,
}

struct Counting<'a, O: ?Sized>(&'a mut O, &'a Cell<usize>);

impl<O: Outlet<char> + ?Sized> Outlet<char> for Counting<'_, O> {
    fn room(&self) -> usize {
        self.0.room()
    }

    fn push(&mut self, item: char) -> std::ops::ControlFlow<()> {
        self.1.set(self.1.get() + 1);
        self.0.push(item)
    }
}

impl Source for Watched {
    type Item = char;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<char> + ?Sized,
    {
        let this = &mut *self;
        let mut counting = Counting(outlet, &this.taken);
        let pulled = Pin::new(&mut this.input).poll_pull(cx, &mut counting);
        this.ended.set(pulled == Poll::Ready(Pull::End));
        pulled
    }
}

/// A stream and a writer that are to be put together, and what is seen of them.
struct Both {
    shared: Shared,
    taken: Rc<Cell<usize>>,
    ended: Rc<Cell<bool>>,
    batch_len: usize,
    written: String,
    column: u128,
    /// How many batches are in it.
    noted: usize,
}

impl Both {
    fn new(pace: Pace, input: &str) -> (Self, Flow<Watched>, BatchWriter<char, char>) {
        let state = State {
            takes: pace.takes,
            ..State::default()
        };
        let shared = Shared(Arc::new((Mutex::new(state), Condvar::new())));
        let writer = BatchWriter::new(shared.clone(), patient().with_batch_len_max(pace.batch_len));
        let (taken, ended) = (Rc::default(), Rc::default());
        let source = Watched {
            input: timeline(input),
            taken: Rc::clone(&taken),
            ended: Rc::clone(&ended),
        };
        let both = Self {
            shared,
            taken,
            ended,
            batch_len: pace.batch_len,
            written: String::new(),
            column: 0,
            noted: 0,
        };
        (both, Flow::new(source), writer)
    }

    /// How many items are written.
    fn done(&self) -> usize {
        self.shared.lock().batches.iter().map(Vec::len).sum()
    }

    fn has_failed(&self) -> bool {
        self.shared.lock().failed
    }

    /// Waits until the thread can do nothing: it is in the sink, or has failed, or has not so much as makes a batch.
    fn settle(&self, batch_len: usize) {
        for _ in 0..200_000 {
            let left = self.taken.get() - self.done();
            let state = self.shared.lock();
            let is_writing = state.until.is_some_and(|until| state.tick < until);
            if is_writing || state.failed || (state.until.is_none() && left < batch_len) {
                return;
            }
            drop(state);
            breathe();
        }
        panic!("the thread does not write what it has");
    }

    fn begin(&self, tick: u32) {
        self.shared.lock().tick = tick;
        self.shared.0.1.notify_all();
    }

    fn note_batches(&mut self, tick: u32) {
        let batches = self.shared.lock().batches[self.noted..].to_vec();
        self.noted += batches.len();
        for batch in batches {
            self.note(tick, &batch.mark());
        }
    }

    fn note(&mut self, tick: u32, mark: &str) {
        self.column = write(&mut self.written, self.column, u128::from(tick), mark);
    }
}

/// Lets the writer's thread run.
fn breathe() {
    std::thread::sleep(Duration::from_micros(50));
}

/// What comes out of a stream whose items go on once they are written.
pub(crate) async fn play_paced<S>(
    pace: Pace,
    input: &str,
    operator: impl FnOnce(Flow<Watched>, BatchWriter<char, char>) -> Flow<S>,
) -> String
where
    S: Source,
    S::Item: Mark,
{
    let (mut both, source, writer) = Both::new(pace, input);
    let mut flow = pin!(operator(source, writer));
    let mut given = 0;
    for tick in 0..TICKS_MAX {
        both.begin(tick);
        loop {
            // Somebody waits for each of the items.
            both.settle(1);
            let before = both.taken.get();
            let mut items = Vec::new();
            let mut cx = Context::from_waker(Waker::noop());
            let polled = flow.as_mut().poll_many(&mut cx, &mut items, usize::MAX);
            given += items.len();
            items.iter().for_each(|item| both.note(tick, &item.mark()));
            if polled == Poll::Ready(0) {
                both.note(tick, "|");
                return both.written;
            }
            // An acknowledgement, the error, or the end of the thread may be on its way.
            let has_written = both.ended.get() && both.done() == both.taken.get();
            if given < both.done() || both.has_failed() || has_written {
                breathe();
            } else if polled.is_pending() && both.taken.get() == before {
                break;
            }
        }
        advance(TICK).await;
    }
    both.written
}

/// The batches that a stream is written in, and its end: `|`, or `!` if it fails.
pub(crate) async fn play_batches<T, E>(
    pace: Pace,
    input: &str,
    end: impl AsyncFnOnce(Flow<Watched>, BatchWriter<char, char>) -> Result<T, E>,
) -> String {
    let (mut both, source, writer) = Both::new(pace, input);
    let mut end = pin!(end(source, writer));
    for tick in 0..TICKS_MAX {
        both.begin(tick);
        loop {
            // At the end less than a batch is written as well.
            both.settle(if both.ended.get() { 1 } else { both.batch_len });
            both.note_batches(tick);
            let before = (both.taken.get(), both.ended.get());
            if let Poll::Ready(ended) = end.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                both.note_batches(tick);
                both.note(tick, if ended.is_ok() { "|" } else { "!" });
                return both.written;
            }
            if both.has_failed() || (both.ended.get() && both.done() == both.taken.get()) {
                breathe();
            } else if (both.taken.get(), both.ended.get()) == before {
                break;
            }
        }
        advance(TICK).await;
    }
    both.written
}
