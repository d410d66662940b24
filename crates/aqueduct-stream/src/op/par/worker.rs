//! What a worker does with a job.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What became of a job: what was made of the item, or what the closure or its future panicked with.
pub(super) type Outcome<U> = Result<U, Box<dyn Any + Send>>;

/// Runs a job to its end, and catches its panic (R1).
///
/// A closure that has panicked is not called again: its worker ends.
pub(super) async fn run<T, U, F, Fut>(f: &mut F, item: T) -> Outcome<U>
where
    F: FnMut(T) -> Fut,
    Fut: Future<Output = U>,
{
    let future = catch_unwind(AssertUnwindSafe(|| f(item)))?;
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(made)) => Poll::Ready(Ok(made)),
            Err(payload) => Poll::Ready(Err(payload)),
        },
    )
    .await
}
