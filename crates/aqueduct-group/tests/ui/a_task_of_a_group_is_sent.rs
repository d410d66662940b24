//! A task moves between threads, so it keeps no `Rc` over an `.await`. (`spawn_local` lets it.)

use std::rc::Rc;

use aqueduct_group::{Discard, group};

async fn keeps_an_rc() {
    let group = group().open(Discard::new());
    let task = async {
        let shared = Rc::new(1);
        tokio::task::yield_now().await;
        println!("{shared}");
    };
    group.spawn(task).await.unwrap();
    group.join().await.unwrap();
}

fn main() {
    drop(keeps_an_rc());
}
