use std::num::NonZeroU32;
use std::time::Duration;

use super::{Decision, Failed, HintOverMax, Limits, Step, decide};
use crate::RetryErrorKind::{Exhausted, HintTooLong, NotRetryable, TotalElapsed};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn limits(tries: u32, total: u64) -> Limits {
    Limits {
        tries_max: NonZeroU32::new(tries),
        total_max: (total > 0).then_some(ms(total)),
        hint_max: ms(500),
        hint_over_max: HintOverMax::Clamp,
        hint_jitter: 0.5,
    }
}

const fn paid(delay: u64) -> Step {
    let delay = ms(delay);
    Step::Retry {
        delay,
        spends: true,
    }
}

const fn free(delay: u64) -> Step {
    let delay = ms(delay);
    Step::Retry {
        delay,
        spends: false,
    }
}

const RETRY: Decision = Decision::Retry;
const STOP: Decision = Decision::Stop;
const FREE: Decision = Decision::RetryFree { after: None };

const fn after(hint: u64) -> Decision {
    Decision::RetryAfter(ms(hint))
}

const fn free_after(hint: u64) -> Decision {
    let after = Some(ms(hint));
    Decision::RetryFree { after }
}

/// The back-off is 100 ms, a hint at most 500 ms. Zero is no limit.
#[rustfmt::skip]
const TABLE: &[(u32, u64, u32, u64, Decision, Step)] = &[
    // tries max, total limit, tries, elapsed
    // Without limits.
    (0,    0, 1,        0, RETRY,           paid(100)),
    (0,    0, u32::MAX, 0, RETRY,           paid(100)),
    (0,    0, 9, u64::MAX, RETRY,           paid(100)),
    (0,    0, 1,        0, STOP,            Step::End(NotRetryable)),
    (0,    0, 1,        0, FREE,            free(100)),
    // The longer of hint and back-off, the hint up to its bound.
    (0,    0, 1,        0, after(0),        paid(100)),
    (0,    0, 1,        0, after(99),       paid(100)),
    (0,    0, 1,        0, after(101),      paid(101)),
    (0,    0, 1,        0, after(400),      paid(400)),
    (0,    0, 1,        0, after(500),      paid(500)),
    (0,    0, 1,        0, after(501),      paid(500)),
    (0,    0, 1,        0, after(u64::MAX), paid(500)),
    (0,    0, 1,        0, free_after(20),  free(100)),
    (0,    0, 1,        0, free_after(900), free(500)),
    // Tries.
    (3,    0, 1,        0, RETRY,           paid(100)),
    (3,    0, 2,        0, RETRY,           paid(100)),
    (3,    0, 3,        0, RETRY,           Step::End(Exhausted)),
    (3,    0, 4,        0, RETRY,           Step::End(Exhausted)),
    (3,    0, 3,        0, after(0),        Step::End(Exhausted)),
    (3,    0, 3,        0, FREE,            Step::End(Exhausted)),
    (3,    0, 3,        0, free_after(0),   Step::End(Exhausted)),
    (3,    0, 3,        0, STOP,            Step::End(NotRetryable)),
    (1,    0, 1,        0, RETRY,           Step::End(Exhausted)),
    (1,    0, 1,        0, STOP,            Step::End(NotRetryable)),
    // Time: the next try has to begin before the limit.
    (0, 1000, 1,        0, RETRY,           paid(100)),
    (0, 1000, 1,      899, RETRY,           paid(100)),
    (0, 1000, 1,      900, RETRY,           Step::End(TotalElapsed)),
    (0, 1000, 1,     1000, RETRY,           Step::End(TotalElapsed)),
    (0, 1000, 1, u64::MAX, RETRY,           Step::End(TotalElapsed)),
    (0, 1000, 1,      899, after(0),        paid(100)),
    (0, 1000, 1,      900, after(0),        Step::End(TotalElapsed)),
    (0, 1000, 1,      500, after(499),      paid(499)),
    (0, 1000, 1,      500, after(900),      Step::End(TotalElapsed)),
    (0, 1000, 1,      499, after(900),      paid(500)),
    (0, 1000, 1,      900, FREE,            Step::End(TotalElapsed)),
    (0, 1000, 1,      600, free_after(400), Step::End(TotalElapsed)),
    (0, 1000, 1,     2000, STOP,            Step::End(NotRetryable)),
    // Both.
    (3, 1000, 2,      500, RETRY,           paid(100)),
    (3, 1000, 3,     2000, RETRY,           Step::End(Exhausted)),
    (3, 1000, 2,     2000, RETRY,           Step::End(TotalElapsed)),
    (3, 1000, 3,     2000, STOP,            Step::End(NotRetryable)),
];

