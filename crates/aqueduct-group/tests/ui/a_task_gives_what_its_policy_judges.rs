//! All tasks of a group give the same type, the one that its policy is for. (`spawn_with_handle` takes any.)

use aqueduct_group::{AllOk, group};

async fn gives_no_result() {
    let group = group().open(AllOk::<u32, String>::new());
    group.spawn(async { Ok(1) }).await.unwrap();
    group.spawn(async { 2 }).await.unwrap();
    let _ = group.join().await;
}

fn main() {
    drop(gives_no_result());
}
