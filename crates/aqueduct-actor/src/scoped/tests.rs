use aqueduct_cancel::CancelScope;
use aqueduct_supervision::exit::Exit;

use super::stop_with_scope;
use crate::actor::Actor;
use crate::control::Bits;
use crate::cx::Cx;
use crate::shared::Until;
use crate::start::{Options, prepare};

struct Nobody;

impl Actor for Nobody {
    type Msg = ();

    async fn handle(&mut self, (): (), _: &mut Cx<Self>) {}
}

/// A waker is called after the lock that it was taken out under: by then the incarnation that it is of may be over.
#[test]
fn who_cancels_late_does_not_stop_the_next_incarnation() {
    let (shared, mail) = prepare::<Nobody>(Options::new(Until::Gone));
    shared.park(mail, None);
    let scopes = [(); 2].map(|()| CancelScope::new());
    let exit = || Exit::Shutdown(None);
    let (mail, _) = shared.begin().expect("it is parked");
    let first = stop_with_scope(&shared, &scopes[0], exit);
    shared.park(mail, None);
    shared.ended(Exit::Normal, false);
    let second = shared.begin().expect("it is parked");
    let next = stop_with_scope(&shared, &scopes[1], exit);
    scopes[0].cancel_because("late");
    assert!(!shared.control.bits().has(Bits::STOP));
    scopes[1].cancel_because("in time");
    assert!(shared.control.bits().has(Bits::STOP));
    drop((first, second, next));
}
