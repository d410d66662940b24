//! Operators that neither wait nor hold items, nearly.

use crate::kit::{Tracked, holds};

fn is_even(item: &Tracked) -> bool {
    item.number.is_multiple_of(2)
}

#[test]
fn stages_hold_nothing() {
    holds(0, |s| s.boxed());
    holds(0, |s| s.boxed_local());
    holds(0, |s| s.map(|item| item));
    holds(0, |s| s.filter(is_even));
    holds(0, |s| s.filter_map(|item| is_even(&item).then_some(item)));
    holds(0, |s| s.inspect(|_| ()));
    holds(0, |s| s.take(7));
    holds(0, |s| s.skip(7));
    holds(0, |s| s.take_while(|item| item.number < 7));
    holds(0, |s| s.map_while(|item| (item.number < 7).then_some(item)));
    holds(0, |s| s.skip_while(|item| item.number < 7));
    holds(0, |s| s.enumerate());
    holds(0, |s| s.scan(0, |_, item| Some(item)));
    holds(0, |s| s.chain(aqueduct_stream::empty()));
    holds(0, |s| s.dedup_by_key(|item| item.number / 2));
}

#[test]
fn dedup_keeps_the_last() {
    holds(1, |s| s.dedup());
}
