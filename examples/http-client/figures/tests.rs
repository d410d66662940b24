use hyper::StatusCode;

use super::*;

fn recorder(wanted: usize) -> Recorder {
    Recorder::new(wanted, ProgressBar::hidden())
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn url() -> Uri {
    Uri::from_static("http://a/")
}

#[test]
fn latencies_are_shown_by_quantile() {
    let recorder = recorder(100);
    for number in 1..=100 {
        recorder.record(&url(), millis(number), &Ok(1_000_000));
    }
    let text = recorder.finish(Duration::from_secs(2)).to_string();
    for part in [
        "fetched   100  50.0 ms  90.0 ms  99.0 ms  100.0 ms",
        "100 URLs, 100.0 MB in 2.00 s: 50 a second\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("failed"), "{text}");
}

#[test]
fn failures_are_told_apart_and_the_first_few_by_name() {
    let recorder = recorder(SHOWN + 3);
    recorder.record(&url(), millis(1), &Ok(1));
    for _ in 0..=SHOWN {
        let failure = Failure::Status(StatusCode::NOT_FOUND);
        recorder.record(&url(), millis(2), &Err(failure));
    }
    let figures = recorder.finish(millis(10));
    assert_eq!(figures.failed(), SHOWN as u64 + 1);
    let text = figures.to_string();
    let told = "failed: http://a/: the answer is 404 Not Found\n";
    assert_eq!(text.matches(told).count(), SHOWN, "{text}");
    assert!(text.contains("failed: and 1 more\n"), "{text}");
    assert!(text.ends_with("(PARTIAL: 1 not fetched)\n"), "{text}");
}

#[test]
fn what_was_cancelled_is_missing_and_no_failure() {
    let recorder = recorder(1);
    let scope = aqueduct_cancel::CancelScope::new();
    scope.cancel();
    let cancelled = scope.check().unwrap_err();
    recorder.record(&url(), millis(1), &Err(Failure::Cancelled(cancelled)));
    let figures = recorder.finish(millis(1));
    assert_eq!((figures.failed(), figures.missing()), (0, 1));
}
