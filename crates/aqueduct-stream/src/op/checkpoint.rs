//! Items that go on once they are written.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_channel::{mpsc, oneshot};
use futures_sink::Sink;
use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::outlet::Fill;
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::write::{Ack, BatchWriter, Message, WriteError};

impl<S: Source> Flow<S> {
    /// Gives each item on once the writer has written it: then it may be acknowledged to where it came from.
    ///
    /// Up to `len_max` items are with the writer or wait to be given on; they need not fill a batch. That is what it holds.
    /// When the stream is dropped they are written nevertheless, and not given on: what is acknowledged further down is a
    /// prefix of what is written.
    ///
    /// If a batch fails for good, its error is the last item; it has the items that were not written, and all that were
    /// written have been given on before.
    ///
    /// The writer ends with the stream: it says that it has ended when the writer's thread has, and the sink is dropped. So
    /// whoever looks at a file or a database after the stream finds it closed.
    ///
    /// # Panics
    ///
    /// If `len_max` is 0. With the panic of the sink, if the writer's thread has ended by one.
    pub fn checkpoint<E>(
        self,
        writer: BatchWriter<S::Item, E>,
        len_max: usize,
    ) -> Flow<Checkpoint<S, E>>
    where
        S::Item: Send + 'static,
        E: Send + 'static,
    {
        assert!(len_max > 0, "no item could be with the writer");
        Flow::new(Checkpoint {
            source: self,
            queue: writer.queue().clone().into_sink(),
            writing: VecDeque::new(),
            written: VecDeque::new(),
            inside: 0,
            len_max,
            state: State::Open,
            writer,
        })
    }
}

pin_project! {
    /// The source of [`Flow::checkpoint`].
    pub struct Checkpoint<S: Source, E> {
        #[pin]
        source: Flow<S>,
        queue: mpsc::SendSink<Message<S::Item>>,
        // Runs that are with the writer.
        writing: VecDeque<oneshot::Receiver<Vec<S::Item>>>,
        // Of a run that came back, what was not given on yet.
        written: VecDeque<S::Item>,
        // How many items are in these two.
        inside: usize,
        len_max: usize,
        state: State,
        writer: BatchWriter<S::Item, E>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The source has ended.
    Ended,
    /// The writer takes nothing more, so it has failed. Of the runs that are with it the first may be written: their
    /// acknowledgements say so, and it may take more than this poll to look at them.
    Closed,
    /// So has the first of the runs, and with it all of them.
    Failed,
}

impl<S, E> Source for Checkpoint<S, E>
where
    S: Source,
    S::Item: Send + 'static,
    E: Send + 'static,
{
    type Item = Result<S::Item, WriteError<S::Item, E>>;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
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
            for _ in 0..outlet.room().min(CHUNK) {
                let Some(item) = this.written.pop_front() else {
                    break;
                };
                *this.inside -= 1;
                if outlet.push(Ok(item)).is_break() {
                    break;
                }
            }
            return Poll::Ready(Pull::More);
        }
        match *this.state {
            State::Failed => self.poll_closed(cx, outlet),
            State::Closed if this.writing.is_empty() => self.poll_closed(cx, outlet),
            State::Ended if this.writing.is_empty() => {
                this.writer.close();
                self.poll_closed(cx, outlet)
            }
            State::Ended | State::Closed => Poll::Pending,
            State::Open => self.poll_more(cx),
        }
    }
}

impl<S, E> Checkpoint<S, E>
where
    S: Source,
    S::Item: Send + 'static,
    E: Send + 'static,
{
    /// Hands a chunk to the writer.
    fn poll_more(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Pull> {
        let this = self.project();
        if *this.inside == *this.len_max {
            return Poll::Pending;
        }
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
            return pulled.map(|_| Pull::More);
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

    /// Waits for the end of the writer's thread, and for the error with which it may have ended.
    fn poll_closed<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Result<S::Item, WriteError<S::Item, E>>> + ?Sized,
    {
        let this = self.project();
        this.writing.clear();
        this.queue.abort_send();
        if let Some(error) = ready!(this.writer.poll_failure(cx)) {
            let _ = outlet.push(Err(error));
        }
        Poll::Ready(Pull::End)
    }
}

impl<S: Source + fmt::Debug, E> fmt::Debug for Checkpoint<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("source", &self.source)
            .field("inside", &self.inside)
            .field("len_max", &self.len_max)
            .field("state", &self.state)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
