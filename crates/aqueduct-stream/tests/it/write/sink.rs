//! A sink that does as it is told.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aqueduct_resilience::Backoff;
use aqueduct_stream::write::{BatchSink, BatchWriter, WriteOptions};
use aqueduct_stream::{Outlet, Pull, Source};

/// What the test holds of a sink.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    written: Vec<Vec<u32>>,
    /// What becomes of the next tries: `None` succeeds.
    verdicts: VecDeque<Option<Failure>>,
    /// How many tries may still be made, if they are counted.
    open: Option<usize>,
    tries: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Transient,
    Permanent,
    Panic,
}

impl Told {
    /// A writer into a sink that does as `self` tells.
    pub(crate) fn writer(&self, options: WriteOptions) -> BatchWriter<u32, Failure> {
        BatchWriter::new(self.clone(), options)
    }

    /// Lets no batch be written until [`open`](Self::open).
    pub(crate) fn closed() -> Self {
        let told = Self::default();
        told.0.0.lock().unwrap().open = Some(0);
        told
    }

    pub(crate) fn open(&self, tries: usize) {
        self.0.0.lock().unwrap().open = Some(tries);
        self.0.1.notify_all();
    }

    pub(crate) fn fail(&self, verdicts: impl IntoIterator<Item = Failure>) {
        let mut state = self.0.0.lock().unwrap();
        state.verdicts.extend(verdicts.into_iter().map(Some));
    }

    pub(crate) fn succeed(&self) {
        self.0.0.lock().unwrap().verdicts.push_back(None);
    }

    pub(crate) fn batches(&self) -> Vec<Vec<u32>> {
        self.0.0.lock().unwrap().written.clone()
    }

    pub(crate) fn items(&self) -> Vec<u32> {
        self.batches().concat()
    }

    pub(crate) fn tries(&self) -> usize {
        self.0.0.lock().unwrap().tries
    }
}

impl BatchSink<u32> for Told {
    type Error = Failure;

    fn write_batch(&mut self, batch: &[u32]) -> Result<(), Failure> {
        assert!(!batch.is_empty());
        let mut state = self.0.0.lock().unwrap();
        state.tries += 1;
        while state.open == Some(0) {
            state = self.0.1.wait(state).unwrap();
        }
        state.open = state.open.map(|tries| tries - 1);
        match state.verdicts.pop_front().flatten() {
            None => state.written.push(batch.to_vec()),
            Some(Failure::Panic) => {
                drop(state);
                panic!("told to");
            }
            Some(failure) => return Err(failure),
        }
        Ok(())
    }

    fn is_transient(&self, error: &Failure) -> bool {
        *error == Failure::Transient
    }
}

/// Options whose linger never ends, so that what is written by time is not written.
pub(crate) fn patient() -> WriteOptions {
    WriteOptions::new()
        .with_linger(Duration::MAX)
        .with_backoff(Backoff::constant(Duration::from_millis(1)))
}

/// More than enough.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// Waits until something is so, which other threads see to.
pub(crate) async fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never was");
}

/// Polls, and does not come back by itself.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A source that has nothing, and does not end.
pub(crate) struct Quiet;

impl Source for Quiet {
    type Item = u32;

    fn poll_pull<O>(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut O) -> Poll<Pull>
    where
        O: Outlet<u32> + ?Sized,
    {
        Poll::Pending
    }
}
