//! The report for programs: one JSON object. Fields are only ever added.

use std::borrow::Cow;

use serde::Serialize;

use super::{DIFFERENCES_SHOWN, Difference, Report, Verdict};
use aqueduct_examples::format::megabytes_per_second;

#[derive(Serialize)]
struct Json<'a> {
    /// Whether Ctrl-C, or an output that failed, cut the count short.
    partial: bool,
    workers: usize,
    seconds: f64,
    megabytes_per_second: f64,
    /// Entries that the walk met, counted or skipped or (when partial) neither.
    found: u64,
    total: Figures,
    types: Vec<Type<'a>>,
    skipped: Vec<Skipped>,
    directories_left_out: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Output<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify: Option<Verified<'a>>,
}

#[derive(Default, Serialize)]
struct Figures {
    files: u64,
    bytes: u64,
    lines: u64,
    words: u64,
}

#[derive(Serialize)]
struct Type<'a> {
    #[serde(rename = "type")]
    name: &'a str,
    #[serde(flatten)]
    figures: Figures,
    identifiers_distinct: usize,
    identifiers: Vec<Identifier>,
}

#[derive(Serialize)]
struct Identifier {
    name: String,
    count: u64,
}

#[derive(Serialize)]
struct Skipped {
    reason: String,
    entries: u64,
}

#[derive(Serialize)]
struct Output<'a> {
    format: &'static str,
    path: Cow<'a, str>,
    /// As many as files in total. If partial there may be more in one of two outputs.
    rows: u64,
    /// The number under which the run is in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
}

#[derive(Serialize)]
struct Verified<'a> {
    finished: bool,
    agrees: bool,
    /// How many figures differ, of which the first few follow.
    differing: usize,
    differences: &'a [Difference],
}

impl Report<'_> {
    /// Every type with its `top` identifiers, as indented JSON.
    pub(crate) fn json(&self, top: usize) -> String {
        let counts = &self.outcome.counts;
        let mut total = Figures::default();
        let mut types = Vec::with_capacity(counts.types.len());
        for (file_type, tally) in self.by_size() {
            total.files += tally.files;
            total.bytes += tally.bytes;
            total.lines += tally.lines;
            total.words += tally.words;
            let top = tally.names.top(top).into_iter();
            types.push(Type {
                name: file_type.as_str(),
                figures: Figures {
                    files: tally.files,
                    bytes: tally.bytes,
                    lines: tally.lines,
                    words: tally.words,
                },
                identifiers_distinct: tally.names.len(),
                identifiers: top
                    .map(|(name, count)| Identifier { name, count })
                    .collect(),
            });
        }
        let outputs = self.outputs(total.files);
        let skipped = counts.skipped.iter();
        let json = Json {
            partial: self.outcome.is_partial(),
            workers: self.workers,
            seconds: self.outcome.elapsed.as_secs_f64(),
            megabytes_per_second: megabytes_per_second(total.bytes, self.outcome.elapsed),
            found: self.outcome.found,
            total,
            types,
            skipped: skipped
                .map(|(why, &entries)| Skipped {
                    reason: why.to_string(),
                    entries,
                })
                .collect(),
            directories_left_out: counts.left_out,
            outputs,
            verify: verified(self.verdict),
        };
        let mut text = serde_json::to_string_pretty(&json).expect("plain data has a JSON form");
        text.push('\n');
        text
    }

    fn outputs(&self, rows: u64) -> Vec<Output<'_>> {
        let jsonl = self.files.jsonl.iter().map(|path| Output {
            format: "jsonl",
            path: path.to_string_lossy(),
            rows,
            run: None,
        });
        let sqlite = self.files.sqlite.iter().map(|database| Output {
            format: "sqlite",
            path: database.path.to_string_lossy(),
            rows,
            run: Some(database.run),
        });
        jsonl.chain(sqlite).collect()
    }
}

fn verified(verdict: &Verdict) -> Option<Verified<'_>> {
    let (finished, differences) = match verdict {
        Verdict::NotAsked => return None,
        Verdict::Unfinished => (false, &[][..]),
        Verdict::Agrees { .. } => (true, &[][..]),
        Verdict::Disagrees(differences) => (true, &differences[..]),
    };
    Some(Verified {
        finished,
        agrees: finished && differences.is_empty(),
        differing: differences.len(),
        differences: &differences[..differences.len().min(DIFFERENCES_SHOWN)],
    })
}

#[cfg(test)]
mod tests;
