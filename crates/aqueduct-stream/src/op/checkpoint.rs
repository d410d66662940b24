//! Items that go on once they are written.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::{mpsc, oneshot};
use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Fill;
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::write::{Ack, AckError, BatchWriter, FeedError, Message, Outcome, WriteError};

impl<S: Source> Flow<S> {
    /// Gives each item on once the writer has written it: then it may be acknowledged to where it came from.
    ///
    /// Up to `len_max` items are with the writer or wait to be given on; they need not fill a batch. That is what it holds.
    /// When the stream is dropped they are written nevertheless, and not given on: what is acknowledged further down is a
    /// prefix of what is written.
    ///
    /// If a batch fails for good, its error is the last item; it has the items that were not written, and all that were
    /// written have been given on before. Of a writer that was shut down before it has none, and is [`FeedError::Closed`]:
    /// then nothing has left the source.
    ///
    /// The writer ends with the stream: it says that it has ended when the writer's thread has, and the sink is dropped. So
    /// whoever looks at a file or a database after the stream finds it closed. To keep the writer, for its
    /// [`shutdown`](BatchWriter::shutdown), or because others write into it as well, there is
    /// [`checkpoint_by_ref`](Self::checkpoint_by_ref).
    ///
    /// # Panics
    ///
    /// If `len_max` is 0. With the panic of the sink, if the writer's thread has ended by one; and again, whenever it is pulled
    /// after that.
    #[track_caller]
    pub fn checkpoint<E>(
        self,
        writer: BatchWriter<S::Item, E>,
        len_max: usize,
    ) -> Flow<Checkpoint<S, S::Item, E>>
    where
        S::Item: Send + 'static,
        E: Send + 'static,
    {
        Flow::new(Checkpoint {
            runs: Runs::new(self, &writer, len_max),
            writer,
            panicked: false,
        })
    }

    /// [`checkpoint`](Self::checkpoint) with a writer that stays: `&writer`, or an `Arc` of one where the stream is spawned.
    ///
    /// The error of a writer is the last item here as well. But the items that were not written, and why, are had from
    /// [`shutdown`](BatchWriter::shutdown), as with all that others have written into it: [`AckError::Failed`] says that some of
    /// this stream are among them, and [`AckError::Closed`] that none is, since the writer was shut down or has failed before
    /// they left the source.
    ///
    /// ```
    /// # use aqueduct_stream::write::{BatchSink, BatchWriter, WriteOptions};
    /// # use std::{convert::Infallible, time::Duration};
    /// # struct Print;
    /// # impl BatchSink<u32> for Print {
    /// #     type Error = Infallible;
    /// #     fn write_batch(&mut self, batch: &[u32]) -> Result<(), Infallible> {
    /// #         println!("{batch:?}");
    /// #         Ok(())
    /// #     }
    /// # }
    /// # #[tokio::main]
    /// # async fn main() {
    /// let writer = BatchWriter::new(Print, WriteOptions::new());
    /// let mut written = aqueduct_stream::iter(0..10).checkpoint_by_ref(&writer, 4);
    /// while let Some(Ok(number)) = written.next().await {
    ///     println!("{number} may be acknowledged");
    /// }
    /// let stats = writer.shutdown(Duration::from_secs(5)).await.unwrap();
    /// assert_eq!(stats.items, 10);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `len_max` is 0. A panic of the sink is passed on by [`shutdown`](BatchWriter::shutdown).
    #[track_caller]
    pub fn checkpoint_by_ref<W, E>(
        self,
        writer: W,
        len_max: usize,
    ) -> Flow<CheckpointByRef<S, S::Item, W>>
    where
        W: Deref<Target = BatchWriter<S::Item, E>>,
        S::Item: Send + 'static,
        E: Send + 'static,
    {
        Flow::new(CheckpointByRef {
            runs: Runs::new(self, &writer, len_max),
            writer,
        })
    }
}

pin_project! {
    /// The source of [`Flow::checkpoint`].
    pub struct Checkpoint<S, T, E> {
        #[pin]
        runs: Runs<S, T>,
        writer: BatchWriter<T, E>,
        // The panic of the sink was passed on: nobody knows any more what is written, so it must not look like the end.
        panicked: bool,
    }
}

