//! What the reader sees at the end.

use aqueduct_examples::duration::shown;
use aqueduct_examples::format::{counted, grouped, megabytes, rate};
use aqueduct_examples::table::{Align, Table};

use crate::differences::Compared;
use crate::file_type::FileType;
use crate::supervised::Outcome;
use crate::tally::Tally;

/// How many differences are shown.
const DIFFERENCES_SHOWN: usize = 10;

/// How many types of files the table has.
const TYPES_SHOWN: usize = 12;

/// How many identifiers of each.
const NAMES_SHOWN: usize = 3;

/// The figures of the largest types.
pub(crate) fn figures(outcome: &Outcome) -> String {
    use Align::{Left, Right};
    let mut types: Vec<(&FileType, &Tally)> = outcome.counts.types.iter().collect();
    types.sort_unstable_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    let mut table = Table::new([Left, Right, Right, Right, Right, Left]);
    let head = ["Type", "Files", "Bytes", "Lines", "Words", "Names"];
    table.row(head.map(str::to_owned));
    table.rule();
    for (file_type, tally) in types.iter().take(TYPES_SHOWN) {
        let figures = [tally.files, tally.bytes, tally.lines, tally.words].map(grouped);
        let names: Vec<String> = tally
            .names
            .top(NAMES_SHOWN)
            .into_iter()
            .map(|name| name.0)
            .collect();
        let mut row = vec![file_type.as_str().to_owned()];
        row.extend(figures);
        row.push(names.join(" "));
        table.row(row);
    }
    if let more @ 1.. = types.len().saturating_sub(TYPES_SHOWN) {
        table.row([counted(more as u64, "other type", "other types")]);
    }
    table.rule();
    table.row(["Total".to_owned(), grouped(outcome.counts.files())]);
    table.render()
}

/// How it went.
pub(crate) fn summary(outcome: &Outcome) -> String {
    let (counts, struck, restarts) = (&outcome.counts, outcome.struck, outcome.restarts);
    let skipped = counts.entries() - counts.files();
    let mut text = format!(
        "{}, {} in {}: {}; {} skipped\n",
        counted(counts.files(), "file", "files"),
        megabytes(counts.bytes()),
        shown(outcome.elapsed),
        rate(counts.bytes(), outcome.elapsed),
        grouped(skipped),
    );
    text += &format!(
        "injected: {}, {}, {}\n",
        counted(struck.panics, "panic", "panics"),
        counted(struck.errors, "error", "errors"),
        counted(struck.stalls, "stall", "stalls"),
    );
    text += &format!(
        "restarts: walker {}, readers {}, tally {}\n",
        grouped(restarts.walker),
        grouped(restarts.readers),
        grouped(restarts.tally),
    );
    text += &format!(
        "of {}, {} handed out again; {} came to the sum a second time, and did not count\n",
        counted(outcome.items as u64, "item", "items"),
        grouped(outcome.again),
        grouped(outcome.twice),
    );
    if !outcome.is_whole() {
        text += &partial(outcome);
    }
    text
}

fn partial(outcome: &Outcome) -> String {
    let mut text = format!(
        "PARTIAL: the supervisor has ended ({}), {} open\n",
        outcome.exit,
        counted(outcome.open as u64, "item is", "items are"),
    );
    for item in &outcome.given_up {
        text += &format!("given up, as everybody died of it: {item}\n");
    }
    text
}

/// Whether the result is that of the run without.
pub(crate) fn verdict(compared: &Compared) -> String {
    let figures = grouped(compared.figures as u64);
    if compared.differences.is_empty() {
        return format!("verify: equal to the run without, in all {figures} figures\n");
    }
    let differing = compared.differences.len() as u64;
    let mut text = format!(
        "verify: NOT equal to the run without, in {} of {figures} figures (did files change meanwhile?)\n",
        grouped(differing),
    );
    for difference in compared.differences.iter().take(DIFFERENCES_SHOWN) {
        text += &format!(
            "  {}: {} in place of {}\n",
            difference.figure,
            grouped(difference.with),
            grouped(difference.without),
        );
    }
    text
}
