use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::parse_retry_after;

/// Ten seconds before the date that RFC 9110 has in its examples.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767)
}

fn seconds(value: &str) -> Option<u64> {
    parse_retry_after(value, now()).map(|wait| wait.as_secs())
}

#[test]
fn seconds_are_seconds() {
    assert_eq!(seconds("0"), Some(0));
    assert_eq!(seconds("120"), Some(120));
    assert_eq!(seconds(" \t5 "), Some(5));
    assert_eq!(seconds("007"), Some(7));
    assert_eq!(seconds("18446744073709551615"), Some(u64::MAX));
    assert_eq!(seconds("18446744073709551616"), Some(u64::MAX));
    assert_eq!(seconds(&"9".repeat(1000)), Some(u64::MAX));
}

#[test]
fn dates_are_in_three_forms() {
    for date in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(seconds(date), Some(10), "{date}");
        let later = now() + Duration::from_secs(4);
        let wait = parse_retry_after(date, later);
        assert_eq!(wait, Some(Duration::from_secs(6)), "{date}");
        let passed = now() + Duration::from_secs(1000);
        assert_eq!(
            parse_retry_after(date, passed),
            Some(Duration::ZERO),
            "{date}"
        );
    }
}

#[test]
fn what_is_neither_is_nothing() {
    for value in [
        "",
        " ",
        "-1",
        "+1",
        "1.5",
        "1s",
        "1 2",
        "\u{661}",
        "Sun, 06 Nov 1994",
        "Sun, 36 Nov 1994 08:49:37 GMT",
        "never",
        "\n5",
    ] {
        assert_eq!(seconds(value), None, "{value:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(value in ".{0,40}", now in any::<u32>()) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.into());
        let _ = parse_retry_after(&value, now);
    }

    #[test]
    fn all_seconds_are_read(seconds in any::<u64>()) {
        prop_assert_eq!(super::parse_retry_after(&seconds.to_string(), now()), Some(Duration::from_secs(seconds)));
    }
}
