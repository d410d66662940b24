use super::*;
use crate::cx::Cx;
use crate::start::{Options, prepare};

struct Nobody;

impl Actor for Nobody {
    type Msg = ();

    async fn handle(&mut self, (): (), _: &mut Cx<Self>) {}
}

/// A child that is started, ends, and is started again, with what happens in between.
fn restarted(between: impl FnOnce(&Shared<Nobody>)) -> Arc<Shared<Nobody>> {
    let (shared, mail) = prepare::<Nobody>(Options::new(Until::Gone));
    shared.park(mail, None);
    let (mail, _) = shared.begin().expect("it is parked");
    between(&shared);
    shared.park(mail, None);
    shared.ended(Exit::Killed, false);
    assert!(shared.begin().is_some());
    shared
}

/// Who tells the one incarnation to end, and comes to its scope when there is another one.
#[test]
fn a_scope_is_not_cancelled_for_the_incarnation_before() {
    let shared = restarted(|shared| shared.control.kill(Exit::Killed, false));
    let scope = shared.scope();
    shared.cancel_scope();
    assert!(!scope.is_cancelled());
    shared.kill(Exit::Killed);
    assert!(scope.is_cancelled());
}
