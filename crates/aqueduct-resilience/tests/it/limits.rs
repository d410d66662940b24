//! How often and how long: all to the millisecond, as the clock is paused.

use std::time::Duration;

use aqueduct_resilience::RetryErrorKind::{Exhausted, HintTooLong, NotRetryable, TotalElapsed};
use aqueduct_resilience::{Backoff, Decision, Failure, HintOverMax, Retry, RetryError};
use tokio::time::{Instant, sleep};

use crate::{Failed, Service, doubling, exact, ms};

/// Runs it, and says how long it took.
async fn timed(
    retry: &Retry<Failed>,
    service: &Service,
) -> (Result<u32, RetryError<Failed>>, u128) {
    let began = Instant::now();
    let result = retry.run(async || service.call().await).await;
    let elapsed = began.elapsed();
    if let Err(error) = &result {
        assert_eq!(error.elapsed(), elapsed);
        assert_eq!(error.tries(), service.calls.get());
    }
    (result, elapsed.as_millis())
}

#[tokio::test(start_paused = true)]
async fn what_succeeds_at_once_waits_for_nothing() {
    let (result, elapsed) = timed(&doubling(), &Service::failing(0)).await;
    assert_eq!((result.unwrap(), elapsed), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn pauses_are_those_of_the_back_off() {
    let (result, elapsed) = timed(&doubling(), &Service::failing(4)).await;
    assert_eq!((result.unwrap(), elapsed), (5, 100 + 200 + 400 + 800));
    let service = Service::failing(2).taking(7);
    let (result, elapsed) = timed(&doubling(), &service).await;
    assert_eq!((result.unwrap(), elapsed), (3, 7 + 100 + 7 + 200 + 7));
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted() {
    let once = doubling().with_tries_max(1);
    let (result, elapsed) = timed(&once, &Service::failing(9)).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.tries(), elapsed), (Exhausted, 1, 0));
    let (result, elapsed) = timed(&Retry::new(exact(100)), &Service::failing(9)).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.tries(), elapsed), (Exhausted, 3, 300));
    assert_eq!(error.last_error(), Some(&Failed(3)));
    let (result, _) = timed(&doubling().with_tries_max(4), &Service::failing(3)).await;
    assert_eq!(result.unwrap(), 4);
}

#[test]
#[should_panic(expected = "one try at least")]
fn no_try_is_no_call() {
    let _ = Retry::<Failed>::default().with_tries_max(0);
}

#[tokio::test(start_paused = true)]
async fn a_try_has_a_limit() {
    let retry = doubling().with_try_timeout(ms(50)).with_tries_max(3);
    let service = Service::failing(0).taking(51);
    let (result, elapsed) = timed(&retry, &service).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), elapsed), (Exhausted, 3 * 50 + 300));
    assert_eq!(error.last(), Some(&Failure::TimedOut(ms(50))));
    assert_eq!(error.last_error(), None);
    assert_eq!(service.dropped.get(), 3);
    let (result, elapsed) = timed(&retry, &Service::failing(1).taking(49)).await;
    assert_eq!((result.unwrap(), elapsed), (2, 49 + 100 + 49));
}

#[tokio::test(start_paused = true)]
async fn the_whole_has_a_limit() {
    // It ends when the next pause would be too long, not after it.
    let retry = doubling().with_total_timeout(ms(700));
    let (result, elapsed) = timed(&retry, &Service::failing(9)).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), elapsed),
        (TotalElapsed, 3, 300)
    );
    assert_eq!(error.last_error(), Some(&Failed(3)));
    // One more, and there is time.
    let retry = doubling().with_total_timeout(ms(701));
    let (result, elapsed) = timed(&retry, &Service::failing(3)).await;
    assert_eq!((result.unwrap(), elapsed), (4, 700));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_whole_cuts_off_a_try() {
    let retry = doubling().with_total_timeout(ms(500));
    let service = Service::failing(9).taking(150);
    // 150 + 100 + 150, and then 200 would be too much.
    let (result, elapsed) = timed(&retry, &service).await;
    assert_eq!((result.unwrap_err().kind(), elapsed), (TotalElapsed, 400));
    let service = Service::failing(9).taking(350);
    let (result, elapsed) = timed(&retry, &service).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), elapsed),
        (TotalElapsed, 2, 500)
    );
    assert_eq!(error.last_error(), Some(&Failed(1)));
    assert_eq!(service.dropped.get(), 1);
    // The first: there is no failure to tell of.
    let service = Service::failing(9).taking(501);
    let (result, elapsed) = timed(&retry, &service).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), elapsed),
        (TotalElapsed, 1, 500)
    );
    assert_eq!(error.last(), None);
}

#[tokio::test(start_paused = true)]
async fn the_nearer_limit_counts() {
    let retry = doubling()
        .with_try_timeout(ms(300))
        .with_total_timeout(ms(500));
    let service = Service::failing(9).taking(1000);
    let (result, elapsed) = timed(&retry, &service).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), elapsed),
        (TotalElapsed, 2, 500)
    );
    assert_eq!(error.last(), Some(&Failure::TimedOut(ms(300))));
}

