//! A share of the environment is not the environment.

use aqueduct_group::{Discard, group};

fn main() {
    let _ = group().lend(String::from("ours"), Discard::<()>::new(), async |_, text| {
        drop::<String>(*text);
    });
}
