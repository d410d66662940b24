//! Which types may cross threads, and what errors say.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use aqueduct_backpressure::rate::{
    Acquire, AcquireError, AcquireKey, AcquireKeyOwned, AcquireTimeout, AcquireTimeoutError,
    KeyedRateLimiter, KeyedStats, Quota, RateLimiter, Stats, TryAcquireError,
};

fn free<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static>() {}
fn sent<T: Send + Sync>() {}
fn kept<T: Send + Sync + 'static>() {}

#[test]
fn handles_and_values_cross_threads() {
    free::<RateLimiter>();
    free::<Quota>();
    free::<Stats>();
    free::<TryAcquireError>();
    free::<AcquireError>();
    free::<AcquireTimeoutError>();
    free::<KeyedRateLimiter<String>>();
    free::<KeyedStats>();
    sent::<AcquireKey<'_, String, std::hash::RandomState>>();
    kept::<AcquireKeyOwned<String>>();
    sent::<Acquire>();
    sent::<Acquire<&RateLimiter>>();
    sent::<AcquireTimeout<'_>>();
}

#[test]
fn errors_say_what_to_do() {
    let retry_after = Duration::from_millis(5);
    let too_soon = TryAcquireError::TooSoon { retry_after };
    assert_eq!(too_soon.to_string(), "too soon: free in 5ms");
    let too_many = AcquireTimeoutError::from(AcquireError::TooMany { burst: 3 });
    assert_eq!(
        too_many.to_string(),
        "more permits than the burst of 3 holds"
    );
    assert!(
        AcquireTimeoutError::Elapsed
            .to_string()
            .contains("time was up")
    );
}

#[test]
#[should_panic(expected = "no permits")]
fn a_quota_of_nothing_is_refused() {
    Quota::per_second(0);
}

#[test]
#[should_panic(expected = "burst of none")]
fn a_burst_of_nothing_is_refused() {
    let _ = Quota::per_second(1).with_burst(0);
}

#[test]
#[should_panic(expected = "period is not zero")]
fn a_period_of_nothing_is_refused() {
    Quota::every(Duration::ZERO);
}

#[test]
#[should_panic(expected = "within ten years")]
fn a_burst_of_centuries_is_refused() {
    let _ = Quota::per_second(1).with_burst(u32::MAX);
}
