//! The list by itself.

use super::*;

fn entry(since: u64) -> Entry {
    Entry {
        partition: 0,
        priority: Priority::Normal,
        deadline: None,
        since: Duration::from_millis(since),
    }
}

#[test]
fn slots_are_used_again() {
    let mut line = Line::new(Queue::fifo(9), 1);
    let keys: Vec<Key> = (0..3)
        .map(|since| line.join(entry(since)).unwrap().0)
        .collect();
    line.leave(keys[1]);
    let (again, _) = line.join(entry(4)).unwrap();
    assert_eq!(again, keys[1]);
    assert_eq!(line.slots.len(), 3);
}

#[test]
fn leaving_from_anywhere_keeps_the_order() {
    for gone in 0..4 {
        let mut line = Line::new(Queue::fifo(9), 1);
        let mut keys: Vec<Key> = (0..4)
            .map(|since| line.join(entry(since)).unwrap().0)
            .collect();
        line.leave(keys.remove(gone));
        for key in keys {
            let (_, next) = line.next_of(0).unwrap();
            assert_eq!(next, key);
            line.grant(next);
            assert_eq!(line.leave(next).0, Fate::Granted);
        }
        assert!(line.is_empty() && line.next_of(0).is_none());
    }
}

#[test]
#[should_panic(expected = "until it leaves")]
fn a_waiter_leaves_once() {
    let mut line = Line::new(Queue::fifo(9), 1);
    let (key, _) = line.join(entry(0)).unwrap();
    line.leave(key);
    line.leave(key);
}
