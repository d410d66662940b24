//! The attribute stands on `impl Actor for …`, and has these options only.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, messages};

struct One;

#[messages]
impl One {
    #[tell]
    fn tell(&mut self) {}
}

struct Two;

#[messages(mailbox = 64)]
impl Actor for Two {
    #[tell]
    fn add(&mut self) {}
}

struct Three;

#[messages]
impl Actor for Three {}

fn main() {}
