use super::*;

fn of(packed: u64) -> Word {
    Word {
        packed: AtomicU64::new(packed),
        stirred: Padded(AtomicBool::new(!packed.is_multiple_of(LIVE))),
    }
}

const MAX: usize = 4;

fn with(live: u64, flags: u64) -> Word {
    of((live * LIVE) | flags)
}

#[test]
fn indices_grow_with_every_one_who_enters() {
    let word = Word::new();
    assert_eq!(word.enter(), Reserved::Index(0));
    assert_eq!(word.enter(), Reserved::Index(1));
    let _ = word.leave(2);
    assert_eq!((word.enter(), word.live()), (Reserved::Index(2), 1));
    assert_eq!(word.enter_below(|| 1), Reserved::Full);
    assert_eq!(word.enter_below(|| 2), Reserved::Index(3));
    assert!(word.enter_unless_over());
    assert_eq!((word.enter(), word.live()), (Reserved::Index(4), 4));
}

#[test]
fn an_index_wraps_around_without_touching_the_rest() {
    let word = of((u64::from(u32::MAX) * INDEX) | (7 * LIVE) | ABORTED);
    assert_eq!(word.enter(), Reserved::Index(u32::MAX as usize));
    assert_eq!(word.enter(), Reserved::Index(0));
    assert_eq!(
        (word.live(), word.is_aborted(), word.is_closed()),
        (9, true, false)
    );
}

#[test]
fn a_count_at_its_largest_is_full() {
    let word = with(LIVE_MAX, 0);
    assert_eq!(word.enter(), Reserved::Full);
    assert_eq!(word.enter_below(|| usize::MAX), Reserved::Full);
    let _ = word.leave(1);
    assert_eq!(word.enter_below(|| usize::MAX), Reserved::Index(0));
    assert_eq!(word.live(), LIVE_MAX as usize);
}

/// What is asked of the word, for all combinations of what it says.
#[test]
fn every_state() {
    for flags in 0..LIVE {
        let (closed, aborted) = (flags & CLOSED != 0, flags & ABORTED != 0);
        for live in [0, 1, MAX as u64, MAX as u64 + 1] {
            let word = || with(live, flags);
            let entered = if closed {
                Reserved::Closed
            } else {
                Reserved::Index(0)
            };
            assert_eq!(word().enter(), entered);
            let over = closed && live == 0;
            assert_eq!(
                (word().is_over(), word().enter_unless_over()),
                (over, !over)
            );
            assert_eq!(word().close(), !closed);
            let few = live <= MAX as u64;
            let watched = flags & WATCHED != 0;
            assert_eq!(word().must_flush(MAX), aborted || watched || closed && few);
            let none = |live| aborted || (watched || closed) && live == 0;
            assert_eq!(word().may_be_over(), none(live));
            assert_eq!(word().is_retired(), flags & RETIRED != 0);
            if live > 0 {
                let counted = word().leave(1);
                let crosses = closed && live == MAX as u64 + 1;
                assert_eq!(counted.crosses(MAX), crosses);
                assert_eq!(counted.may_be_over(), none(live - 1));
            }
        }
    }
}

#[test]
fn flags_are_set_one_by_one_and_stay() {
    let word = with(3, 0);
    word.abort();
    assert_eq!(
        (word.is_aborted(), word.is_retired(), word.is_closed()),
        (true, false, false)
    );
    word.retire();
    assert_eq!(
        (word.is_aborted(), word.is_retired(), word.is_closed()),
        (true, true, false)
    );
    assert!(word.close() && !word.close());
    assert_eq!(
        (word.live(), word.is_aborted(), word.is_retired()),
        (3, true, true)
    );
}
