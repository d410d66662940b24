use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Insert(u16),
    /// Of those that are there, the one so far into them.
    Remove(usize),
    /// Of all places, whether taken or not.
    RemoveAt(u32),
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<u16>().prop_map(Op::Insert),
        2 => any::<usize>().prop_map(Op::Remove),
        1 => (0..100_u32).prop_map(Op::RemoveAt),
    ]
}

proptest! {
    #[test]
    fn is_a_map_from_places(ops in prop::collection::vec(any_op(), 0..200)) {
        let mut slab = Slab::new();
        let mut model = BTreeMap::new();
        for op in ops {
            match op {
                Op::Insert(entry) => {
                    let slot = slab.insert(entry);
                    prop_assert_eq!(model.insert(slot, entry), None, "a taken place was given");
                }
                Op::Remove(nth) if !model.is_empty() => {
                    let slot = *model.keys().nth(nth % model.len()).unwrap();
                    prop_assert_eq!(slab.remove(slot), model.remove(&slot));
                }
                Op::Remove(_) => {}
                Op::RemoveAt(slot) => {
                    prop_assert_eq!(slab.remove(slot), model.remove(&slot));
                }
            }
            prop_assert_eq!(slab.len(), model.len());
            let all: Vec<_> = slab.iter_mut().map(|entry| *entry).collect();
            prop_assert_eq!(all, model.values().copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn places_are_used_again_last_first() {
    let mut slab = Slab::new();
    for entry in 0..4 {
        assert_eq!(slab.insert(entry), entry);
    }
    assert_eq!((slab.remove(1), slab.remove(3)), (Some(1), Some(3)));
    for slot in [3, 1, 4] {
        assert_eq!(slab.insert(9), slot);
    }
}

#[test]
fn what_was_taken_out_is_not_there() {
    let mut slab = Slab::new();
    assert_eq!(slab.remove(0), None);
    assert_eq!((slab.insert(1), slab.insert(2)), (0, 1));
    assert_eq!(slab.remove(0), Some(1));
    assert_eq!(
        (slab.remove(0), slab.remove(7), slab.remove(NONE)),
        (None, None, None)
    );
    assert_eq!(slab.len(), 1);
}

#[test]
fn memory_comes_back_when_it_is_empty() {
    let mut slab = Slab::new();
    for entry in 0..4 * SMALL {
        slab.insert(entry);
    }
    for slot in 0..4 * SMALL {
        assert!(slab.places.capacity() >= 4 * SMALL);
        assert_eq!(slab.remove(slot as u32), Some(slot));
    }
    assert_eq!((slab.places.capacity(), slab.len()), (0, 0));
    slab.insert(7);
    assert_eq!(slab.remove(0), Some(7));
}

#[test]
fn little_memory_is_kept() {
    let mut slab = Slab::new();
    for entry in 0..8 {
        slab.insert(entry);
    }
    (0..8).for_each(|slot| assert_eq!(slab.remove(slot), Some(slot)));
    assert!(slab.places.capacity() >= 8);
}
