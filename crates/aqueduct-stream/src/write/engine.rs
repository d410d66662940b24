//! The thread that writes.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use aqueduct_channel::oneshot;

use super::intake::Intake;
use super::plan::{Filling, Limits, Step};
use super::{BatchSink, WriteError, WriteOptions, WriteStats};

/// What is sent to the thread.
pub(crate) enum Message<T> {
    Item(T),
    /// Items that are written together, and who is told. Without items it is a flush.
    Run(Vec<T>, Ack<T>),
}

/// Who waits for a run to be written. Dropped, it says that the run will not be.
pub(crate) enum Ack<T> {
    Nobody,
    Told(oneshot::Sender<()>),
    /// Who wants the items back.
    Returned(oneshot::Sender<Vec<T>>),
}

/// How the thread ended.
pub(crate) enum Outcome<T, E> {
    Done,
    Failed(WriteError<T, E>),
    Panicked(Box<dyn std::any::Any + Send>),
}

/// What the thread shares with its handle.
#[derive(Debug, Default)]
pub(super) struct Shared {
    items: AtomicU64,
    batches: AtomicU64,
    failed_tries: AtomicU64,
    /// The grace is over: there is no further try for what fails.
    hurry: AtomicBool,
}

impl Shared {
    pub(super) fn stats(&self) -> WriteStats {
        WriteStats {
            items: self.items.load(Ordering::Relaxed),
            batches: self.batches.load(Ordering::Relaxed),
            failed_tries: self.failed_tries.load(Ordering::Relaxed),
        }
    }

    pub(super) fn hurry(&self) {
        self.hurry.store(true, Ordering::Relaxed);
    }

    fn is_hurried(&self) -> bool {
        self.hurry.load(Ordering::Relaxed)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

pub(super) struct Engine<T, S: BatchSink<T>> {
    sink: S,
    intake: Arc<Intake<T>>,
    shared: Arc<Shared>,
    options: WriteOptions,
    inbox: Vec<Message<T>>,
    /// What came and is not in the batch: a run before it may have filled that.
    ahead: VecDeque<Message<T>>,
    batch: Vec<T>,
    acks: Vec<Run<T>>,
    since: Option<Instant>,
    waker: Waker,
}

/// A part of the batch that somebody waits for.
struct Run<T> {
    from: usize,
    to: usize,
    ack: Ack<T>,
}

/// How a wait for messages ended.
#[derive(PartialEq, Eq)]
enum Heard {
    More,
    Nothing,
    End,
}

/// What `f` returns, or panics with.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> thread::Result<R> {
    catch_unwind(AssertUnwindSafe(f))
}

impl<T, S: BatchSink<T>> Engine<T, S> {
    /// To be made on its thread.
    pub(super) fn new(
        sink: S,
        intake: Arc<Intake<T>>,
        shared: Arc<Shared>,
        options: WriteOptions,
    ) -> Self {
        Self {
            sink,
            intake,
            shared,
            options,
            inbox: Vec::new(),
            ahead: VecDeque::new(),
            batch: Vec::new(),
            acks: Vec::new(),
            since: None,
            waker: Waker::from(Arc::new(Unpark(thread::current()))),
        }
    }

    /// Writes until nobody sends any more, or until a batch fails for good.
    pub(super) fn run(mut self) -> Outcome<T, S::Error> {
        let outcome = match caught(|| self.write_all()) {
            Ok(Ok(())) => Outcome::Done,
            Ok(Err(source)) => Outcome::Failed(WriteError {
                batch: self.unwritten(),
                source,
            }),
            Err(panic) => Outcome::Panicked(panic),
        };
        // A sink may finish its work when it is dropped, and fail then.
        match (outcome, caught(move || drop(self))) {
            (Outcome::Done, Err(panic)) => Outcome::Panicked(panic),
            (outcome, _) => outcome,
        }
    }

    fn write_all(&mut self) -> Result<(), S::Error> {
        let mut open = true;
        while open {
            open = self.fill();
            self.write()?;
        }
        Ok(())
    }

    /// Fills the batch until it is due. False says that nothing will come.
    fn fill(&mut self) -> bool {
        let limits = Limits {
            len_max: self.options.batch_len_max,
            linger: self.options.linger,
        };
        loop {
            let filling = Filling {
                len: self.batch.len(),
                awaited: !self.acks.is_empty(),
                since: self.since,
            };
            let now = Instant::now();
            let heard = match limits.step(filling, now) {
                Step::Write => return true,
                Step::Top => self.listen(Some(now)),
                Step::Wait(until) => self.listen(until),
            };
            match heard {
                Heard::More => self.absorb(),
                Heard::Nothing => return true,
                Heard::End => return false,
            }
        }
    }

