//! The account is what all rests on, so it must notice each thing that can be wrong.

use super::*;
use crate::ledger::{Abandoned, UnderWay};
use crate::protocol::Name;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn parted(id: u64, who: &str, until: u64, why: Why) -> Entry {
    Entry::Parted {
        room: name("room"),
        name: name(who),
        membership: Membership {
            id,
            since: 0,
            until,
        },
        why,
    }
}

/// Three members, of whom `a` says all, and `c` is cut off; the room fails on message 2, which `b` does not get.
struct Run {
    said: u64,
    tallies: [Tally; 3],
    journal: Vec<Entry>,
    books: Books,
}

fn run() -> Run {
    let tally = |who: &str, last: u64, received: u64| Tally {
        name: who.to_owned(),
        room: "room".to_owned(),
        last,
        received,
        ..Tally::default()
    };
    let mut a = tally("a", 5, 5);
    (a.until, a.said, a.came_back) = (Some(5), 6, 5);
    a.refused.insert("text_too_long".to_owned(), 1);
    let mut b = tally("b", 5, 4);
    (b.until, b.missing) = (Some(5), vec![2]);
    let c = tally("c", 1, 1);
    let lost = Abandoned {
        message: UnderWay {
            seq: 2,
            from: 1,
            id: Some(2),
            due: 3,
            settled: 1,
        },
        unreached: vec![2, 3],
    };
    let books = Books::default();
    books.accepted.add(5);
    books.due.add(14);
    books.abandoned.add(2);
    books.too_slow.add(1);
    Run {
        said: 6,
        tallies: [a, b, c],
        journal: vec![
            Entry::Abandoned {
                room: name("room"),
                lost,
            },
            parted(3, "c", 4, Why::TooSlow),
            parted(1, "a", 5, Why::Left),
            parted(2, "b", 5, Why::Left),
        ],
        books,
    }
}

impl Run {
    fn draw(&self) -> Result<Account, String> {
        Account::draw(self.said, &self.tallies, &self.journal, &self.books)
    }
}

#[test]
fn a_sound_run_adds_up() {
    let wanted = Account {
        said: 6,
        came_back: 5,
        refused: BTreeMap::from([("text_too_long".to_owned(), 1)]),
        accepted: 5,
        due: 14,
        received: 10,
        abandoned: 2,
        failed_on: 1,
        cut: 2,
        members_cut: 1,
        ..Account::default()
    };
    assert_eq!(run().draw().unwrap(), wanted);
}

#[test]
fn whatever_is_wrong_is_noticed() {
    type Break = fn(&mut Run);
    let breaks: [(&str, Break); 9] = [
        ("nothing says why", |run| run.tallies[0].missing.push(3)),
        ("which is said to be lost", |run| {
            run.tallies[1].missing.clear();
        }),
        ("has 4 for the last", |run| run.tallies[0].until = Some(4)),
        ("left by TooSlow", |run| run.tallies[2].until = Some(4)),
        ("is not in the journal", |run| drop(run.journal.remove(2))),
        ("parted twice", |run| {
            run.journal.push(run.journal[1].clone())
        }),
        ("said: 6, not 7", |run| run.said = 7),
        ("due: 14, not 15", |run| run.books.due.add(1)),
        ("joined at 1", |run| run.tallies[1].since = 1),
    ];
    for (told, break_it) in breaks {
        let mut run = run();
        break_it(&mut run);
        let wrong = run.draw().unwrap_err();
        assert!(wrong.contains(told), "{told} is not in {wrong}");
    }
}
