//! Several receivers clone one message at the same time.

use std::cell::Cell;

use aqueduct_channel::broadcast;

fn main() {
    let (tx, _rx) = broadcast::channel(1);
    tx.send(Cell::new(1)).unwrap();
    std::thread::spawn(move || drop(tx));
}
