//! The report for people.

use std::borrow::Cow;

use super::{DIFFERENCES_SHOWN, Difference, Report, Verdict};
use crate::file_type::FileType;
use crate::output::Database;
use crate::tally::Tally;
use aqueduct_examples::format::{counted, grouped, megabytes, rate};
use aqueduct_examples::table::{Align, Table};

/// How many identifiers stand side by side; more go on the next line.
const NAMES_ACROSS: usize = 5;

/// How much is shown of a name; generated code has mangled ones that would fill the line.
const NAME_SHOWN_MAX: usize = 24;

impl Report<'_> {
    /// The figures of the `types_max` largest types with their `top` identifiers, what was skipped,
    /// the speed, and the recount's verdict.
    pub(crate) fn tables(&self, top: usize, types_max: usize) -> String {
        let types = self.by_size();
        let (shown, rest) = types.split_at(types.len().min(types_max));
        let mut text = String::from("\n");
        text.push_str(&self.figures(shown, rest));
        if top > 0 && shown.iter().any(|(_, tally)| !tally.names.is_empty()) {
            text.push('\n');
            text.push_str(&names(shown, top));
        }
        if !self.outcome.counts.skipped.is_empty() || self.outcome.counts.left_out > 0 {
            text.push('\n');
            text.push_str(&self.skipped());
        }
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    /// The largest type first, equals by name.
    pub(super) fn by_size(&self) -> Vec<(&FileType, &Tally)> {
        let mut types: Vec<_> = self.outcome.counts.types.iter().collect();
        types.sort_unstable_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        types
    }

    fn figures(&self, shown: &[(&FileType, &Tally)], rest: &[(&FileType, &Tally)]) -> String {
        use Align::{Left, Right};
        let mut table = Table::new([Left, Right, Right, Right, Right]);
        table.row(["Type", "Files", "Bytes", "Lines", "Words"].map(str::to_owned));
        table.rule();
        for (file_type, tally) in shown {
            table.row(figures_row(file_type.to_string(), std::iter::once(*tally)));
        }
        if !rest.is_empty() {
            let label = counted(rest.len() as u64, "other type", "other types");
            table.row(figures_row(label, rest.iter().map(|(_, tally)| *tally)));
        }
        table.rule();
        let label = if self.outcome.is_partial() {
            "Total (PARTIAL)"
        } else {
            "Total"
        };
        table.row(figures_row(
            label.to_owned(),
            self.outcome.counts.types.values(),
        ));
        table.render()
    }

    fn skipped(&self) -> String {
        let mut table = Table::new([Align::Left, Align::Right]);
        table.row(["Skipped", "Entries"].map(str::to_owned));
        table.rule();
        for (why, count) in &self.outcome.counts.skipped {
            table.row([why.to_string(), grouped(*count)]);
        }
        if self.outcome.counts.left_out > 0 {
            let label = "not entered: .git, build output".to_owned();
            table.row([label, grouped(self.outcome.counts.left_out)]);
        }
        table.render()
    }

    fn summary(&self) -> String {
        let outcome = self.outcome;
        let (files, bytes) = (outcome.counts.files(), outcome.counts.bytes());
        let mut text = format!(
            "{}, {} in {:.3} s: {} with {}\n",
            counted(files, "file", "files"),
            megabytes(bytes),
            outcome.elapsed.as_secs_f64(),
            rate(bytes, outcome.elapsed),
            counted(self.workers as u64, "worker", "workers"),
        );
        if outcome.is_partial() {
            let why = match outcome.interrupted {
                true => "stopped by Ctrl-C",
                false => "an output failed",
            };
            text.push_str(&format!(
                "PARTIAL: {why} after {} of the {} entries found until then\n",
                grouped(outcome.counts.entries()),
                grouped(outcome.found),
            ));
        }
        text.push_str(&self.written(files));
        text.push_str(&verdict(self.verdict));
        text
    }

    fn written(&self, files: u64) -> String {
        let mut text = String::new();
        let rows = counted(files, "row", "rows");
        if let Some(path) = &self.files.jsonl {
            text.push_str(&format!("{rows} in {}\n", path.display()));
        }
        if let Some(Database { path, run }) = &self.files.sqlite {
            text.push_str(&format!("{rows} in {} (run {run})\n", path.display()));
        }
        text
    }
}

fn figures_row<'a>(label: String, tallies: impl Iterator<Item = &'a Tally>) -> Vec<String> {
    let mut sums = [0; 4];
    for tally in tallies {
        let figures = [tally.files, tally.bytes, tally.lines, tally.words];
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    std::iter::once(label).chain(sums.map(grouped)).collect()
}

fn names(types: &[(&FileType, &Tally)], top: usize) -> String {
    let mut table = Table::new(vec![Align::Left; 1 + NAMES_ACROSS.min(top)]);
    table.rule();
    for (file_type, tally) in types {
        let top = tally.names.top(top);
        for (line, names) in top.chunks(NAMES_ACROSS).enumerate() {
            let label = if line == 0 { file_type.as_str() } else { "" };
            let mut row = vec![label.to_owned()];
            let cell = |(name, count): &(String, u64)| format!("{} {}", cut(name), grouped(*count));
            row.extend(names.iter().map(cell));
            table.row(row);
        }
    }
    format!("Most frequent identifiers\n{}", table.render())
}

/// A name, or its beginning when it is too long to stand beside others.
fn cut(name: &str) -> Cow<'_, str> {
    match name.get(..NAME_SHOWN_MAX) {
        Some(beginning) if beginning.len() < name.len() => format!("{beginning}…").into(),
        _ => name.into(),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotAsked => String::new(),
        Verdict::Unfinished => "verify: not finished\n".to_owned(),
        Verdict::Agrees { figures } => {
            format!(
                "verify: a sequential recount agrees on all {} figures\n",
                grouped(*figures as u64)
            )
        }
        Verdict::Disagrees(differences) => {
            let many = counted(differences.len() as u64, "figure", "figures");
            let mut text = format!(
                "verify: a sequential recount DISAGREES on {many} (did files change meanwhile?)\n"
            );
            for Difference {
                figure,
                counted,
                recounted,
            } in differences.iter().take(DIFFERENCES_SHOWN)
            {
                text.push_str(&format!(
                    "  {figure}: counted {}, recounted {}\n",
                    grouped(*counted),
                    grouped(*recounted),
                ));
            }
            text
        }
    }
}

#[cfg(test)]
mod tests;
