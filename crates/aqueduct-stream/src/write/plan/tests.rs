use std::time::{Duration, Instant};

use super::{Filling, Limits, Step};

const LINGER: Duration = Duration::from_millis(100);

fn step(len: usize, awaited: bool, waited: Option<Duration>) -> Step {
    let start = Instant::now();
    let limits = Limits {
        len_max: 10,
        linger: LINGER,
    };
    let filling = Filling {
        len,
        awaited,
        since: waited.map(|_| start),
    };
    match limits.step(filling, start + waited.unwrap_or_default()) {
        Step::Wait(Some(due)) => {
            assert_eq!(due, start + LINGER);
            Step::Wait(Some(due))
        }
        step => step,
    }
}

#[test]
fn a_full_batch_is_written() {
    assert_eq!(step(10, false, Some(Duration::ZERO)), Step::Write);
    assert_eq!(step(11, true, Some(Duration::ZERO)), Step::Write);
}

#[test]
fn one_that_somebody_waits_for_takes_what_is_there() {
    assert_eq!(step(1, true, Some(Duration::ZERO)), Step::Top);
    // A flush of nothing.
    assert_eq!(step(0, true, None), Step::Top);
}

#[test]
fn any_other_waits_for_the_linger_of_its_first_item() {
    assert_eq!(step(0, false, None), Step::Wait(None));
    assert!(matches!(
        step(9, false, Some(Duration::ZERO)),
        Step::Wait(Some(_))
    ));
    let nearly = LINGER - Duration::from_nanos(1);
    assert!(matches!(step(9, false, Some(nearly)), Step::Wait(Some(_))));
    assert_eq!(step(9, false, Some(LINGER)), Step::Top);
    assert_eq!(step(1, false, Some(LINGER * 9)), Step::Top);
}

#[test]
fn a_linger_beyond_the_clock_is_none() {
    let limits = Limits {
        len_max: 10,
        linger: Duration::MAX,
    };
    let now = Instant::now();
    let filling = Filling {
        len: 1,
        awaited: false,
        since: Some(now),
    };
    assert_eq!(limits.step(filling, now), Step::Wait(None));
}
