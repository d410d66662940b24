use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::window::{Rule, SLOTS};
use super::{BudgetStats, RetryBudget};

const SECOND: Duration = Duration::from_secs(1);

fn granted(budget: &RetryBudget, asked: usize, now: Instant) -> usize {
    (0..asked).filter(|_| budget.try_withdraw(now)).count()
}

/// A budget without a reserve, after some requests, and when that was.
fn after(requests: u32, ratio: f64) -> (RetryBudget, Instant) {
    let budget = RetryBudget::new(10 * SECOND, 0, ratio);
    let now = Instant::now();
    for _ in 0..requests {
        budget.deposit(now);
    }
    (budget, now)
}

/// Of a ratio in hundredths, all are what they say. (Whole prices make 0.6 to 1.)
#[test]
fn any_ratio_is_exact() {
    for hundredths in 0..=300_u32 {
        let (budget, now) = after(100, f64::from(hundredths) / 100.0);
        assert_eq!(granted(&budget, 400, now), hundredths as usize);
    }
    for (ratio, requests, retries) in [
        (1.0 / 3.0, 3, 1),
        (2.0 / 3.0, 999, 666),
        (0.7, 9, 6),
        (2.5, 3, 7),
    ] {
        let (budget, now) = after(requests, ratio);
        assert_eq!(
            granted(&budget, 10_000, now),
            retries,
            "{ratio} of {requests}"
        );
    }
}

#[test]
fn the_reserve_is_for_who_makes_few_requests() {
    let budget = RetryBudget::default();
    let now = Instant::now();
    assert_eq!(granted(&budget, 1000, now), 100);
    for _ in 0..10 {
        budget.deposit(now);
    }
    assert_eq!(granted(&budget, 1000, now), 2);
    let nothing = RetryBudget::new(SECOND, 0, 0.0);
    nothing.deposit(now);
    assert!(!nothing.try_withdraw(now));
}

#[test]
fn what_is_older_than_the_window_counts_no_more() {
    let (budget, start) = after(10, 0.5);
    let stats = |now| {
        let BudgetStats {
            requests,
            retries,
            available,
            ..
        } = budget.stats(now);
        (requests, retries, available)
    };
    assert_eq!(granted(&budget, 2, start + SECOND / 2), 2);
    assert_eq!(stats(start + 9 * SECOND), (10, 2, 3));
    assert_eq!(granted(&budget, 9, start + 9 * SECOND), 3);
    // The requests go with those retries that were granted along with them. What came later stays, and is not below zero.
    let later = start + 10 * SECOND;
    assert_eq!(stats(later), (0, 3, 0));
    for _ in 0..6 {
        budget.deposit(later);
    }
    assert_eq!(stats(later), (6, 3, 0));
    budget.deposit(later);
    budget.deposit(later);
    assert_eq!(stats(later), (8, 3, 1));
    assert_eq!(stats(start + 1000 * SECOND), (0, 0, 0));
    let BudgetStats {
        granted_total,
        refused_total,
        ..
    } = budget.stats(start);
    assert_eq!((granted_total, refused_total), (5, 6));
}

#[test]
fn time_that_goes_backwards_is_the_present() {
    let (budget, start) = after(10, 0.1);
    budget.deposit(start + 100 * SECOND);
    for _ in 0..9 {
        budget.deposit(start);
    }
    assert_eq!(granted(&budget, 5, start), 1);
    assert_eq!(budget.stats(start + 100 * SECOND).requests, 10);
}

#[test]
fn far_futures_and_small_windows_are_no_trouble() {
    let budget = RetryBudget::new(Duration::from_nanos(10), u32::MAX, 1.0);
    let now = Instant::now() + Duration::from_secs(60 * 60 * 24 * 365 * 500);
    budget.deposit(now);
    assert_eq!(granted(&budget, 100, now), 43);
    let widest = RetryBudget::new(Duration::MAX, u32::MAX, f64::MAX);
    widest.deposit(now);
    assert_eq!(widest.stats(now).available, u64::MAX);
}