#[test]
fn the_table() {
    for &(tries_max, total, tries, elapsed, decision, wanted) in TABLE {
        let failed = Failed {
            tries,
            elapsed: ms(elapsed),
            decision,
            backoff: ms(100),
            jitter: 0.0,
        };
        let found = decide(&limits(tries_max, total), failed);
        assert_eq!(found, wanted, "{failed:?} of {tries_max}, {total} ms");
    }
}

/// Beyond the most, with the same limits as above. (tries max, total limit, tries, elapsed, decision, what is done)
#[rustfmt::skip]
const GIVE_UP: &[(u32, u64, u32, u64, Decision, Step)] = &[
    (0,    0, 1,        0, RETRY,           paid(100)),
    (0,    0, 1,        0, after(99),       paid(100)),
    (0,    0, 1,        0, after(500),      paid(500)),
    (0,    0, 1,        0, after(501),      Step::End(HintTooLong)),
    (0,    0, 1,        0, after(u64::MAX), Step::End(HintTooLong)),
    (0,    0, 1,        0, free_after(500), free(500)),
    (0,    0, 1,        0, free_after(501), Step::End(HintTooLong)),
    // What would have ended it anyway is the reason.
    (3,    0, 3,        0, after(501),      Step::End(Exhausted)),
    (0, 1000, 1,     2000, after(501),      Step::End(HintTooLong)),
    (0, 1000, 1,      500, after(500),      Step::End(TotalElapsed)),
];

#[test]
fn a_hint_that_is_too_long_ends_it_if_so_chosen() {
    for &(tries_max, total, tries, elapsed, decision, wanted) in GIVE_UP {
        let failed = Failed {
            tries,
            elapsed: ms(elapsed),
            decision,
            backoff: ms(100),
            jitter: 0.0,
        };
        let limits = Limits {
            hint_over_max: HintOverMax::GiveUp,
            ..limits(tries_max, total)
        };
        let found = decide(&limits, failed);
        assert_eq!(found, wanted, "{failed:?} of {tries_max}, {total} ms");
    }
}

/// (back-off, hint, jitter drawn, pause): up to half of the hint is added, of what is minded of it. Never less than the
/// hint, nor than the back-off, which has its own.
#[rustfmt::skip]
const JITTER: &[(u64, Decision, f64, u64)] = &[
    (100, RETRY,           0.9, 100),
    (100, after(0),        0.9, 100),
    (100, after(200),      0.0, 200),
    (100, after(200),      0.5, 250),
    (100, after(200),      1.0, 300),
    (100, free_after(200), 0.5, 250),
    // The hint is shorter, and with its jitter it may be longer.
    (100, after(80),       0.0, 100),
    (100, after(80),       0.5, 100),
    (100, after(80),       1.0, 120),
    // It comes after the most that a hint may be.
    (100, after(900),      0.0, 500),
    (100, after(900),      1.0, 750),
    (800, after(900),      1.0, 800),
];

#[test]
fn a_hint_is_spread_after_it_and_never_before() {
    for &(backoff, decision, jitter, pause) in JITTER {
        let failed = Failed {
            tries: 1,
            elapsed: Duration::ZERO,
            decision,
            backoff: ms(backoff),
            jitter,
        };
        let step = decide(&limits(0, 0), failed);
        let Step::Retry { delay, .. } = step else {
            panic!("{step:?}");
        };
        assert_eq!(delay, ms(pause), "{failed:?}");
    }
}

