//! A message that may not leave its thread keeps the handles there. (`auto_traits.rs` asks this of every handle.)
use std::rc::Rc;

use aqueduct_channel::mpsc;

fn main() {
    let (tx, mut rx) = mpsc::channel::<Rc<u8>>(1);
    std::thread::spawn(move || drop(tx));
    drop(rx.try_recv());
}
