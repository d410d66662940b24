use super::*;

const PATIENCE: Patience = Patience {
    grace: Duration::from_secs(10),
    linger: Duration::from_secs(5),
};

const HASTE: Patience = Patience {
    grace: Duration::ZERO,
    linger: Duration::ZERO,
};

const FOREVER: Patience = Patience {
    grace: Duration::MAX,
    linger: Duration::MAX,
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
    let endless_grace = Phase::Grace { until: None };
    let endless = Phase::Aborted { until: None };
    let wake = |after| Act::WakeAt(at(after));
    #[rustfmt::skip]
    let table = [
        // before, patience, now, cancelled │ after, what to do
        (Phase::Running, PATIENCE, 3, false, Phase::Running, Act::Nothing),
        (Phase::Running, PATIENCE, 3, true, grace(13), wake(13)),
        (Phase::Running, HASTE, 3, false, Phase::Running, Act::Nothing),
        (Phase::Running, HASTE, 3, true, aborted(3), Act::Abort),
        (Phase::Running, FOREVER, 3, true, endless_grace, Act::Nothing),
        // Cancellation is not taken back; whether it is seen again does not matter.
        (grace(13), PATIENCE, 3, true, grace(13), wake(13)),
        (grace(13), PATIENCE, 12, false, grace(13), wake(13)),
        (grace(13), PATIENCE, 13, true, aborted(18), Act::Abort),
        (grace(13), PATIENCE, 20, true, aborted(25), Act::Abort),
        (grace(13), FOREVER, 13, true, endless, Act::Abort),
        (endless_grace, FOREVER, 1_000_000, true, endless_grace, Act::Nothing),
        (aborted(18), PATIENCE, 13, true, aborted(18), wake(18)),
        (aborted(18), PATIENCE, 17, false, aborted(18), wake(18)),
        (aborted(18), PATIENCE, 18, true, Phase::GivenUp, Act::GiveUp),
        (aborted(18), PATIENCE, 30, true, Phase::GivenUp, Act::GiveUp),
        (aborted(3), HASTE, 3, true, Phase::GivenUp, Act::GiveUp),
        (endless, FOREVER, 1_000_000, true, endless, Act::Nothing),
        (Phase::GivenUp, PATIENCE, 40, true, Phase::GivenUp, Act::Nothing),
        (Phase::GivenUp, HASTE, 40, false, Phase::GivenUp, Act::Nothing),
    ];
    for (before, patience, now, cancelled, after, act) in table {
        let mut phase = before;
        let done = phase.advance(at(now), cancelled, patience);
        let about = format!("{before:?} at {now} s, cancelled: {cancelled}");
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
    let t0 = Instant::now();
    let mut phase = Phase::Running;
    assert_eq!(
        phase.advance(t0, true, PATIENCE),
        Act::WakeAt(t0 + secs(10))
    );
    // An alarm that is late counts from when it rang.
    let late = t0 + secs(11);
    assert_eq!(phase.advance(late, true, PATIENCE), Act::Abort);
    assert_eq!(
        phase.advance(late, true, PATIENCE),
        Act::WakeAt(t0 + secs(16))
    );
    assert_eq!(phase.advance(t0 + secs(16), true, PATIENCE), Act::GiveUp);
    assert_eq!(phase.advance(t0 + secs(99), true, PATIENCE), Act::Nothing);
}
