//! Joining a group takes it.

use aqueduct_group::{Collect, group};

async fn joins_twice() {
    let group = group().open(Collect::<()>::new());
    let _ = group.join().await;
    let _ = group.join().await;
}

fn main() {
    drop(joins_twice());
}