#[test]
fn what_is_held_and_not_spent_goes_back() {
    let (budget, now) = after(10, 0.1);
    let held = budget.try_hold(now).unwrap();
    assert!(budget.try_hold(now).is_none());
    drop(held);
    budget.try_hold(now).unwrap().spend();
    assert!(!budget.try_withdraw(now));
    // Of a slot that is gone there is nothing to go back.
    let (budget, now) = after(10, 0.1);
    let held = budget.try_hold(now);
    assert!(held.is_some());
    for _ in 0..10 {
        budget.deposit(now + 100 * SECOND);
    }
    drop(held);
    assert_eq!(granted(&budget, 9, now), 1);
    assert_eq!(budget.stats(now).granted_total, 1);
}

#[test]
fn impossible_rules_are_refused() {
    let made = |window, ratio| std::panic::catch_unwind(move || RetryBudget::new(window, 1, ratio));
    for ratio in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(made(SECOND, ratio).is_err(), "{ratio}");
    }
    assert!(made(Duration::from_nanos(9), 1.0).is_err());
}

/// Two that ask at once do not both get the last retry, and none gets lost.
#[test]
fn many_threads_get_what_there_is_and_no_more() {
    for round in 0..20 {
        let budget = RetryBudget::new(10 * SECOND, 1, 0.3);
        let now = Instant::now();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let budget = budget.clone();
                std::thread::spawn(move || {
                    let mut granted = 0;
                    for n in 0..2000 {
                        budget.deposit(now);
                        granted += u64::from((n + thread) % 2 == 0 && budget.try_withdraw(now));
                        drop(budget.try_hold(now));
                    }
                    granted
                })
            })
            .collect();
        let granted: u64 = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        let left = self::granted(&budget, 10_000, now) as u64;
        assert_eq!(granted + left, 10 + 2400, "round {round}");
        assert_eq!(budget.stats(now).retries, granted + left);
    }
}

/// What the rule says, in whole numbers.
fn allowed(reserve: u64, (of, parts): (u64, u64), requests: u64) -> u64 {
    let share = u128::from(of) * u128::from(requests) / u128::from(parts);
    reserve + u64::try_from(share).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Request,
    Retry,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Request),
        4 => Just(Step::Retry),
        1 => (0..300_u64).prop_map(Step::Wait),
        1 => (0..30_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..400)
}

proptest! {
    #[test]
    fn the_rule_is_that_of_whole_numbers(reserve in 0..100_u64, of in 0..3000_u64, parts in 1..1000_u64, requests in 0..1_000_000_000_u64) {
        let rule = Rule { reserve: reserve as f64, ratio: of as f64 / parts as f64 };
        prop_assert_eq!(rule.allowed(requests), allowed(reserve, (of, parts), requests));
    }

    /// At each step, a retry is granted if and only if the rule allows for it.
    #[test]
    fn any_sequence_is_what_the_rule_says(steps in steps(), per_second in 0..3_u32, of in 0..30_u64, parts in 1..20_u64) {
        let ratio = of as f64 / parts as f64;
        // Slots of a hundred milliseconds.
        let budget = RetryBudget::new(SECOND, per_second, ratio);
        let origin = budget.shared.origin;
        let (mut at, mut requests, mut retries) = (0, VecDeque::new(), VecDeque::new());
        for step in steps {
            let now = origin + Duration::from_millis(at);
            let slot = at / 100;
            for times in [&mut requests, &mut retries] {
                while times.front().is_some_and(|old| slot - old >= SLOTS as u64) {
                    times.pop_front();
                }
            }
            match step {
                Step::Request => {
                    budget.deposit(now);
                    requests.push_back(slot);
                }
                Step::Retry => {
                    let may = (retries.len() as u64) < allowed(per_second.into(), (of, parts), requests.len() as u64);
                    prop_assert_eq!(budget.try_withdraw(now), may);
                    if may {
                        retries.push_back(slot);
                    }
                }
                Step::Wait(millis) => at += millis,
            }
        }
    }
}