#[tokio::test(start_paused = true)]
async fn limits_that_are_endless_are_none() {
    let retry = doubling()
        .with_try_timeout(Duration::MAX)
        .with_total_timeout(Duration::MAX);
    let (result, elapsed) = timed(&retry, &Service::failing(2).taking(5)).await;
    assert_eq!((result.unwrap(), elapsed), (3, 315));
}

#[tokio::test(start_paused = true)]
async fn no_time_at_all_is_one_poll() {
    let retry = doubling().with_total_timeout(Duration::ZERO);
    let (result, _) = timed(&retry, &Service::failing(0)).await;
    assert_eq!(result.unwrap(), 1);
    let (result, elapsed) = timed(&retry, &Service::failing(1)).await;
    assert_eq!((result.unwrap_err().kind(), elapsed), (TotalElapsed, 0));
    let (result, elapsed) = timed(&retry, &Service::failing(0).taking(10)).await;
    assert_eq!((result.unwrap_err().kind(), elapsed), (TotalElapsed, 0));
}

#[tokio::test(start_paused = true)]
async fn which_errors() {
    let retry = doubling().with_retry_if(|error| error.0 < 3);
    let (result, elapsed) = timed(&retry, &Service::failing(9)).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.tries(), elapsed),
        (NotRetryable, 3, 300)
    );
    assert_eq!(error.into_last_error(), Some(Failed(3)));
    let (result, _) = timed(&retry, &Service::failing(2)).await;
    assert_eq!(result.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hint_makes_a_pause_longer_and_has_a_bound() {
    let exactly = doubling().with_hint_jitter(0.0);
    let hints = |hint: fn(u32) -> Decision| {
        let exactly = exactly.clone();
        exactly.with_classifier(move |error: &Failed| hint(error.0))
    };
    // A date that has passed, as when the clocks differ, is not a leave to come at once.
    let less = hints(|_| Decision::RetryAfter(Duration::ZERO));
    let (result, elapsed) = timed(&less, &Service::failing(2)).await;
    assert_eq!((result.unwrap(), elapsed), (3, 300));
    // The back-off has gone on in the meantime.
    let first = hints(|n| match n {
        1 => Decision::RetryAfter(ms(5000)),
        _ => Decision::Retry,
    });
    let (result, elapsed) = timed(&first, &Service::failing(2)).await;
    assert_eq!((result.unwrap(), elapsed), (3, 5200));
    let much = hints(|_| Decision::RetryAfter(Duration::MAX));
    let (result, elapsed) = timed(&much, &Service::failing(1)).await;
    assert_eq!((result.unwrap(), elapsed), (2, 60_000));
    let bounded = much.clone().with_hint_max(ms(250));
    let (result, elapsed) = timed(&bounded, &Service::failing(2)).await;
    assert_eq!((result.unwrap(), elapsed), (3, 500));
    let (result, elapsed) = timed(&bounded, &Service::failing(3)).await;
    assert_eq!((result.unwrap(), elapsed), (4, 900));
    // And the total limit is a bound that it does not even wait for.
    let (result, elapsed) = timed(&much.with_total_timeout(ms(60_000)), &Service::failing(1)).await;
    assert_eq!((result.unwrap_err().kind(), elapsed), (TotalElapsed, 0));
}

/// A hundred are turned away at a moment and told the same.
#[tokio::test(start_paused = true)]
async fn those_who_are_told_the_same_do_not_come_back_together() {
    let retry = doubling().with_classifier(|_| Decision::RetryAfter(ms(10_000)));
    let mut came = Vec::new();
    for _ in 0..100 {
        let (result, elapsed) = timed(&retry, &Service::failing(1)).await;
        assert_eq!(result.unwrap(), 2);
        came.push(elapsed);
    }
    came.sort_unstable();
    let (first, last) = (came[0], came[99]);
    assert!(first >= 10_000, "{first} ms is before the time");
    assert!(last <= 12_501, "{last} ms is more than a quarter later");
    // One in ten thousand million times they would lie closer.
    assert!(last - first > 1_000, "from {first} to {last} ms");
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_is_too_long_ends_the_call_if_so_chosen() {
    let polite = doubling()
        .with_hint_max(ms(500))
        .with_hint_over_max(HintOverMax::GiveUp)
        .with_classifier(|error: &Failed| match error.0 {
            1 => Decision::RetryAfter(ms(500)),
            _ => Decision::RetryAfter(ms(501)),
        });
    let (result, _) = timed(&polite, &Service::failing(1)).await;
    assert_eq!(result.unwrap(), 2);
    let service = Service::failing(2);
    let (result, _) = timed(&polite, &service).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (HintTooLong, 2));
    let told = error.to_string();
    assert!(
        told.ends_with("the service asks to wait for too long"),
        "{told}"
    );
}

/// A call that fails at once, for ever, and does not wait, still lets others run.
#[tokio::test]
async fn without_pauses_others_get_their_turn() {
    let retry = Retry::new(Backoff::none()).with_unlimited_tries();
    let service = Service::failing(u32::MAX);
    let endless = retry.run(async || service.call().await);
    tokio::select! {
        biased;
        _ = endless => unreachable!("it never succeeds"),
        () = sleep(ms(5)) => {}
    }
    assert!(service.calls.get() > 1);
}