pin_project! {
    /// The source of [`Flow::checkpoint_by_ref`].
    pub struct CheckpointByRef<S, T, W> {
        #[pin]
        runs: Runs<S, T>,
        writer: W,
    }
}

pin_project! {
    /// Runs of items, on their way through a writer.
    struct Runs<S, T> {
        #[pin]
        source: Flow<S>,
        queue: mpsc::SendSink<Message<T>>,
        // Ready when the writer takes nothing more. Made when the source first has nothing, for nothing else would say it then.
        closed: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
        // Runs that are with the writer.
        writing: VecDeque<oneshot::Receiver<Vec<T>>>,
        // Of a run that came back, what was not given on yet.
        written: VecDeque<T>,
        // How many items are in these two.
        inside: usize,
        len_max: usize,
        state: State,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The source has ended.
    Ended,
    /// The writer takes nothing more. Of the runs that are with it the first may be written: their acknowledgements say so, and
    /// it may take more than this poll to look at them.
    Closed,
    /// The first of the runs has failed, and with it all of them.
    Failed,
}

/// Why there is nothing more, though the source has not ended, or was not all written.
#[derive(Clone, Copy, Debug)]
enum Stopped {
    /// The writer takes nothing more, and has written all that was with it.
    Closed,
    /// Items that were with it are not written.
    Failed,
}

impl<S, T, E> Source for Checkpoint<S, T, E>
where
    S: Source<Item = T>,
    T: Send + 'static,
    E: Send + 'static,
{
    type Item = Result<T, WriteError<T, FeedError<E>>>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let this = self.project();
        assert!(!*this.panicked, "pulled after the sink has panicked");
        let is_all = match ready!(this.runs.poll_runs(cx, this.writer, outlet, Ok)) {
            Ok(Pull::More) => return Poll::Ready(Pull::More),
            Ok(Pull::End) => {
                this.writer.close();
                true
            }
            Err(Stopped::Closed | Stopped::Failed) => false,
        };
        match ready!(this.writer.poll_outcome(cx)) {
            Some(Outcome::Panicked(panic)) => {
                *this.panicked = true;
                resume_unwind(panic);
            }
            Some(Outcome::Failed(error)) => drop(outlet.push(Err(error.into_fed()))),
            Some(Outcome::Done) | None if is_all => {}
            // It is nobody else's: if it has not failed, it was shut down before it came here.
            Some(Outcome::Done) | None => drop(outlet.push(Err(WriteError::closed()))),
        }
        Poll::Ready(Pull::End)
    }
}

impl<S, T, W, E> Source for CheckpointByRef<S, T, W>
where
    S: Source<Item = T>,
    W: Deref<Target = BatchWriter<T, E>>,
    T: Send + 'static,
    E: Send + 'static,
{
    type Item = Result<T, AckError<()>>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let this = self.project();
        let stopped = match ready!(this.runs.poll_runs(cx, this.writer, outlet, Ok)) {
            Ok(pull) => return Poll::Ready(pull),
            Err(stopped) => stopped,
        };
        let _ = outlet.push(Err(match stopped {
            Stopped::Closed => AckError::Closed(()),
            Stopped::Failed => AckError::Failed,
        }));
        Poll::Ready(Pull::End)
    }
}

