use super::*;

#[test]
fn every_unit_is_read() {
    let times = ["250ms", "1.5s", "2m", "1h", "0s"].map(|text| parse(text).unwrap().as_millis());
    assert_eq!(times, [250, 1_500, 120_000, 3_600_000, 0]);
}

#[test]
fn what_is_wrong_is_said() {
    for (text, wrong) in [
        ("10", "needs a unit: 10ms or 10s"),
        ("10 days", "' days' is no unit"),
        ("s", "'' is no number"),
        ("1.2.3s", "'1.2.3' is no number"),
        ("99999999999999999999h", "too long"),
        ("-1s", "no unit"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(wrong), "{text}: {error}");
    }
    assert!(parse_positive("0ms").is_err());
    assert_eq!(parse_positive("1ms"), Ok(Duration::from_millis(1)));
}

#[test]
fn times_are_shown_in_a_fitting_unit() {
    let shown = [950, 12_345, 1_250_000].map(|micros| shown(Duration::from_micros(micros)));
    assert_eq!(shown, ["950 µs", "12.3 ms", "1.25 s"]);
}
