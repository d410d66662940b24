//! The limit: who has a seat, and whose is lent.

use super::*;

/// As a task asks that has lent its seat.
fn ask_seat(members: &Arc<TestMembers>, member: &Task) -> Reserved {
    let mut ask = Ask {
        want: Want::Seat(member.loans()),
        got: None,
        group: members.clone(),
    };
    let granted = members.grant(&mut ask);
    let got = ask.got.expect("it was asked for");
    assert_eq!(granted, got != Reserved::Full);
    got
}

#[test]
fn a_lent_seat_is_for_one_other() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    members.lend_seat(&node.loans());
    let other = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    // It is not its owner's again before the other has left.
    assert_eq!(ask_seat(&members, &node), Reserved::Full);
    leave(&members, &other, Out::Now);
    assert_eq!(ask_seat(&members, &node), Reserved::Index(0));
    assert_eq!(members.reserve(), Reserved::Full);
    leave(&members, &node, Out::Now);
    let _last = join_async(&members);
}

#[test]
fn a_seat_that_is_claimed_is_its_owners_at_once() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.lend_seat(&node.loans());
    let other = join_async(&members);
    members.claim_seat(&node.loans());
    // One more than the limit.
    assert_eq!((members.len(), members.reserve()), (2, Reserved::Full));
    leave(&members, &other, Out::Now);
    assert_eq!(members.reserve(), Reserved::Full);
    leave(&members, &node, Out::Now);
    let _last = join_async(&members);
}

#[test]
fn a_task_has_one_seat_to_lend_however_many_it_waits_for() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.lend_seat(&node.loans());
    let first = join_async(&members);
    members.lend_seat(&node.loans());
    assert_eq!(members.reserve(), Reserved::Full, "it is lent already");
    // One of the two waits is over: the other still lends it.
    assert_eq!(ask_seat(&members, &node), Reserved::Index(0));
    leave(&members, &first, Out::Now);
    let second = join_async(&members);
    assert_eq!(ask_seat(&members, &node), Reserved::Full);
    leave(&members, &second, Out::Now);
    assert_eq!(ask_seat(&members, &node), Reserved::Index(0));
    assert_eq!(members.reserve(), Reserved::Full);
}

#[test]
fn seats_are_never_fewer_than_those_lent() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.lend_seat(&node.loans());
    let first = join_async(&members);
    members.lend_seat(&node.loans());
    leave(&members, &first, Out::Now);
    let second = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    members.claim_seat(&node.loans());
    leave(&members, &second, Out::Now);
    members.claim_seat(&node.loans());
    assert_eq!(members.reserve(), Reserved::Full);
    leave(&members, &node, Out::Now);
    assert_eq!(members.len(), 0);
}

#[test]
fn closing_gives_lent_seats_back() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.lend_seat(&node.loans());
    let other = join_async(&members);
    assert_eq!(ask_seat(&members, &node), Reserved::Full);
    members.close();
    assert_eq!(ask_seat(&members, &node), Reserved::Index(0));
    leave(&members, &node, Out::Now);
    leave(&members, &other, Out::Now);
    assert!(is_over(&members));
}

#[test]
fn what_a_task_has_lent_ends_with_it() {
    let (members, _) = members(Some(1));
    let node = join_async(&members);
    members.lend_seat(&node.loans());
    members.lend_seat(&node.loans());
    // It has leaked the futures by which it waits.
    leave(&members, &node, Out::Now);
    let _other = join_async(&members);
    assert_eq!(members.reserve(), Reserved::Full);
    members.claim_seat(&node.loans());
    assert_eq!(members.reserve(), Reserved::Full);
}

/// Two seats are claimed back in the moment between a loan and the room that it makes: see [`Limit`].
#[test]
fn a_limit_is_never_below_nothing() {
    let limit = Limit::new(NonZeroUsize::MIN);
    limit.shrink();
    limit.shrink();
    assert_eq!(limit.get(), 0, "no room, and not all the room there is");
    limit.grow();
    assert_eq!(limit.get(), 0);
    limit.grow();
    assert_eq!(limit.get(), 1);
    limit.grow();
    assert_eq!(limit.get(), 2);
    // The largest can be made larger.
    let limit = Limit::new(NonZeroUsize::MAX);
    let before = limit.get();
    limit.grow();
    assert_eq!(limit.get(), before + 1);
}
