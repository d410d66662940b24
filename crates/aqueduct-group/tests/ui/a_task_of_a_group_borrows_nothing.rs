//! A task may go on after the function that spawned it: what it uses it owns. (`local` lets children borrow.)

use aqueduct_group::{Discard, group};

async fn borrows(names: Vec<String>) {
    let group = group().open(Discard::new());
    for name in &names {
        group.try_spawn(async move { println!("{name}") }).unwrap();
    }
    group.join().await.unwrap();
}

fn main() {
    drop(borrows(Vec::new()));
}
