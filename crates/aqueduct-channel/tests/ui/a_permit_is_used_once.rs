//! A permit is room for one message.
use aqueduct_channel::mpsc;

fn main() {
    let (tx, _rx) = mpsc::channel::<u8>(1);
    let permit = tx.try_reserve().unwrap();
    permit.send(1);
    permit.send(2);
}
