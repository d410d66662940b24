//! Permits follow their messages.
use std::rc::Rc;

use aqueduct_channel::mpsc;

fn main() {
    let (tx, _rx) = mpsc::channel::<Rc<u8>>(1);
    let permit = tx.try_reserve().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || permit.send(Rc::new(1)));
    });
}
