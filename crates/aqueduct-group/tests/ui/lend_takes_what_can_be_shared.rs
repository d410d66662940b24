//! Tasks use it from several threads at a time.

use std::cell::Cell;

use aqueduct_group::{Discard, group};

fn main() {
    let _ = group().lend(Cell::new(1), Discard::<()>::new(), async |_, _| {});
}
