//! One group as text.

use std::fmt::Write as _;

use super::{OURS, Row};
use crate::harness::Metric;
use crate::harness::run::Outcome;

/// Marks a row that is shown without being compared.
const SHOWN_ONLY: &str = " †";

/// The table of one group, `rows` in their order, and below it the ratio that counts.
pub(crate) fn table(metric: &Metric, rows: &[Row], outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{} · {}, lower is better · {} rounds\n{}\n\n",
        metric.group,
        metric.unit.name(),
        rows.first().map_or(0, |row| row.rounds),
        metric.about,
    );
    let shown_only = |row: &Row| {
        outcomes
            .iter()
            .find(|outcome| outcome.who.name == row.name)?
            .who
            .shown_only
    };
    let label = |row: &Row| match shown_only(row) {
        Some(_) => row.name.clone() + SHOWN_ONLY,
        None => row.name.clone(),
    };
    let ours = rows
        .iter()
        .find(|row| row.name == OURS)
        .map(|row| row.median);
    let width = rows
        .iter()
        .map(|row| label(row).chars().count())
        .max()
        .unwrap_or(0);

    let _ = writeln!(
        text,
        "  {:width$}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}  {:>10}",
        "", "version", "min", "median", "p90", "max", "to ours",
    );
    for row in rows {
        let ratio = match ours {
            Some(ours) if row.name != OURS => format!("{:.2}×", row.median / ours),
            _ => String::new(),
        };
        let [min, median, p90, max] = [row.min, row.median, row.p90, row.max].map(figure);
        let line = format!(
            "  {:width$}  {:>8}  {min:>9}  {median:>9}  {p90:>9}  {max:>9}  {ratio:>10}",
            label(row),
            row.version,
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for row in rows {
        if let Some(why) = shown_only(row) {
            let _ = writeln!(
                text,
                " {SHOWN_ONLY} {}: {why}; shown, not compared",
                row.name
            );
        }
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.figures.is_none()) {
        let _ = writeln!(
            text,
            "  {} {} panicked; left out",
            outcome.who.name, outcome.who.version
        );
    }
    let best = rows
        .iter()
        .filter(|row| !row.ours && shown_only(row).is_none())
        .min_by(|a, b| a.median.total_cmp(&b.median));
    if let (Some(ours), Some(best)) = (ours, best) {
        let ratio = ours / best.median;
        let _ = writeln!(text, "\n  {OURS} : {} (best peer) = {ratio:.2}", best.name);
    }
    text
}

/// A figure with about three significant digits, and no more than are worth reading.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
