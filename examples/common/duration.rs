//! Times on a command line (`500ms`, `1.5s`, `2m`, `1h`) and in a report.

use std::time::Duration;

/// Reads a time with its unit. For clap, which shows the error beside what was typed.
///
/// # Errors
///
/// What is wrong with it, and how it should look.
pub fn parse(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|c: char| c != '.' && !c.is_ascii_digit())
        .ok_or_else(|| format!("a time needs a unit: {text}ms or {text}s"))?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit.trim_start() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("'{unit}' is no unit of time: ms, s, m or h")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("'{number}' is no number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| format!("{text} is too long"))
}

/// As [`parse`], for a time that cannot be none.
///
/// # Errors
///
/// As [`parse`], and for zero.
pub fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err("it must be longer than no time at all".to_owned()),
        duration => Ok(duration),
    }
}

/// `950 µs`, `12.3 ms`, `1.25 s`.
pub fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

#[cfg(test)]
mod tests;
