use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Insert(u16),
    /// Of those that are there, the one so far into them.
    Remove(usize),
    Scan(usize, usize),
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<u16>().prop_map(Op::Insert),
        2 => any::<usize>().prop_map(Op::Remove),
        1 => (0..40_usize, 0..40_usize).prop_map(|(from, count)| Op::Scan(from, count)),
    ]
}

fn all(slab: &mut Slab<u16>) -> Vec<u16> {
    let mut seen = Vec::new();
    let _ = slab.scan(0, usize::MAX, |entry| seen.push(*entry));
    seen
}

proptest! {
    #[test]
    fn is_a_map_from_places(ops in prop::collection::vec(any_op(), 0..200)) {
        let mut slab = Slab::new();
        let mut model = BTreeMap::new();
        for op in ops {
            match op {
                Op::Insert(entry) => {
                    let slot = slab.next_slot();
                    slab.insert(entry);
                    prop_assert_eq!(model.insert(slot, entry), None, "a taken place was given");
                    prop_assert!((slot as usize) < slab.end());
                }
                Op::Remove(nth) if !model.is_empty() => {
                    let slot = *model.keys().nth(nth % model.len()).unwrap();
                    prop_assert_eq!(Some(slab.remove(slot)), model.remove(&slot));
                }
                Op::Remove(_) => {}
                Op::Scan(from, count) => {
                    let mut seen = Vec::new();
                    let next = slab.scan(from, count, |entry| seen.push(*entry));
                    let wanted = model.range(from as u32..(from + count) as u32);
                    prop_assert_eq!(seen, wanted.map(|(_, entry)| *entry).collect::<Vec<_>>());
                    // Either it went all the way, or there is nothing behind.
                    prop_assert!(next >= from && (next == from + count || next >= slab.end()));
                }
            }
            prop_assert_eq!(slab.len, model.len());
            prop_assert_eq!(all(&mut slab), model.values().copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn places_are_used_again_last_first() {
    let mut slab = Slab::new();
    (0..4).for_each(|entry| slab.insert(entry));
    slab.remove(1);
    slab.remove(3);
    for slot in [3, 1, 4] {
        assert_eq!(slab.next_slot(), slot);
        slab.insert(9);
    }
    assert_eq!(slab.end(), 5);
}

#[test]
fn memory_comes_back_when_it_is_empty() {
    let mut slab = Slab::new();
    for entry in 0..4 * SMALL {
        slab.insert(entry);
    }
    for slot in 0..4 * SMALL {
        assert!(slab.places.capacity() >= 4 * SMALL);
        assert_eq!(slab.remove(slot as u32), slot);
    }
    assert_eq!((slab.places.capacity(), slab.end(), slab.len), (0, 0, 0));
    slab.insert(7);
    assert_eq!(slab.remove(0), 7);
}

#[test]
fn little_memory_is_kept() {
    let mut slab = Slab::new();
    (0..8).for_each(|entry| slab.insert(entry));
    (0..8).for_each(|slot| assert_eq!(slab.remove(slot), slot));
    assert!(slab.places.capacity() >= 8);
}

#[test]
#[should_panic(expected = "a place is freed once")]
fn a_place_is_not_freed_twice() {
    let mut slab = Slab::new();
    slab.insert(1);
    slab.insert(2);
    slab.remove(0);
    slab.remove(0);
}
