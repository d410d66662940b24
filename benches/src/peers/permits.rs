//! tokio's semaphore, by itself and in tower's `ConcurrencyLimit`.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ::tokio::sync::Semaphore;
use ::tokio::time::Instant;
use ::tower::limit::ConcurrencyLimit;
use ::tower::{Service, service_fn};

use crate::permits::Permits;

#[derive(Clone)]
pub(crate) struct Tokio(Arc<Semaphore>);

impl Permits for Tokio {
    fn open(permits: usize) -> Self {
        Tokio(Arc::new(Semaphore::new(permits)))
    }

    #[inline]
    fn pass(&mut self, _: Instant) {
        drop(self.0.try_acquire().expect("there is a permit"));
    }
}

type Answer = fn(()) -> Ready<Result<(), ()>>;

/// A call of a service that answers at once.
#[derive(Clone)]
pub(crate) struct Tower(ConcurrencyLimit<::tower::util::ServiceFn<Answer>>);

impl Permits for Tower {
    fn open(permits: usize) -> Self {
        let answer: Answer = |()| ready(Ok(()));
        Tower(ConcurrencyLimit::new(service_fn(answer), permits))
    }

    #[inline]
    fn pass(&mut self, _: Instant) {
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            matches!(self.0.poll_ready(&mut context), Poll::Ready(Ok(()))),
            "there is a permit"
        );
        drop(self.0.call(()));
    }
}
