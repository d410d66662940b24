//! A handler runs on the actor, of which there is one: it takes `&mut self`.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, messages};

struct Counter(u64);

#[messages]
impl Actor for Counter {
    #[tell]
    fn without(by: u64) {
        let _ = by;
    }

    #[tell]
    fn by_value(self, by: u64) {
        let _ = self.0 + by;
    }

    #[ask]
    async fn shared(&self) -> u64 {
        self.0
    }
}

fn main() {}
