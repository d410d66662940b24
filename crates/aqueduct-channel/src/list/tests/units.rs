//! One thread: order, closing, what lags, wrapping, drops.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use aqueduct_core::pad::Padded;

use super::super::consumer::Head;
use super::super::word::{Claim, ClosedAt, Place, Word, distance};
use super::super::*;

const LAP_MAX: u64 = (1 << 47) - 1;

fn pop<T>(list: &List<T>) -> Pop<T> {
    // SAFETY: these tests have one thread.
    unsafe { list.sole() }.pop()
}

#[test]
fn messages_come_out_in_order_across_blocks() {
    let list = List::new();
    for i in 0..SLOTS * 3 {
        list.push(i, |_| {}).unwrap();
        assert_eq!(list.len(), i + 1);
    }
    for i in 0..SLOTS * 3 {
        assert_eq!(pop(&list), Pop::Value(i));
    }
    assert_eq!(pop(&list), Pop::Empty);
    assert_eq!(list.len(), 0);
    assert_eq!((list.sent(), list.received()), (96, 96));
}

#[test]
fn closing_refuses_and_drains() {
    let list = List::new();
    list.push(1, |_| {}).unwrap();
    list.push(2, |_| {}).unwrap();
    assert!(!list.is_closed());
    assert!(list.close());
    assert!(!list.close(), "the second close changes nothing");
    assert!(list.is_closed());
    for _ in 0..200 {
        assert_eq!(list.push(3, |_| {}), Err(3));
    }
    assert_eq!((list.len(), list.sent()), (2, 2));
    assert_eq!(list.pop(), Pop::Value(1));
    assert_eq!(pop(&list), Pop::Value(2));
    assert_eq!(pop(&list), Pop::Ended);
    assert_eq!(list.pop(), Pop::Ended);
    assert_eq!((list.len(), list.sent(), list.received()), (0, 2, 2));
}

#[test]
fn closing_at_every_offset_is_exact() {
    for sent in 0..SLOTS * 2 + 10 {
        let list = List::new();
        (0..sent).for_each(|i| list.push(i, |_| {}).unwrap());
        assert!(list.close());
        assert_eq!(list.push(0, |_| {}), Err(0));
        for i in 0..sent {
            assert_eq!(pop(&list), Pop::Value(i));
        }
        assert_eq!(pop(&list), Pop::Ended);
    }
}

#[test]
fn a_batch_comes_out_as_it_went_in() {
    let list = List::new();
    let mut batch: Vec<usize> = (0..100).collect();
    list.push(1000, |_| {}).unwrap();
    assert_eq!(list.push_many(&mut batch), Ok(()));
    assert!(batch.is_empty() && batch.capacity() >= 100);
    assert_eq!(list.len(), 101);

    let mut out = vec![7];
    assert_eq!(list.pop_many(&mut out, 2), 2);
    // SAFETY: one thread.
    let count = unsafe { list.sole() }.pop_many(&mut out, 50);
    assert_eq!(count, 50, "the limit binds");
    assert_eq!(list.pop_many(&mut out, usize::MAX), 49);
    assert_eq!(list.pop_many(&mut out, usize::MAX), 0);
    assert_eq!(out[..2], [7, 1000]);
    assert!(out[2..].iter().copied().eq(0..100));
}

#[test]
fn a_batch_that_was_refused_stays_with_the_caller() {
    let list = List::new();
    list.close();
    let mut batch = vec![Box::new(1), Box::new(2)];
    assert_eq!(list.push_many(&mut batch), Err(Closed));
    assert_eq!(batch, [Box::new(1), Box::new(2)]);
    let mut none: Vec<Box<i32>> = Vec::new();
    assert_eq!(list.push_many(&mut none), Ok(()), "nothing was refused");
}

#[test]
fn the_rest_of_a_batch_keeps_its_order() {
    let mut vec: Vec<String> = (0..5).map(|i| i.to_string()).collect();
    let mut batch = Batch::new(&mut vec);
    // SAFETY: there are five.
    let first = unsafe { (batch.take(), batch.take()) };
    assert_eq!(first, ("0".into(), "1".into()));
    assert_eq!(batch.len(), 3);
    drop(batch);
    assert_eq!(vec, ["2", "3", "4"]);
}

