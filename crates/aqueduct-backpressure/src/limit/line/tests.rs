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
    let mut line = Line::new(Queue::fifo(9), &[]);
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
        let mut line = Line::new(Queue::fifo(9), &[]);
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

fn of(partition: usize, priority: Priority, since: u64) -> Entry {
    Entry {
        partition,
        priority,
        ..entry(since)
    }
}

/// Eight places for shares of a half and a quarter. The first partition has filled the line, unless `second` of the places
/// are the other's.
fn flooded(queue: Queue, priority: Priority, second: u64) -> Line {
    let mut line = Line::new(queue, &[0.5, 0.25]);
    for since in 0..8 {
        let entry = match since < second {
            true => of(1, Priority::Normal, since),
            false => of(0, priority, since),
        };
        assert!(line.join(entry).is_ok());
    }
    line
}

/// Who had to leave the line, by when it came.
fn displaced(line: &mut Line, newcomer: Entry) -> Result<Option<u64>, Rejected> {
    let waiting = |line: &Line| -> Vec<u64> {
        let waits = line.slots.iter().flatten();
        let waits = waits.filter(|slot| slot.fate == Fate::Waiting);
        waits
            .map(|slot| slot.entry.since.as_millis() as u64)
            .collect()
    };
    let before = waiting(line);
    line.join(newcomer)?;
    let after = waiting(line);
    assert_eq!(line.len(), 8);
    Ok(before.into_iter().find(|since| !after.contains(since)))
}

#[test]
fn a_flood_leaves_the_others_their_share_of_the_line() {
    use Priority::{Critical, High, Low, Normal};
    let (fifo, lifo) = (Queue::fifo(8), Queue::lifo(8));
    let full = Err(Rejected::QueueFull);
    // The order, how important the flood is, how many of the second partition wait; who comes, and who leaves for it.
    let table = [
        // A quarter of eight places is guaranteed: two, whatever the priorities.
        (fifo, Normal, 0, of(1, Normal, 9), Ok(Some(7))),
        (fifo, Critical, 0, of(1, Low, 9), Ok(Some(7))),
        (fifo, Critical, 1, of(1, Low, 9), Ok(Some(7))),
        (lifo, Critical, 1, of(1, Low, 9), Ok(Some(1))),
        // The third competes.
        (fifo, Normal, 2, of(1, Normal, 9), full),
        (fifo, Normal, 2, of(1, High, 9), Ok(Some(7))),
        (lifo, Normal, 2, of(1, Normal, 9), Ok(Some(0))),
        // The flood does not get those that are guaranteed, however important, nor by coming later.
        (fifo, Normal, 2, of(0, Normal, 9), full),
        (fifo, Normal, 2, of(0, Critical, 9), Ok(Some(7))),
        (fifo, Critical, 2, of(0, Critical, 9), full),
        (lifo, Normal, 2, of(0, Normal, 9), Ok(Some(2))),
        // Those beyond it may go.
        (fifo, High, 3, of(0, High, 9), Ok(Some(2))),
        // And the first has its own half.
        (fifo, Normal, 5, of(0, Low, 9), Ok(Some(4))),
    ];
    for (row, (queue, flood, second, newcomer, expected)) in table.into_iter().enumerate() {
        let mut line = flooded(queue, flood, second);
        assert_eq!(displaced(&mut line, newcomer), expected, "row {row}");
    }
}

#[test]
fn idle_places_are_lent() {
    let mut line = Line::new(Queue::fifo(8), &[0.5, 0.25]);
    for since in 0..8 {
        assert!(line.join(of(1, Priority::Normal, since)).is_ok());
    }
    assert_eq!(line.partitions[1].beyond(), 6);
}

#[test]
#[should_panic(expected = "until it leaves")]
fn a_waiter_leaves_once() {
    let mut line = Line::new(Queue::fifo(9), &[]);
    let (key, _) = line.join(entry(0)).unwrap();
    line.leave(key);
    line.leave(key);
}
