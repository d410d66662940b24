//! Nobody waits for the answer of a tell; and a handler is one of both.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, messages};

struct Counter(u64);

#[messages]
impl Actor for Counter {
    #[tell]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }

    #[tell]
    #[ask]
    fn both(&mut self) {}

    #[tell(fast)]
    fn unknown(&mut self) {}

    #[tell(from)]
    fn two(&mut self, one: u8, other: u8) {
        let _ = one + other;
    }
}

fn main() {}
