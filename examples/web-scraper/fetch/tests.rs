use super::*;

#[test]
fn who_wants_to_be_left_alone_for_long_is() {
    let minute = Duration::from_secs(60);
    let busy = |after| Trouble::Busy(503, after).decision();
    assert_eq!(busy(None), Decision::Retry);
    assert_eq!(busy(Some(minute)), Decision::RetryAfter(minute));
    assert_eq!(busy(Some(2 * minute)), Decision::Stop);
}

#[test]
fn what_is_late_is_not_asked_again() {
    let late = Trouble::Late(Duration::from_secs(1));
    assert_eq!(late.decision(), Decision::Stop);
    assert_eq!(late.to_string(), "late: nothing within 1.00 s");
}
