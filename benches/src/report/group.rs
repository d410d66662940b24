//! The rows of one group, in the order in which they are shown.

use super::{OURS, Row};
use crate::harness::Metric;
use crate::harness::run::Outcome;
use crate::harness::stats::Summary;

/// One group of the report, and what is told beside its figures.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) metric: Metric,
    /// Ours first, `aqueduct` before its variants, then the peers; each part by its median.
    pub(crate) rows: Vec<Row>,
    /// Names of rows that are shown and not compared, and why.
    pub(crate) notes: Vec<(String, &'static str)>,
    /// Names of cases that gave no figures.
    pub(crate) panicked: Vec<String>,
}

impl Group {
    /// The group of the bench's metric `place`.
    pub(crate) fn new(metric: &Metric, place: usize, outcomes: &[Outcome]) -> Self {
        let mut group = Group {
            metric: metric.clone(),
            rows: Vec::new(),
            notes: Vec::new(),
            panicked: Vec::new(),
        };
        for Outcome { who, figures } in outcomes {
            let Some(figures) = figures else {
                group.panicked.push(who.name.clone());
                continue;
            };
            group
                .rows
                .push(Row::new(metric, who, Summary::of(&figures[place])));
            group
                .notes
                .extend(who.shown_only.map(|why| (who.name.clone(), why)));
        }
        group.rows.sort_by(|a, b| {
            let part = |row: &Row| (!row.ours, row.name != OURS);
            part(a).cmp(&part(b)).then(a.median.total_cmp(&b.median))
        });
        group
    }

    /// The row with our default options.
    pub(crate) fn ours(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == OURS)
    }

    /// The fastest peer that is compared.
    pub(crate) fn best_peer(&self) -> Option<&Row> {
        let peers = self
            .rows
            .iter()
            .filter(|row| !row.ours && self.is_compared(row));
        peers.min_by(|a, b| a.median.total_cmp(&b.median))
    }

    pub(crate) fn is_compared(&self, row: &Row) -> bool {
        !self.notes.iter().any(|(name, _)| *name == row.name)
    }

    /// Ours divided by the best peer's: below 1 is a win.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.ours()?.median / self.best_peer()?.median)
    }
}

#[cfg(test)]
mod tests;
