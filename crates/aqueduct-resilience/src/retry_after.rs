//! The header `Retry-After`.

use std::time::{Duration, SystemTime};

/// How long the header `Retry-After` of an HTTP response asks to wait, seen at `now`.
///
/// It is a number of seconds, or a date in one of the three forms that RFC 9110 wants understood. A date that has passed is
/// zero, which leaves the pause to the back-off; a number that does not fit is the longest that does. Anything else is `None`: use the back-off.
///
/// A date is by the server's clock. Where the response has a header `Date`, that is the better `now`, as it is by the same.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use aqueduct_resilience::{Decision, parse_retry_after};
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767);
/// let wait = |value| parse_retry_after(value, now);
/// assert_eq!(wait("120"), Some(Duration::from_secs(120)));
/// assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(10)));
/// assert_eq!(wait("soon"), None);
///
/// let decision = wait("120").map_or(Decision::Retry, Decision::RetryAfter);
/// assert_eq!(decision, Decision::RetryAfter(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if value.is_empty() {
        return None;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Of digits alone there is one thing that can be wrong: there are too many.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests;
