//! A permit borrows its sender, which can be neither moved nor, where it is the only one, used beside it.
use aqueduct_channel::{mpsc, spsc};

fn main() {
    let (tx, _rx) = mpsc::channel::<u8>(1);
    let permit = tx.try_reserve().unwrap();
    drop(tx);
    permit.send(1);

    let (mut tx, _rx) = spsc::channel::<u8>(2);
    let permit = tx.try_reserve().unwrap();
    let _sent = tx.try_send(1);
    permit.send(2);
}