fn claim(list: &List<usize>) -> Place {
    match list.tail.claim(|_| {}) {
        Claim::Slot(place) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_producer_that_slept_through_laps_still_finds_its_block() {
    let list = List::new();
    (0..20).for_each(|i| list.push(i, |_| {}).unwrap());
    let slow = claim(&list);
    (21..200).for_each(|i| list.push(i, |_| {}).unwrap());

    (0..20).for_each(|i| assert_eq!(pop(&list), Pop::Value(i)));
    assert_eq!(pop(&list), Pop::Lagging);
    assert_eq!(list.pop(), Pop::Lagging);
    assert_eq!(list.pop_many(&mut Vec::new(), 10), 0);
    list.close();
    assert_eq!(pop(&list), Pop::Lagging, "closed, but a message is to come");

    // SAFETY: claimed above.
    unsafe { list.fill(slow, 20) };
    (20..200).for_each(|i| assert_eq!(pop(&list), Pop::Value(i)));
    assert_eq!(pop(&list), Pop::Ended);
}

#[test]
fn the_lap_wraps_below_the_mark() {
    assert!(matches!(Word::at(true, 0, 0).claim(|_| {}), Claim::Closed));
    let word = Word::at(false, LAP_MAX, 31);
    let last = Place {
        lap: LAP_MAX,
        offset: 31,
    };
    assert_eq!(word.claim(|_| {}), Claim::Slot(last));
    assert_eq!(word.claim(|_| {}), Claim::Full(LAP_MAX));
    assert!(!word.is_closed());
    let full = word.end(&ClosedAt::new()).position;
    word.open(word::lap_after(LAP_MAX));
    let open = word.end(&ClosedAt::new()).position;
    assert_eq!((open, distance(full, open)), (0, 0));
    assert!(!word.is_closed());
    assert_eq!(word.claim(|_| {}), Claim::Slot(Place { lap: 0, offset: 0 }));
}

#[test]
fn opening_keeps_a_closed_word_closed() {
    let word = Word::at(false, 0, 31);
    let at = ClosedAt::new();
    assert!(matches!(word.claim(|_| {}), Claim::Slot(_)));
    assert!(word.close(&at));
    word.open(1);
    assert!(word.is_closed());
    assert_eq!(word.end(&at).position, 32);
    assert_eq!(word.claim_up_to(3).0, Claim::Closed);
}

/// A list as it is after 2⁵² messages, less a few.
fn about_to_wrap() -> List<usize> {
    let mut list = List::<usize>::new();
    let block = list.head_block();
    let start = List::<usize>::START;
    list.tail = Padded(Word::at(false, LAP_MAX, start as u64));
    list.chain.lap = AtomicU64::new(LAP_MAX);
    list.head = Padded(Head::new(block, (LAP_MAX << SLOTS_LOG2) + start as u64));
    list
}

#[test]
fn positions_may_wrap() {
    for inside in [0, 1, 7, 8, 9, 50] {
        let list = about_to_wrap();
        let before = list.sent();
        for i in 0..100 {
            list.push(i, |_| {}).unwrap();
            assert_eq!(list.len(), i.min(inside) + 1);
            if i >= inside {
                assert_eq!(pop(&list), Pop::Value(i - inside));
            }
            assert_eq!(list.sent(), before + i as u64 + 1);
        }
        list.close();
        for i in 100 - inside..100 {
            assert_eq!(pop(&list), Pop::Value(i));
        }
        assert_eq!(pop(&list), Pop::Ended);
    }
}

#[test]
fn every_type_fits() {
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(256))]
    struct Aligned(u8);

    fn check<T: Clone + PartialEq + std::fmt::Debug>(value: &T) {
        let list = List::new();
        (0..100).for_each(|_| list.push(value.clone(), |_| {}).unwrap());
        let mut batch = vec![value.clone(); 100];
        list.push_many(&mut batch).unwrap();
        (0..90).for_each(|_| assert_eq!(pop(&list), Pop::Value(value.clone())));
        assert_eq!(list.pop_many(&mut batch, 100), 100);
        assert!(batch.iter().all(|v| v == value));
        assert_eq!(list.len(), 10);
    }
    check(&());
    check(&7_u8);
    check(&(1_u8, 2_u16));
    check(&Box::new(1));
    check(&String::from("x"));
    check(&[3_u64; 128]);
    check(&[3_u8; 1001]);
    check(&Aligned(1));
}

/// Counts its drops; panics in those whose number is asked for.
struct Drops(Arc<AtomicUsize>, bool);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(!self.1, "as asked");
    }
}

#[test]
fn what_is_left_is_dropped_once() {
    for taken in [0, 5, 8, 40, 100] {
        let drops = Arc::new(AtomicUsize::new(0));
        let list = List::new();
        (0..100).for_each(|_| assert!(list.push(Drops(drops.clone(), false), |_| {}).is_ok()));
        (0..taken).for_each(|_| drop(pop(&list)));
        assert_eq!(drops.load(Ordering::Relaxed), taken);
        drop(list);
        assert_eq!(drops.load(Ordering::Relaxed), 100);
        assert_eq!(Arc::strong_count(&drops), 1);
    }
}

#[test]
fn a_panicking_drop_does_not_keep_the_others() {
    let drops = Arc::new(AtomicUsize::new(0));
    let list = List::new();
    (0..100).for_each(|i| assert!(list.push(Drops(drops.clone(), i == 20), |_| {}).is_ok()));
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(list)));
    assert!(dropped.is_err());
    assert_eq!(drops.load(Ordering::Relaxed), 100);
    assert_eq!(Arc::strong_count(&drops), 1);
}
