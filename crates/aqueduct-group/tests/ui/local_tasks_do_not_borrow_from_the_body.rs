//! The body's own variables go when it returns, and its tasks may live on.

use aqueduct_group::{Collect, group};

fn main() {
    let _ = group().run_local(Collect::<usize>::new(), async |tasks| {
        let word = String::from("gone");
        let _ = tasks.spawn(async { word.len() }).await;
    });
}
