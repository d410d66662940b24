use super::*;

#[test]
fn pauses_that_bring_nothing_are_given_up_but_for_a_probe() {
    let mut chase = Chase::new();
    let pauses = (0..u32::from(Chase::PROBE) * 10)
        .filter(|_| {
            let pause = chase.is_worth_a_pause();
            if pause {
                chase.note(false);
            }
            pause
        })
        .count();
    assert_eq!(pauses, 10);
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
