//! Two runs side by side: has ours become faster?
//!
//! The peers' code is the same in both runs, so what has changed in *their* figures is the machine's doing. It is shown
//! beside the change of ours, as the measure of how far to trust it.

use std::fmt::Write as _;

use super::table::figure;
use super::{Report, Row};
use crate::harness::stats::Summary;

/// What became of one row of ours.
#[derive(Debug, PartialEq)]
struct Change<'a> {
    before: &'a Row,
    now: &'a Row,
    /// The median change of the peers in the same group, as a factor.
    peers: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Better,
    Worse,
    /// The rounds of the two runs overlap.
    Same,
}

impl Change<'_> {
    fn factor(&self) -> f64 {
        self.now.median / self.before.median
    }

    /// Whether the runs differ by more than their own spread, the slowest rounds left out.
    fn verdict(&self) -> Verdict {
        if self.now.p90 < self.before.min {
            Verdict::Better
        } else if self.now.min > self.before.p90 {
            Verdict::Worse
        } else {
            Verdict::Same
        }
    }
}

/// The rows of ours that both reports have.
fn changes<'a>(before: &'a Report, now: &'a Report) -> Vec<Change<'a>> {
    let earlier = |row: &Row| {
        before
            .results
            .iter()
            .find(|old| old.group == row.group && old.name == row.name)
    };
    let peers = |group: &str| {
        let rows = now
            .results
            .iter()
            .filter(|row| row.group == group && !row.ours);
        let factors: Vec<f64> = rows
            .filter_map(|row| Some(row.median / earlier(row)?.median))
            .collect();
        (!factors.is_empty()).then(|| Summary::of(&factors).median)
    };
    now.results
        .iter()
        .filter(|row| row.ours)
        .filter_map(|now| {
            Some(Change {
                before: earlier(now)?,
                now,
                peers: peers(&now.group),
            })
        })
        .collect()
}

/// The comparison as text.
pub(crate) fn comparison(name: &str, before: &Report, now: &Report) -> String {
    let Report { machine: then, .. } = before;
    let mut text = format!("Against {name}: commit {}, {}\n", then.commit, then.date);
    if (&then.cpu, then.cores) != (&now.machine.cpu, now.machine.cores) {
        let _ = writeln!(
            text,
            "It was made on another machine: {} × {}",
            then.cores, then.cpu
        );
    }
    if then.rustc != now.machine.rustc {
        let _ = writeln!(text, "It was built by another rustc: {}", then.rustc);
    }
    let changes = changes(before, now);
    if changes.is_empty() {
        text.push_str("No row of ours is in both.\n");
        return text;
    }
    let group = changes
        .iter()
        .map(|change| change.now.group.len())
        .max()
        .unwrap_or(0);
    let row = changes
        .iter()
        .map(|change| change.now.name.len())
        .max()
        .unwrap_or(0);
    let _ = writeln!(
        text,
        "\n  {:group$}  {:row$}  {:>9}  {:>9}  {:>7}  {:>7}",
        "", "", "before", "now", "change", "peers"
    );
    for change in &changes {
        let verdict = match change.verdict() {
            Verdict::Better => "better",
            Verdict::Worse => "WORSE",
            Verdict::Same => "",
        };
        let line = format!(
            "  {:group$}  {:row$}  {:>9}  {:>9}  {:>7}  {:>7}  {verdict}",
            change.now.group,
            change.now.name,
            figure(change.before.median),
            figure(change.now.median),
            percent(change.factor()),
            change.peers.map_or_else(String::new, percent),
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A factor as a change: 0.9 is −10%.
fn percent(factor: f64) -> String {
    format!("{:+.1}%", (factor - 1.0) * 100.0)
}

#[cfg(test)]
mod tests;
