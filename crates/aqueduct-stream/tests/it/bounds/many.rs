//! Operators over several streams.

use std::future::{pending, ready};

use aqueduct_stream::{Flow, Source, empty, iter, merge_all, once};

use crate::kit::{Tracked, holds, holds2};

/// A stream that gives nothing, and does not end.
fn silence<T>() -> Flow<impl Source<Item = T>> {
    once(()).then(|()| pending())
}

#[test]
fn merging_holds_nothing() {
    holds2(0, |a, b| a.merge(b));
    holds2(0, |a, b| a.merge_by_priority(b));
    holds2(0, |a, b| merge_all([a, b]));
    holds2(0, |a, b| a.interleave(b));
    holds(0, |s| s.interleave(silence()).take(1));
}

#[test]
fn zip_holds_what_is_ahead() {
    // A chunk of the source has 5.
    holds(5, |s| s.zip(silence::<u32>()));
    holds(5, |s| silence::<u32>().zip(s));
    // Asked for one at a time, the eighth is taken before the end of the other is seen.
    holds(1, |s| s.zip(iter(0..7)));
}

#[test]
fn the_latest_are_held() {
    holds(1, |s| s.combine_latest(silence::<u32>()));
    holds2(2, |a, b| a.combine_latest(b));
    holds(0, |s| s.with_latest_from(iter([1])));
    holds(1, |s| silence::<u32>().with_latest_from(s));
    holds2(1, |a, b| a.with_latest_from(b));
}

#[test]
fn streams_of_streams_hold_streams() {
    // The inner streams have an item each, until it has been given.
    holds(0, |s| s.flat_map(once));
    holds(1, |s| s.flat_map(|item| silence().chain(once(item))));
    holds(0, |s| s.map(once).flatten());
    holds(0, |s| s.switch_map(|_| empty::<u32>()));
    holds(1, |s| s.switch_map(|item| silence().chain(once(item))));
    holds(3, |s| {
        s.flat_map_merge(3, |item| silence().chain(once(item)))
    });
}

#[test]
fn an_iterator_is_held() {
    // Clones, until the last of them.
    holds(1, |s| s.flat_map_iter(|item| std::iter::repeat_n(item, 3)));
    holds(0, |s| s.flat_map_iter(Some));
}

#[test]
fn a_future_is_held() {
    holds(0, |s| s.then(ready));
    holds(1, |s| {
        s.then(|item: Tracked| async move {
            tokio::task::yield_now().await;
            item
        })
    });
}

#[test]
fn streams_of_one_hold_what_the_others_have_not_taken() {
    // What is for the one that was dropped is dropped.
    holds(0, |s| s.partition(|item| item.number % 2 == 0).0);
    holds(0, |s| s.broadcast::<2>()[0].clone());
    // Asked for one after the other, both have what the other pulled.
    holds(0, |s| {
        let (even, odd) = s.partition(|item| item.number % 2 == 0);
        even.merge(odd)
    });
}
