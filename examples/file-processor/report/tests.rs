//! What both forms of the report are tested on.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::count::Counter;
use crate::file_type::FileType;
use crate::output::Database;
use crate::skip::Skip;
use crate::tally::Counts;

/// 10,000 bytes of Rust in two files, a little Markdown, two skips.
pub(super) fn outcome(interrupted: bool) -> Outcome {
    let mut counts = Counts::default();
    let files = [
        ("a.rs", "let aa = bb;\n".repeat(769)),
        ("b.rs", "aa\n".into()),
        ("c.md", "# cc\n".into()),
    ];
    for (path, text) in &files {
        let tally = counts
            .types
            .entry(FileType::of(Path::new(path)))
            .or_default();
        let mut counter = Counter::new(tally);
        counter.feed(text.as_bytes());
        counter.finish();
    }
    counts.skip(Skip::Binary);
    counts.skip(Skip::Binary);
    counts.left_out = 1;
    Outcome {
        counts,
        found: 7,
        elapsed: Duration::from_millis(10),
        interrupted,
        failures: Vec::new(),
    }
}

/// Two outputs.
pub(super) fn written() -> Files {
    Files {
        jsonl: Some("/out/a.jsonl".into()),
        sqlite: Some(Database {
            path: "/out/a.db".into(),
            run: 7,
        }),
    }
}

pub(super) fn differences(number: u64) -> Verdict {
    let difference = |n| Difference {
        figure: format!("Rust: figure {n}"),
        counted: n,
        recounted: n + 1,
    };
    Verdict::Disagrees((0..number).map(difference).collect())
}