impl<S, T> Runs<S, T>
where
    S: Source<Item = T>,
    T: Send + 'static,
{
    #[track_caller]
    fn new<E: Send + 'static>(source: Flow<S>, writer: &BatchWriter<T, E>, len_max: usize) -> Self {
        assert!(len_max > 0, "no item could be with the writer");
        Self {
            source,
            queue: writer.queue().clone().into_sink(),
            closed: None,
            writing: VecDeque::new(),
            written: VecDeque::new(),
            inside: 0,
            len_max,
            state: State::Open,
        }
    }

    /// Gives on what is written, and hands the writer more. Once it has stopped it has no room with the writer, and says so
    /// again if it is asked again.
    fn poll_runs<U, E, O>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        writer: &BatchWriter<T, E>,
        outlet: &mut O,
        make: impl Fn(T) -> U,
    ) -> Poll<Result<Pull, Stopped>>
    where
        E: Send + 'static,
        O: Outlet<U> + ?Sized,
    {
        let this = self.as_mut().project();
        if this.written.is_empty() && *this.state != State::Failed {
            let run = this.writing.front_mut().map(|run| Pin::new(run).poll(cx));
            match run {
                Some(Poll::Ready(Ok(items))) => {
                    this.writing.pop_front();
                    this.written.extend(items);
                }
                Some(Poll::Ready(Err(_))) => *this.state = State::Failed,
                Some(Poll::Pending) | None => {}
            }
        }
        if !this.written.is_empty() {
            // Whoever takes the items may write as well: room that was promised meanwhile is not held. It is waited for again
            // when there is nothing to give on.
            this.queue.abort_send();
            for _ in 0..outlet.room().min(CHUNK) {
                let Some(item) = this.written.pop_front() else {
                    break;
                };
                *this.inside -= 1;
                if outlet.push(make(item)).is_break() {
                    break;
                }
            }
            return Poll::Ready(Ok(Pull::More));
        }
        let stopped = match *this.state {
            State::Failed => Stopped::Failed,
            State::Closed if this.writing.is_empty() => Stopped::Closed,
            State::Ended if this.writing.is_empty() => return Poll::Ready(Ok(Pull::End)),
            State::Ended | State::Closed => return Poll::Pending,
            State::Open => return self.poll_more(cx, writer).map(Ok),
        };
        this.writing.clear();
        this.queue.abort_send();
        Poll::Ready(Err(stopped))
    }

    /// Hands a chunk to the writer.
    fn poll_more<E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        writer: &BatchWriter<T, E>,
    ) -> Poll<Pull>
    where
        E: Send + 'static,
    {
        let this = self.project();
        if *this.inside == *this.len_max {
            return Poll::Pending;
        }
        let Some(_inside) = writer.intake().enter() else {
            *this.state = State::Closed;
            return Poll::Ready(Pull::More);
        };
        if ready!(Pin::new(&mut *this.queue).poll_ready(cx)).is_err() {
            *this.state = State::Closed;
            return Poll::Ready(Pull::More);
        }
        let mut run = Vec::new();
        let limit = (*this.len_max - *this.inside).min(CHUNK);
        let pulled = this.source.poll_pull(cx, &mut Fill::up_to(&mut run, limit));
        if pulled == Poll::Ready(Pull::End) {
            *this.state = State::Ended;
        }
        if run.is_empty() {
            // Room that is not used is not held.
            this.queue.abort_send();
            if pulled.is_pending() {
                let closed = this.closed.get_or_insert_with(|| {
                    let queue = writer.queue().clone();
                    Box::pin(async move { queue.closed().await })
                });
                ready!(closed.as_mut().poll(cx));
                *this.closed = None;
                *this.state = State::Closed;
            }
            return Poll::Ready(Pull::More);
        }
        let (sender, receiver) = oneshot::channel();
        *this.inside += run.len();
        this.writing.push_back(receiver);
        // What is sent to a writer that failed just now, it hands back.
        let run = Message::Run(run, Ack::Returned(sender));
        drop(Pin::new(&mut *this.queue).start_send(run));
        // Whoever is waited for now, the next pull finds out.
        Poll::Ready(Pull::More)
    }
}

impl<S: fmt::Debug, T> fmt::Debug for Runs<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runs")
            .field("source", &self.source)
            .field("inside", &self.inside)
            .field("len_max", &self.len_max)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, T, E> fmt::Debug for Checkpoint<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("runs", &self.runs)
            .field("writer", &self.writer)
            .finish()
    }
}

impl<S: fmt::Debug, T, W: fmt::Debug> fmt::Debug for CheckpointByRef<S, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointByRef")
            .field("runs", &self.runs)
            .field("writer", &self.writer)
            .finish()
    }
}
