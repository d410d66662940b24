//! One group as text.

use std::fmt::Write as _;

use super::group::Group;
use super::{OURS, Row};

/// Marks a row that is shown without being compared.
pub(crate) const SHOWN_ONLY: &str = "†";

/// The table of one group, and below it the ratio that counts.
pub(crate) fn table(group: &Group) -> String {
    let metric = &group.metric;
    let rounds = match group.rows.first().map_or(0, |row| row.rounds) {
        1 => "one round".to_owned(),
        rounds => format!("median of {rounds} rounds"),
    };
    let labels: Vec<String> = group.rows.iter().map(|row| label(group, row)).collect();
    let width = labels
        .iter()
        .map(|label| label.chars().count())
        .max()
        .unwrap_or(0);
    let ours = group.ours().map(|row| row.median);

    let mut text = format!(
        "{} · {}, lower is better · {rounds}\n{}\n\n",
        metric.group,
        metric.unit.name(),
        metric.about
    );
    push(
        &mut text,
        format!(
            "  {:width$}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
            "", "version", "min", "median", "p90", "max", "to ours"
        ),
    );
    for (row, label) in group.rows.iter().zip(&labels) {
        let ratio = match ours {
            Some(ours) if row.name != OURS => format!("{:.2}×", row.median / ours),
            _ => String::new(),
        };
        let [min, median, p90, max] = [row.min, row.median, row.p90, row.max].map(figure);
        let version = &row.version;
        push(
            &mut text,
            format!(
                "  {label:width$}  {version:>8}  {min:>9}  {median:>9}  {p90:>9}  {max:>9}  {ratio:>9}"
            ),
        );
    }
    for (name, why) in &group.notes {
        push(
            &mut text,
            format!("  {SHOWN_ONLY} {name} {why}: shown, not compared"),
        );
    }
    for name in &group.panicked {
        push(&mut text, format!("  {name} panicked and is left out"));
    }
    if let (Some(ratio), Some(best)) = (group.ratio(), group.best_peer()) {
        push(
            &mut text,
            format!(
                "\n  {OURS} takes {ratio:.2} of the best peer's, {}",
                best.name
            ),
        );
    }
    text
}

fn label(group: &Group, row: &Row) -> String {
    if group.is_compared(row) {
        row.name.clone()
    } else {
        format!("{} {SHOWN_ONLY}", row.name)
    }
}

/// Appends a line without the spaces that fill up its last column.
fn push(text: &mut String, line: String) {
    let _ = writeln!(text, "{}", line.trim_end());
}

/// A figure with no more digits than are worth reading.
pub(crate) fn figure(value: f64) -> String {
    match value {
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests;
