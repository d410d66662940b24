use super::*;

#[test]
fn who_says_when_is_asked_then() {
    let minute = Duration::from_secs(60);
    let busy = |after| Trouble::Busy(503, after).decision();
    assert_eq!(busy(None), Decision::Retry);
    assert_eq!(busy(Some(minute)), Decision::RetryAfter(minute));
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_be_left_alone_for_long_is() {
    let tries = async |after| {
        let busy = async || Err::<(), _>(Trouble::Busy(503, Some(after)));
        let error = policy().run(busy).await.unwrap_err();
        (error.tries(), error.kind())
    };
    assert_eq!(
        tries(PATIENCE).await,
        (TRIES_MAX, RetryErrorKind::Exhausted)
    );
    let too_long = PATIENCE + Duration::from_secs(1);
    assert_eq!(tries(too_long).await, (1, RetryErrorKind::HintTooLong));
}

#[test]
fn what_is_late_is_not_asked_again() {
    let late = Trouble::Late(Duration::from_secs(1));
    assert_eq!(late.decision(), Decision::Stop);
    assert_eq!(late.to_string(), "late: nothing within 1.00 s");
}
