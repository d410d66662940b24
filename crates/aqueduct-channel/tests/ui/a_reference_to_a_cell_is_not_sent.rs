//! A message that borrows what is not Sync may not cross threads.
use std::cell::Cell;

use aqueduct_channel::mpsc;

fn main() {
    let cell = Cell::new(1);
    let (tx, mut rx) = mpsc::channel::<&Cell<u8>>(1);
    tx.try_send(&cell).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || rx.blocking_recv().unwrap().set(2));
    });
}
