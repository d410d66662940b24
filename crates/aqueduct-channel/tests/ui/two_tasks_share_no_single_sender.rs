//! A single sender sends by `&mut`, so that two cannot share it.
use aqueduct_channel::spsc;

fn main() {
    let (mut tx, _rx) = spsc::channel::<u8>(1);
    let first = tx.send(1);
    let second = tx.send(2);
    drop((first, second));
}
