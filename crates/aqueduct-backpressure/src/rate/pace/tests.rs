use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// What was admitted, as a list, and nothing else: `n` at `now` are allowed if they and all that was admitted since any
/// earlier moment are no more than a burst and what the rate gives since that moment.
#[derive(Default)]
struct Log(Vec<(u64, u32)>);

impl Log {
    fn allows(&self, pace: Pace, now: u64, n: u32) -> bool {
        let mut permits = u128::from(n);
        let burst = u128::from(pace.burst);
        let mut fits = permits <= burst;
        for (at, admitted) in self.0.iter().rev() {
            permits += u128::from(*admitted);
            let time = u128::from(now - at);
            fits &= permits.saturating_sub(burst) * u128::from(pace.interval) <= time;
        }
        fits
    }

    /// R1, without any rounding: `permits` a `period`.
    fn assert_within(&self, permits: u32, period: Duration, burst: u32) {
        for (first, (from, _)) in self.0.iter().enumerate() {
            let mut sum = 0u128;
            for (to, n) in &self.0[first..] {
                sum += u128::from(*n);
                let earned = u128::from(to - from) * u128::from(permits);
                let beyond = sum.saturating_sub(burst.into());
                assert!(beyond * period.as_nanos() * u128::from(UNITS) <= earned);
            }
        }
    }
}

fn decide(pace: Pace, tat: u64, now: u64, n: u32) -> Result<u64, Denied> {
    let decided = pace.decide(tat, now, n);
    decided.ok_or_else(|| pace.denied(tat, now, n))
}

fn quota() -> impl Strategy<Value = (u32, Duration, u32)> {
    let period = prop_oneof![1u64..100, 1_000u64..2_000_000_000, Just(1_000_000_000u64)];
    (1u32..2_000, period, 1u32..40)
        .prop_map(|(permits, nanos, burst)| (permits, Duration::from_nanos(nanos), burst))
}

proptest! {
    #[test]
    fn decides_as_the_plain_list_does(
        (permits, period, burst) in quota(),
        asks in prop::collection::vec((0u64..6, 0u64..64, 1u32..42), 1..120),
    ) {
        let pace = Pace::new(permits, period, burst);
        let (mut tat, mut now, mut log) = (0, 0, Log::default());
        for (intervals, part, n) in asks {
            now += (pace.interval * intervals + pace.interval * part / 64) / UNITS * UNITS;
            let decided = decide(pace, tat, now, n);
            prop_assert_eq!(decided.is_ok(), log.allows(pace, now, n));
            match decided {
                Ok(end) => {
                    tat = end;
                    log.0.push((now, n));
                }
                Err(Denied::TooSoon(units)) => {
                    // Exactly then, and not one unit before.
                    prop_assert!(pace.decide(tat, now + units, n).is_some());
                    prop_assert!(pace.decide(tat, now + units - 1, n).is_none());
                }
                Err(Denied::TooMany(most)) => prop_assert!(most == burst && n > burst),
            }
        }
        log.assert_within(permits, period, burst);
    }

    /// Any figures at all: no overflow, and nothing out of nothing.
    #[test]
    fn survives_any_figures(
        permits in 1u32.., seconds in 0..SPAN_MAX / UNITS / 1_000_000_000, burst: u32, tat in 0..=END,
        now in 0..=NOW_MAX, n: u32, nanos: u64,
    ) {
        let most = Pace::new(permits, Duration::from_secs(seconds), 1).interval.max(1);
        let burst = burst.min(u32::try_from(SPAN_MAX / most).unwrap_or(u32::MAX)).max(1);
        let pace = Pace::new(permits, Duration::from_secs(seconds), burst);
        prop_assert!(pace.is_in_range());
        prop_assert!(units(nanos) <= NOW_MAX);
        pace.delay(tat, now, u64::from(n) * 7);
        prop_assert!(pace.available(tat, now) <= burst);
        let kept = tat.min(END).min(now.saturating_add(pace.span));
        prop_assert!(pace.carry_over(pace, tat, now) >= kept);
        if let Some(end) = pace.decide(tat, now, n) {
            prop_assert!(n <= burst && end >= tat.max(now) && end <= END);
            prop_assert!(end - now <= pace.span);
        }
    }

    /// A change of pace neither forgives what was used nor adds to it, to a permit's rounding.
    #[test]
    fn carries_over_what_was_used(
        (permits, period, burst) in quota(), (permits2, period2, burst2) in quota(), used in 0u32..40, now in 0..1u64 << 50,
    ) {
        let (old, new) = (Pace::new(permits, period, burst), Pace::new(permits2, period2, burst2));
        let used = used.min(burst);
        let tat = now + old.cost(used.into());
        let there = new.carry_over(old, tat, now);
        prop_assert_eq!(new.available(there, now), burst2.saturating_sub(used));
        // Full after a burst at the latest, whatever was used before.
        prop_assert!(there - now <= new.span);
        // And back again. What did not fit into the burst in between is forgotten.
        let kept = used.min(burst2);
        let back = old.carry_over(new, there, now);
        prop_assert!(back >= now + old.cost(kept.into()));
        prop_assert_eq!(old.available(back, now), burst - kept);
    }
}

#[test]
fn a_burst_admits_exactly_itself() {
    for permits in [1, 3, 7, 1_000_000, u32::MAX] {
        let pace = Pace::new(permits, Duration::from_secs(1), 5);
        let now = 1 << 40;
        let after = (0..5).fold(0, |tat, _| pace.decide(tat, now, 1).unwrap());
        assert_eq!(
            decide(pace, after, now, 1),
            Err(Denied::TooSoon(pace.interval))
        );
        let at_once = pace.decide(0, now, 5).unwrap();
        assert_eq!(at_once, after);
    }
}

#[test]
fn time_stands_still_at_the_end_and_nothing_is_given_for_it() {
    assert_eq!(units(u64::MAX), NOW_MAX);
    let most = Pace::new(1, Duration::from_secs(24 * 3600), 3_660);
    let end = most.decide(0, NOW_MAX, 3_660);
    assert!(end.is_some_and(|end| end <= END), "{end:?}");

    let pace = Pace::new(1, Duration::from_secs(1), 3);
    let end = pace.decide(0, NOW_MAX, 3).unwrap();
    assert!(matches!(
        decide(pace, end, NOW_MAX, 1),
        Err(Denied::TooSoon(_))
    ));
    // As long ago as time has stood still.
    assert!(pace.decide(END, NOW_MAX, 1).is_none());
}

#[test]
fn the_interval_is_rounded_up() {
    let interval = |permits| Pace::new(permits, Duration::from_secs(1), 1).interval;
    assert_eq!(interval(1_000_000), 1_000 * UNITS);
    assert_eq!(interval(3_000_000), 2_667); // 333.375 ns
    assert_eq!(interval(u32::MAX), 2);
}

#[test]
fn there_are_ten_years_and_no_more() {
    let day = Duration::from_secs(24 * 3600);
    assert!(Pace::new(1, day, 3_660).is_in_range());
    assert!(!Pace::new(1, day, 3_661).is_in_range());
    assert!(!Pace::new(1, Duration::MAX, 1).is_in_range());
}
