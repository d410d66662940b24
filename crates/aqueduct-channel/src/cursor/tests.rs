use super::*;

fn cursor(position: u64) -> Cursor {
    Cursor(0).advanced(position)
}

#[test]
fn the_position_wraps_without_touching_the_rest() {
    let word = AtomicCursor::new();
    word.set(Flag::Gate);
    let last = word.load().advanced(POSITION).owing(3);
    assert_eq!(
        (last.position(), last.owed(), last.has(Flag::Gate)),
        (POSITION, 3, true)
    );
    let next = last.advanced(1);
    assert_eq!(
        (next.position(), next.owed(), next.has(Flag::Gate)),
        (0, 3, true)
    );
    assert_eq!(next.distance_from(last.position()), 1);
}

#[test]
fn owing_and_settling_are_opposites() {
    let word = cursor(7);
    assert_eq!(word.owed(), 0);
    let owing = word.owing(Cursor::OWED_MAX);
    assert_eq!((owing.owed(), owing.position()), (Cursor::OWED_MAX, 7));
    assert!(!owing.has_flags());
    assert_eq!(owing.settled(Cursor::OWED_MAX), word);
}

#[test]
fn flags_are_apart_from_each_other() {
    let word = AtomicCursor::new();
    for flag in [Flag::Spilling, Flag::Gate, Flag::Closed] {
        assert!(!word.set(flag).has(flag));
        assert!(word.load().has(flag) && word.load().has_flags());
    }
    word.clear(Flag::Gate);
    let now = word.load();
    assert!(now.has(Flag::Spilling) && !now.has(Flag::Gate) && now.has(Flag::Closed));
}

#[test]
fn a_change_fails_when_anything_changed() {
    let word = AtomicCursor::new();
    let before = word.load();
    word.set(Flag::Closed);
    assert!(word.change(before, before.advanced(1)).is_err());
}
