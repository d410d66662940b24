//! There is one sender by type.
use aqueduct_channel::{spmc, spsc};

fn main() {
    let (tx, _rx) = spsc::channel::<u8>(1);
    let _second = tx.clone();
    let (tx, _rx) = spmc::channel::<u8>(1);
    let _second = tx.clone();
}