/// (total limit, elapsed, hint, jitter drawn, pause): where the hint leaves time for a try, its jitter does, too. Half of
/// what is left is for the try.
#[rustfmt::skip]
const JITTER_IN_TIME: &[(u64, u64, u64, f64, Option<u64>)] = &[
    (1000,   0, 400, 1.0, Some(600)),
    (1000, 400, 400, 1.0, Some(500)),
    (1000, 400, 400, 0.5, Some(450)),
    (1000, 500, 400, 1.0, Some(450)),
    (1000, 598, 400, 1.0, Some(401)),
    (1000, 600, 400, 1.0, None),
    (1000, 600, 400, 0.0, None),
    // The back-off gives way to nothing.
    (1000, 820, 150, 1.0, Some(165)),
    (1000, 900,  50, 1.0, None),
];

#[test]
fn jitter_of_a_hint_ends_no_call_that_has_time() {
    for &(total, elapsed, hint, jitter, pause) in JITTER_IN_TIME {
        let failed = Failed {
            tries: 1,
            elapsed: ms(elapsed),
            decision: after(hint),
            backoff: ms(100),
            jitter,
        };
        let wanted = pause.map_or(Step::End(TotalElapsed), paid);
        assert_eq!(decide(&limits(0, total), failed), wanted, "{failed:?}");
    }
}

#[test]
fn the_longest_hint_with_jitter_is_the_longest_pause() {
    let failed = Failed {
        tries: 1,
        elapsed: Duration::ZERO,
        decision: Decision::RetryAfter(Duration::MAX),
        backoff: ms(100),
        jitter: 1.0,
    };
    let limits = Limits {
        hint_max: Duration::MAX,
        hint_jitter: f64::MAX,
        ..limits(0, 0)
    };
    let delay = Duration::MAX;
    let spends = true;
    assert_eq!(decide(&limits, failed), Step::Retry { delay, spends });
}

/// Every combination of a few values: what is promised of each, whatever the others are.
#[test]
fn the_whole_matrix() {
    let decisions = [
        RETRY,
        STOP,
        FREE,
        after(0),
        after(300),
        after(900),
        free_after(0),
        free_after(900),
    ];
    let mut seen = 0;
    for tries_max in [0, 1, 2, 5] {
        for total in [0, 1, 100, 1000] {
            for tries in [1, 2, 3, 5, u32::MAX] {
                for elapsed in [0, 1, 99, 100, 500, 999, 1000, u64::MAX] {
                    for backoff in [0, 100, u64::MAX] {
                        for decision in decisions {
                            let (elapsed, backoff) = (ms(elapsed), ms(backoff));
                            let failed = Failed {
                                tries,
                                elapsed,
                                decision,
                                backoff,
                                jitter: 0.0,
                            };
                            check(&limits(tries_max, total), failed);
                            seen += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen, 4 * 4 * 5 * 8 * 3 * 8);
}

fn check(limits: &Limits, failed: Failed) {
    let no_more = limits
        .tries_max
        .is_some_and(|max| failed.tries >= max.get());
    match decide(limits, failed) {
        Step::Retry { delay, spends } => {
            assert!(failed.decision != STOP && !no_more, "{failed:?}");
            let is_free = matches!(failed.decision, Decision::RetryFree { .. });
            assert_ne!(spends, is_free, "{failed:?}");
            let begins = failed.elapsed.saturating_add(delay);
            assert!(
                limits.total_max.is_none_or(|max| begins < max),
                "{failed:?}"
            );
            // Never less than the back-off, and more only for a hint.
            assert!(delay >= failed.backoff, "{failed:?}");
            assert!(
                delay == failed.backoff || delay <= limits.hint_max,
                "{failed:?}"
            );
        }
        Step::End(NotRetryable) => assert_eq!(failed.decision, STOP),
        Step::End(Exhausted) => assert!(no_more && failed.decision != STOP, "{failed:?}"),
        Step::End(TotalElapsed) => {
            assert!(limits.total_max.is_some() && !no_more, "{failed:?}");
            assert_ne!(failed.decision, STOP);
        }
        Step::End(other) => panic!("{other:?} is not decided here"),
    }
}
