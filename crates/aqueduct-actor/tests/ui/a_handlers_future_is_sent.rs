//! An actor moves between threads, so its handlers keep no `Rc` over an `.await`.

use std::rc::Rc;

use aqueduct_actor::{Actor, messages};

struct Keeper;

#[messages]
impl Actor for Keeper {
    #[tell]
    async fn keep(&mut self) {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        println!("{shared}");
    }
}

fn main() {}
