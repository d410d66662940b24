//! A parameter is a field: it has a name, and owns what is in it.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, Cx, messages};

struct Point;

#[messages]
impl Actor for Point {
    #[tell]
    fn pattern(&mut self, (x, y): (u8, u8)) {
        let _ = x + y;
    }

    #[tell]
    fn unnamed(&mut self, _: u8) {}

    #[tell]
    fn borrowed(&mut self, name: &str) {
        let _ = name;
    }

    #[ask]
    fn taken(&mut self, reply: u8) -> u8 {
        reply
    }

    #[tell]
    fn context(&mut self, cx: &Cx<Self>) {
        let _ = cx;
    }
}

fn main() {}
