use super::*;

type Plain = Book<&'static str, &'static str>;

const PATIENCE: Duration = Duration::from_secs(1);

fn book(handings_max: u32) -> Plain {
    Book::new(handings_max)
}

fn later(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

#[test]
fn what_is_added_is_open_until_it_is_done() {
    let mut book = book(3);
    let (a, b) = (book.add(Arc::new("a")), book.add(Arc::new("b")));
    assert_eq!((book.open(), book.len()), (2, 2));
    book.hold(a, "reader", Instant::now());
    assert_eq!(book.open(), 2, "held is open");
    book.put_down(a);
    assert!(book.done(a));
    assert_eq!(book.open(), 1);
    assert!(book.done(b));
    assert_eq!((book.open(), book.len()), (0, 2));
}

#[test]
fn it_is_done_once() {
    let mut book = book(3);
    let a = book.add(Arc::new("a"));
    assert!(book.done(a));
    assert!(!book.done(a));
    assert_eq!(book.open(), 0);
}

#[test]
fn what_is_given_back_is_handed_out_again_with_its_work() {
    let mut book = book(3);
    let a = book.add(Arc::new("a"));
    book.hold(a, "reader", Instant::now());
    assert_eq!(book.give_back(a), GivenBack::Again(Arc::new("a"), 2));
    assert_eq!((book.open(), book.again()), (1, 1));
    assert!(book.overdue(Instant::now(), Duration::ZERO).is_empty());
}

/// Who dies after the work was done, and before he has let go of it.
#[test]
fn what_is_done_is_not_handed_out_again() {
    let mut book = book(3);
    let a = book.add(Arc::new("a"));
    book.hold(a, "tally", Instant::now());
    book.done(a);
    assert_eq!(book.give_back(a), GivenBack::Over);
    book.hold(a, "late", Instant::now());
    assert!(book.overdue(Instant::now(), Duration::ZERO).is_empty());
    assert_eq!((book.open(), book.again()), (0, 0));
}

#[test]
fn what_kills_everybody_is_given_up() {
    let mut book = book(2);
    let (a, _b) = (book.add(Arc::new("a")), book.add(Arc::new("b")));
    assert_eq!(book.give_back(a), GivenBack::Again(Arc::new("a"), 2));
    assert_eq!(book.give_back(a), GivenBack::GivenUp);
    assert_eq!(book.give_back(a), GivenBack::Over);
    assert!(!book.done(a));
    assert_eq!((book.open(), book.again()), (1, 1));
    assert_eq!(book.given_up().collect::<Vec<_>>(), [&Arc::new("a")]);
}

#[test]
fn who_holds_something_for_too_long_is_overdue_and_who_waits_is_not() {
    let (mut book, start) = (book(3), Instant::now());
    let (a, b) = (book.add(Arc::new("a")), book.add(Arc::new("b")));
    book.add(Arc::new("c"));
    book.hold(a, "one", start);
    book.hold(b, "two", later(start, 500));
    assert!(book.overdue(later(start, 1000), PATIENCE).is_empty());
    let overdue = book.overdue(later(start, 1001), PATIENCE);
    let expected = Overdue {
        id: a,
        by: "one",
        held: Duration::from_millis(1001),
    };
    assert_eq!(overdue, [expected]);
    book.put_down(a);
    assert!(book.overdue(later(start, 1001), PATIENCE).is_empty());
    assert_eq!(book.overdue(later(start, 9000), PATIENCE)[0].by, "two");
}

#[test]
fn patience_grows_with_each_handing_out() {
    let (mut book, start) = (book(9), Instant::now());
    let a = book.add(Arc::new("a"));
    book.give_back(a);
    book.hold(a, "slow", start);
    assert!(book.overdue(later(start, 2000), PATIENCE).is_empty());
    assert_eq!(book.overdue(later(start, 2001), PATIENCE).len(), 1);
}

/// Any order of events leaves each item either open or closed, and the count right.
#[test]
fn the_count_of_the_open_is_right_whatever_happens() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let (mut book, mut closed) = (book(4), std::collections::HashSet::new());
    let mut ids = vec![book.add(Arc::new("first"))];
    for _ in 0..20_000 {
        let id = ids[draw(ids.len() as u64) as usize];
        match draw(6) {
            0 if ids.len() < 500 => ids.push(book.add(Arc::new("more"))),
            0 | 1 => book.hold(id, "somebody", Instant::now()),
            2 => book.put_down(id),
            3 => assert_eq!(book.done(id), closed.insert(id)),
            _ => match book.give_back(id) {
                GivenBack::Again(_, handings) => {
                    assert!(!closed.contains(&id) && (2..=4).contains(&handings));
                }
                GivenBack::GivenUp => assert!(closed.insert(id)),
                GivenBack::Over => assert!(closed.contains(&id)),
            },
        }
        assert_eq!(book.open(), ids.len() - closed.len());
    }
    assert!(book.given_up().count() > 0 && book.given_up().count() < closed.len());
}
