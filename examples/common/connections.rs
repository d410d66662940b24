//! The connections of an HTTP client.

use aqueduct_group::{Discard, Spawner};
use hyper::rt::Executor;

/// Makes what hyper runs behind a client tasks of a group, with which they end: so none is left behind.
#[derive(Clone, Debug)]
pub struct InGroup(pub Spawner<Discard>);

impl<F> Executor<F> for InGroup
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        // In a closed group the future is dropped, and with it the connection, which the request then hears of.
        let _ = self.0.task("connection").try_spawn(async {
            future.await;
        });
    }
}
