//! There is one receiver by type.
use aqueduct_channel::{mpsc, spsc};

fn main() {
    let (_tx, rx) = spsc::channel::<u8>(1);
    let _second = rx.clone();
    let (_tx, rx) = mpsc::channel::<u8>(1);
    let _second = rx.clone();
}