    /// Takes messages out of the queue, waiting for the first until a moment.
    fn listen(&mut self, until: Option<Instant>) -> Heard {
        if !self.ahead.is_empty() {
            return Heard::More;
        }
        let mut cx = Context::from_waker(&self.waker);
        let limit = self.options.batch_len_max - self.batch.len();
        loop {
            // Looked at first: what came in before the last one was out is in the queue.
            let is_over = self.intake.is_over();
            match self
                .intake
                .poll_recv_many(&mut cx, &mut self.inbox, limit.min(INBOX_MAX))
            {
                Poll::Ready(0) => return Heard::End,
                Poll::Ready(_) => {
                    self.ahead.extend(self.inbox.drain(..));
                    return Heard::More;
                }
                // Room that was promised, and will not be used.
                Poll::Pending if is_over => return Heard::End,
                Poll::Pending => {}
            }
            match until {
                // Nobody tells when the last one is out.
                _ if self.intake.is_closed() => thread::park_timeout(MOMENT),
                None => thread::park(),
                Some(until) => match until.saturating_duration_since(Instant::now()) {
                    Duration::ZERO => return Heard::Nothing,
                    left => thread::park_timeout(left),
                },
            }
        }
    }

    /// Puts what came into the batch, as long as that is not full.
    fn absorb(&mut self) {
        while self.batch.len() < self.options.batch_len_max {
            match self.ahead.pop_front() {
                None => break,
                Some(Message::Item(item)) => self.batch.push(item),
                Some(Message::Run(items, Ack::Nobody)) => self.batch.extend(items),
                Some(Message::Run(items, ack)) => {
                    let from = self.batch.len();
                    self.batch.extend(items);
                    let to = self.batch.len();
                    self.acks.push(Run { from, to, ack });
                }
            }
        }
        if self.since.is_none() && !self.batch.is_empty() {
            self.since = Some(Instant::now());
        }
    }

    /// Writes the batch, trying again after errors, and acknowledges it.
    fn write(&mut self) -> Result<(), S::Error> {
        if !self.batch.is_empty() {
            self.write_batch()?;
            self.shared
                .items
                .fetch_add(self.batch.len() as u64, Ordering::Relaxed);
            self.shared.batches.fetch_add(1, Ordering::Relaxed);
        }
        self.acknowledge();
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), S::Error> {
        let mut delays = self.options.backoff.delays();
        for tries in 1.. {
            let Err(error) = self.sink.write_batch(&self.batch) else {
                return Ok(());
            };
            self.shared.failed_tries.fetch_add(1, Ordering::Relaxed);
            let again = tries < self.options.tries_max && self.sink.is_transient(&error);
            if !again || !self.pause(delays.next_delay()) {
                return Err(error);
            }
        }
        unreachable!("each error returns after the last try")
    }

    /// Waits before another try. False if there is to be none.
    fn pause(&self, delay: Duration) -> bool {
        let until = Instant::now().checked_add(delay);
        while !self.shared.is_hurried() {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return true,
                // Messages unpark as well, and `hurry` does not.
                left => thread::park_timeout(left.unwrap_or(LOOK).min(LOOK)),
            }
        }
        false
    }

    /// W2.
    fn acknowledge(&mut self) {
        self.since = None;
        let mut items = self.batch.drain(..).enumerate();
        for Run { from, to, ack } in self.acks.drain(..) {
            match ack {
                Ack::Nobody => {}
                // Who does not want to know any more is not told.
                Ack::Told(sender) => drop(sender.send(())),
                Ack::Returned(sender) => {
                    let mut run = Vec::with_capacity(to - from);
                    while run.len() < to - from {
                        let Some((at, item)) = items.next() else {
                            break;
                        };
                        if at >= from {
                            run.push(item);
                        }
                    }
                    drop(sender.send(run));
                }
            }
        }
    }

    /// All that was queued, once nothing more is (W3).
    fn unwritten(&mut self) -> Vec<T> {
        self.intake.close();
        self.options.batch_len_max = usize::MAX;
        while self.listen(None) == Heard::More {
            self.absorb();
        }
        // A sender that is dropped says it.
        self.acks.clear();
        std::mem::take(&mut self.batch)
    }
}

impl<T, S: BatchSink<T>> Drop for Engine<T, S> {
    /// Who waits to be told, or for room, is told that it is over.
    fn drop(&mut self) {
        self.intake.end();
    }
}

/// The inbox has no more messages than this, so that its memory does not grow with the batches.
const INBOX_MAX: usize = 1024;

/// How long to wait before another look whether somebody is inside of the gate: mostly for a few instructions, but a stream is
/// there for a pull of its source.
const MOMENT: Duration = Duration::from_micros(100);

/// How often a thread that waits for its next try looks whether there is to be one.
const LOOK: Duration = Duration::from_millis(20);
