//! A handle that is given to tasks spawns, and does not end the group: only its owner waits for it.

use aqueduct_group::{Collect, group};

async fn joins_from_within() {
    let group = group().open(Collect::<()>::new());
    let spawner = group.spawner();
    let _ = spawner.join().await;
}

fn main() {
    drop(joins_from_within());
}
