use super::*;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn of(members: impl IntoIterator<Item = MemberId>) -> Ledger<()> {
    let mut ledger = Ledger::new();
    for id in members {
        ledger.add(id, name(&format!("m{id}")), ());
    }
    ledger
}

#[test]
fn members_are_due_what_is_said_while_they_are_there() {
    let mut ledger = of([1]);
    ledger.begin(1, None);
    ledger.finish();
    ledger.add(2, name("m2"), ());
    for _ in 0..3 {
        ledger.begin(1, None);
        ledger.finish();
    }
    let (member, membership) = ledger.remove(2).unwrap();
    assert_eq!(member.name, name("m2"));
    let wanted = Membership {
        id: 2,
        since: 1,
        until: 4,
    };
    assert_eq!(membership, wanted);
    assert!(ledger.remove(2).is_none());
    assert_eq!(ledger.remove(1).unwrap().1.since, 0);
}

#[test]
fn one_that_is_removed_for_a_message_was_due_it() {
    let mut ledger = of([1]);
    let seq = ledger.begin(1, None);
    assert_eq!(ledger.refuse(1).unwrap().1.until, seq);
}

#[test]
fn nothing_is_abandoned_at_rest() {
    let mut ledger = of([1, 2]);
    assert_eq!(ledger.recover(), None);
    ledger.begin(1, None);
    ledger.settle();
    ledger.settle();
    ledger.finish();
    assert_eq!(ledger.recover(), None);
}

/// Wherever it fails, the members are there, and it is known who has the message.
#[test]
fn after_a_failure_it_is_known_who_was_not_reached() {
    for settled in 0..=4 {
        let mut ledger = of([1, 2, 3, 4]);
        ledger.begin(3, Some(9));
        for _ in 0..settled {
            ledger.settle();
        }
        let abandoned = ledger.recover().unwrap();
        let unreached: Vec<_> = (1..=4).skip(settled).collect();
        assert_eq!(abandoned.unreached, unreached);
        let wanted = UnderWay {
            seq: 1,
            from: 3,
            id: Some(9),
            due: 4,
            settled,
        };
        assert_eq!(abandoned.message, wanted);
        assert_eq!(ledger.members().len(), 4);
        assert_eq!(ledger.recover(), None, "it is told once");
        assert_eq!(ledger.begin(1, None), 2, "its number is not given again");
    }
}

#[test]
fn who_was_removed_for_the_message_is_not_among_the_unreached() {
    let mut ledger = of([1, 2, 3, 4]);
    ledger.begin(1, None);
    ledger.settle();
    ledger.refuse(2);
    assert_eq!(ledger.recover().unwrap().unreached, [3, 4]);
}
