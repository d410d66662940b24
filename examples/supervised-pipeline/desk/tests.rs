use futures_now::is_ready;

use super::*;

/// A look at a future, without a runtime.
mod futures_now {
    use std::pin::pin;
    use std::task::{Context, Waker};

    pub(super) fn is_ready(future: impl Future<Output = ()>) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        pin!(future).poll(&mut cx).is_ready()
    }
}

fn desk(handings_max: u32) -> (Arc<Desk<&'static str>>, Arc<Open>) {
    let open = Arc::new(Open::default());
    (Desk::new(handings_max, open.clone()), open)
}

#[test]
fn a_lease_that_is_dropped_comes_back_by_the_lane_of_returns() {
    let (desk, open) = desk(9);
    drop(desk.add("work"));
    let lease = desk.returns().try_recv().unwrap();
    assert_eq!((**lease.work(), lease.handing()), ("work", 2));
    assert!(
        desk.returns().try_recv().is_err(),
        "there is one lease of it"
    );
    lease.done();
    assert!(desk.returns().try_recv().is_err());
    assert!(is_ready(open.none()));
}

#[test]
fn a_panic_gives_it_back_as_well() {
    let (desk, _) = desk(9);
    let lease = desk.add("work");
    let died = std::thread::spawn(move || {
        let _in_hand = lease;
        std::panic::resume_unwind(Box::new("meant"));
    });
    assert!(died.join().is_err());
    assert_eq!(desk.returns().try_recv().unwrap().handing(), 2);
}

#[test]
fn what_is_lost_in_a_channel_comes_back() {
    let (desk, _) = desk(9);
    let (sender, receiver) = mpmc::channel(4);
    assert!(sender.try_send(desk.add("work")).is_ok());
    drop((sender, receiver));
    assert_eq!(desk.returns().try_recv().unwrap().handing(), 2);
}

#[test]
fn all_is_over_when_the_last_item_of_all_desks_is() {
    let open = Arc::new(Open::default());
    let (one, other) = (Desk::new(9, open.clone()), Desk::new(9, open.clone()));
    let first = one.add("directory");
    // As a walker does it: what follows is added before what it follows from is done.
    let second = other.add(7);
    first.done();
    assert!(!is_ready(open.none()));
    second.done();
    assert!(is_ready(open.none()));
}

#[test]
fn an_item_that_is_given_up_is_over_too() {
    let (desk, open) = desk(2);
    drop(desk.add("poison"));
    assert!(!is_ready(open.none()));
    drop(desk.returns().try_recv().unwrap());
    assert!(desk.returns().try_recv().is_err());
    assert!(is_ready(open.none()));
    assert_eq!(desk.book().given_up().count(), 1);
}

#[test]
fn a_closed_desk_hands_out_nothing_and_keeps_nothing_alive() {
    let (desk, _) = desk(9);
    let in_hand = desk.add("in hand");
    desk.put(desk.add("in the lane"));
    desk.close();
    drop(in_hand);
    desk.put(desk.add("late"));
    assert!(desk.returns().try_recv().is_err());
    assert_eq!(Arc::strong_count(&desk), 1);
    assert_eq!(desk.book().open(), 3, "it says what was not done");
}
