//! The message of a handler is one variant of one enum: no type parameters, and no types without a name.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, messages};

struct Runner;

#[messages]
impl Actor for Runner {
    #[tell]
    fn generic<T: Send + 'static>(&mut self, value: T) {
        drop(value);
    }

    #[tell]
    async fn closure(&mut self, run: impl AsyncFnOnce() + Send + 'static) {
        run().await;
    }

    #[ask]
    fn unnamed(&mut self) -> impl Iterator<Item = u8> {
        [1, 2].into_iter()
    }
}

fn main() {}
