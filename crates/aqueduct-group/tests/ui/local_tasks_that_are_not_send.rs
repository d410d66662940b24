//! `run_local_unsend` takes these.

use std::rc::Rc;

use aqueduct_group::{Collect, group};

fn main() {
    let word = Rc::new(String::from("shared"));
    let _ = group().run_local(Collect::<usize>::new(), async |tasks| {
        let word = word.clone();
        let _ = tasks.spawn(async move { word.len() }).await;
    });
}
