use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Wake;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::testing::Probe;

/// A waker that is like no other.
fn waker() -> Waker {
    struct Own(#[expect(dead_code, reason = "so that each has an address")] u8);
    impl Wake for Own {
        fn wake(self: Arc<Self>) {}
    }
    Waker::from(Arc::new(Own(0)))
}

impl Queue {
    #[track_caller]
    fn check(&self) {
        for (position, place) in self.heap.iter().enumerate() {
            if position > 0 {
                assert!(self.heap[(position - 1) / CHILDREN] < *place, "Q2");
            }
            match &self.slots[place.slot as usize] {
                Slot::Taken {
                    number,
                    position: named,
                    ..
                } => assert_eq!((*number, *named as usize), (place.number, position), "Q1"),
                Slot::Free { .. } => panic!("Q1: a free slot in the heap"),
            }
        }
        let mut free = 0;
        let mut next = self.free;
        while next != NO_SLOT {
            free += 1;
            match self.slots[next as usize] {
                Slot::Free { next: after } => next = after,
                Slot::Taken { .. } => panic!("a taken slot among the free"),
            }
        }
        assert_eq!(free + self.heap.len(), self.slots.len(), "a slot was lost");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Push(u64),
    Remove(prop::sample::Index),
    PopDue(u64),
    TakeAll,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..50u64).prop_map(Op::Push),
        5 => any::<prop::sample::Index>().prop_map(Op::Remove),
        2 => (0..50u64).prop_map(Op::PopDue),
        1 => (0..20u8).prop_map(|n| if n == 0 { Op::TakeAll } else { Op::Push(25) }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_a_sorted_map_does(ops in prop::collection::vec(op(), 1..400)) {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut queue = Queue::default();
        let mut model: BTreeMap<(u64, u64), (Key, Waker)> = BTreeMap::new();
        let mut keys = Vec::new();
        for op in ops {
            match op {
                Op::Push(ms) => {
                    let waker = waker();
                    let key = queue.push(at(ms), waker.clone());
                    model.insert((ms, key.number), (key, waker));
                    keys.push((ms, key));
                }
                // Also of those that are gone, whose slots others may have.
                Op::Remove(index) if !keys.is_empty() => {
                    let (ms, key) = keys[index.index(keys.len())];
                    let expected = model.remove(&(ms, key.number)).map(|(_, waker)| waker);
                    prop_assert_eq!(queue.waker(key).is_some(), expected.is_some());
                    let removed = queue.remove(key);
                    prop_assert_eq!(removed.is_some(), expected.is_some());
                    prop_assert!(removed.zip(expected).is_none_or(|(a, b)| a.will_wake(&b)));
                }
                Op::Remove(_) => {}
                Op::PopDue(ms) => loop {
                    let first = model.first_entry().filter(|entry| entry.key().0 <= ms);
                    let expected = first.map(|entry| entry.remove().1);
                    let popped = queue.pop_due(at(ms));
                    prop_assert_eq!(popped.is_some(), expected.is_some());
                    let (Some(popped), Some(waker)) = (popped, expected) else { break };
                    prop_assert!(popped.will_wake(&waker), "the wrong one came first");
                },
                Op::TakeAll => {
                    prop_assert_eq!(queue.take_all().into_wakers().count(), model.len());
                    model.clear();
                }
            }
            queue.check();
            prop_assert_eq!(queue.first(), model.keys().next().map(|&(ms, _)| at(ms)));
            prop_assert_eq!(queue.is_empty(), model.is_empty());
        }
    }
}

#[test]
fn a_key_of_one_that_is_gone_is_nobodys() {
    let mut queue = Queue::default();
    let first = queue.push(Instant::now(), waker());
    assert!(queue.remove(first).is_some());
    let second = queue.push(Instant::now(), waker());
    assert_eq!(first.slot, second.slot);
    assert!(queue.remove(first).is_none());
    assert!(queue.waker(first).is_none());
    drop(queue.take_all());
    let third = queue.push(Instant::now(), waker());
    assert_eq!(second.slot, third.slot);
    assert!(queue.remove(second).is_none());
    assert!(queue.remove(third).is_some());
}

#[test]
fn an_empty_queue_keeps_little() {
    let mut queue = Queue::default();
    let probe = Probe::new();
    let keys: Vec<_> = (0..10_000)
        .map(|_| queue.push(Instant::now(), probe.waker()))
        .collect();
    for key in keys {
        drop(queue.remove(key));
    }
    assert_eq!(probe.alive(), 0);
    assert!(queue.heap.capacity() <= SMALL && queue.slots.capacity() <= SMALL);
    queue.check();
}

#[test]
fn a_queue_that_is_mostly_empty_keeps_little() {
    let mut queue = Queue::default();
    let at = Instant::now();
    let few: Vec<_> = (0..10).map(|_| queue.push(at, waker())).collect();
    let many: Vec<_> = (0..10_000).map(|_| queue.push(at, waker())).collect();
    for key in many {
        assert!(queue.remove(key).is_some());
    }
    let (few, holes) = few.split_at(5);
    for &key in &holes[..4] {
        assert!(queue.remove(key).is_some());
    }
    // One after the other comes and goes: what is left over is looked for now and then.
    for _ in 0..20_000 {
        let key = queue.push(at, waker());
        assert!(queue.remove(key).is_some());
    }
    assert!(queue.heap.capacity() <= 2 * SMALL && queue.slots.capacity() <= 2 * SMALL);
    queue.check();
    for &key in few.iter().chain(&holes[4..]) {
        assert!(queue.remove(key).is_some());
    }
}
