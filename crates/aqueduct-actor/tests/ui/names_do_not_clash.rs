//! Names that the trait, the reference, or another handler has.

#![allow(unused_imports)]

use aqueduct_actor::{Actor, Cx, messages};

struct Shop;

#[messages]
impl Actor for Shop {
    #[tell]
    fn stop(&mut self) {}

    #[tell]
    fn close(&mut self) {}

    #[tell]
    fn buy(&mut self) {}

    #[tell]
    fn try_buy(&mut self) {}

    #[tell]
    fn set_price(&mut self) {}

    #[tell]
    fn set__price(&mut self) {}

    async fn handle(&mut self, _: ShopMsg, _: &mut Cx<Self>) {}

    fn helper(&self) {}
}

fn main() {}
