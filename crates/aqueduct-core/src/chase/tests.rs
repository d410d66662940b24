use super::*;

#[test]
fn pauses_that_bring_nothing_are_given_up_but_for_rarer_and_rarer_probes() {
    let mut chase = Chase::new();
    let mut since = 0;
    let mut intervals = Vec::new();
    while intervals.len() < 7 {
        since += 1;
        if chase.is_worth_a_pause() {
            chase.note(false);
            intervals.push(since);
            since = 0;
        }
    }
    assert_eq!(intervals, [32, 64, 128, 256, 512, 512, 512]);
    chase.note(true);
    for _ in 0..Chase::REWARD {
        chase.note(false);
    }
    let again = (1..).find(|_| chase.is_worth_a_pause());
    assert_eq!(again, Some(u32::from(Chase::PROBE)));
}

#[test]
fn packing_keeps_everything() {
    for (credit, misses, since_probe) in [(0, 0, 0), (8, 4, 511), (3, 0, 1), (0, 4, 0)] {
        let chase = Chase {
            credit,
            misses,
            since_probe,
        };
        let back = Chase::from_bits(chase.into_bits());
        assert_eq!(
            (back.credit, back.misses, back.since_probe),
            (credit, misses, since_probe)
        );
    }
}

#[test]
fn a_probe_that_brings_something_starts_a_run() {
    let mut chase = Chase::new();
    while !chase.is_worth_a_pause() {}
    chase.note(true);
    for _ in 0..Chase::REWARD {
        assert!(chase.is_worth_a_pause());
        chase.note(false);
    }
    assert!(!chase.is_worth_a_pause());
}

#[test]
fn credit_is_bounded() {
    let mut chase = Chase::new();
    for _ in 0..1000 {
        chase.note(true);
    }
    for _ in 0..Chase::MAX {
        chase.note(false);
    }
    assert!(!chase.is_worth_a_pause());
}

#[test]
fn pause_and_returns_what_it_found() {
    let mut chase = Chase::new();
    chase.note(true);
    assert_eq!(chase.pause_and(|| Some(1)), Some(1));
    assert_eq!(chase.pause_and(|| None::<u8>), None);
}
