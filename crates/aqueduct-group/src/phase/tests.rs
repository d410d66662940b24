use super::*;

const PATIENCE: Patience = Patience {
    drain: Some(Duration::from_secs(7)),
    grace: Duration::from_secs(10),
    linger: Duration::from_secs(5),
};

const HASTE: Patience = Patience {
    drain: Some(Duration::ZERO),
    grace: Duration::ZERO,
    linger: Duration::ZERO,
};

const FOREVER: Patience = Patience {
    drain: Some(Duration::MAX),
    grace: Duration::MAX,
    linger: Duration::MAX,
};

/// Draining is nothing to it.
const UNDRAINED: Patience = Patience {
    drain: None,
    ..PATIENCE
};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// All states × all that may have happened, with the state after it and what is to be done.
#[test]
fn advance_goes_forward_and_nowhere_else() {
    let t0 = Instant::now();
    let at = |after: u64| t0 + secs(after);
    let grace = |after| Phase::Grace {
        until: Some(at(after)),
    };
    let aborted = |after| Phase::Aborted {
        until: Some(at(after)),
    };
    let draining = |after| Phase::Draining {
        until: Some(at(after)),
    };
    let (n, d, c) = (Asked::Nothing, Asked::Drain, Asked::Cancel);
    let endless_drain = Phase::Draining { until: None };
    let endless_grace = Phase::Grace { until: None };
    let endless = Phase::Aborted { until: None };
    let wake = |after| Act::WakeAt(at(after));
    #[rustfmt::skip]
    let table = [
        // before, patience, now, asked │ after, what to do
        (Phase::Running, PATIENCE, 3, n, Phase::Running, Act::Nothing),
        (Phase::Running, PATIENCE, 3, c, grace(13), wake(13)),
        (Phase::Running, HASTE, 3, n, Phase::Running, Act::Nothing),
        (Phase::Running, HASTE, 3, c, aborted(3), Act::Abort),
        (Phase::Running, FOREVER, 3, c, endless_grace, Act::Nothing),
        // Draining.
        (Phase::Running, PATIENCE, 3, d, draining(10), wake(10)),
        (Phase::Running, HASTE, 3, d, draining(3), Act::Cancel),
        (Phase::Running, FOREVER, 3, d, endless_drain, Act::Nothing),
        (Phase::Running, UNDRAINED, 3, d, Phase::Running, Act::Nothing),
        (Phase::Running, UNDRAINED, 3, c, grace(13), wake(13)),
        (draining(10), PATIENCE, 9, d, draining(10), wake(10)),
        (draining(10), PATIENCE, 9, n, draining(10), wake(10)),
        (draining(10), PATIENCE, 10, d, draining(10), Act::Cancel),
        (draining(10), PATIENCE, 12, d, draining(10), Act::Cancel),
        (draining(10), PATIENCE, 4, c, grace(14), wake(14)),
        (draining(10), PATIENCE, 12, c, grace(22), wake(22)),
        (draining(3), HASTE, 3, c, aborted(3), Act::Abort),
        (endless_drain, FOREVER, 1_000_000, d, endless_drain, Act::Nothing),
        (endless_drain, FOREVER, 1_000_000, c, endless_grace, Act::Nothing),
        (grace(13), PATIENCE, 12, d, grace(13), wake(13)),
        (aborted(18), PATIENCE, 17, d, aborted(18), wake(18)),
        (Phase::GivenUp, PATIENCE, 40, d, Phase::GivenUp, Act::Nothing),
        // Cancellation is not taken back; whether it is seen again does not matter.
        (grace(13), PATIENCE, 3, c, grace(13), wake(13)),
        (grace(13), PATIENCE, 12, n, grace(13), wake(13)),
        (grace(13), PATIENCE, 13, c, aborted(18), Act::Abort),
        (grace(13), PATIENCE, 20, c, aborted(25), Act::Abort),
        (grace(13), FOREVER, 13, c, endless, Act::Abort),
        (endless_grace, FOREVER, 1_000_000, c, endless_grace, Act::Nothing),
        (aborted(18), PATIENCE, 13, c, aborted(18), wake(18)),
        (aborted(18), PATIENCE, 17, n, aborted(18), wake(18)),
        (aborted(18), PATIENCE, 18, c, Phase::GivenUp, Act::GiveUp),
        (aborted(18), PATIENCE, 30, c, Phase::GivenUp, Act::GiveUp),
        (aborted(3), HASTE, 3, c, Phase::GivenUp, Act::GiveUp),
        (endless, FOREVER, 1_000_000, c, endless, Act::Nothing),
        (Phase::GivenUp, PATIENCE, 40, c, Phase::GivenUp, Act::Nothing),
        (Phase::GivenUp, HASTE, 40, n, Phase::GivenUp, Act::Nothing),
    ];
    for (before, patience, now, asked, after, act) in table {
        let mut phase = before;
        let done = phase.advance(at(now), asked, patience);
        let about = format!("{before:?} at {now} s, asked: {asked:?}");
        assert_eq!((phase, done), (after, act), "{about}");
        assert!(
            GroupPhase::from(before) <= GroupPhase::from(after),
            "{about}"
        );
    }
}

#[test]
fn abort_is_once_from_any_phase() {
    let t0 = Instant::now();
    let until = Some(t0 + secs(4));
    let aborted = Phase::Aborted {
        until: Some(t0 + secs(5)),
    };
    let old = Phase::Aborted { until };
    #[rustfmt::skip]
    let table = [
        (Phase::Running, aborted, Act::Abort),
        (Phase::Draining { until }, aborted, Act::Abort),
        (Phase::Grace { until }, aborted, Act::Abort),
        (Phase::Grace { until: None }, aborted, Act::Abort),
        // The linger counts from the first.
        (old, old, Act::Nothing),
        (Phase::GivenUp, Phase::GivenUp, Act::Nothing),
    ];
    for (before, after, act) in table {
        let mut phase = before;
        let done = phase.abort(t0, PATIENCE);
        assert_eq!((phase, done), (after, act), "{before:?}");
    }
}

/// As the shell does it: once more after [`Act::Abort`], and at each moment it was told.
#[test]
fn the_whole_way() {
    let t0 = Instant::now() + secs(7);
    let mut phase = Phase::Running;
    let drained = phase.advance(t0 - secs(7), Asked::Drain, PATIENCE);
    assert_eq!(drained, Act::WakeAt(t0));
    assert_eq!(phase.advance(t0, Asked::Drain, PATIENCE), Act::Cancel);
    assert_eq!(
        phase.advance(t0, Asked::Cancel, PATIENCE),
        Act::WakeAt(t0 + secs(10))
    );
    // An alarm that is late counts from when it rang.
    let late = t0 + secs(11);
    assert_eq!(phase.advance(late, Asked::Cancel, PATIENCE), Act::Abort);
    assert_eq!(
        phase.advance(late, Asked::Cancel, PATIENCE),
        Act::WakeAt(t0 + secs(16))
    );
    assert_eq!(
        phase.advance(t0 + secs(16), Asked::Cancel, PATIENCE),
        Act::GiveUp
    );
    assert_eq!(
        phase.advance(t0 + secs(99), Asked::Cancel, PATIENCE),
        Act::Nothing
    );
}
