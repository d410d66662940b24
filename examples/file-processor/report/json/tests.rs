use serde_json::{Value, json};

use super::*;
use crate::output::Files;
use crate::report::tests::{differences, outcome, written};

fn parsed(interrupted: bool, verdict: &Verdict) -> Value {
    let outcome = outcome(interrupted);
    let report = Report {
        outcome: &outcome,
        files: &Files::default(),
        verdict,
        workers: 2,
    };
    serde_json::from_str(&report.json(1)).unwrap()
}

#[test]
fn a_whole_run_has_every_figure() {
    let expected = json!({
        "partial": false,
        "workers": 2,
        "seconds": 0.01,
        "megabytes_per_second": 1.0005,
        "found": 7,
        "total": {"files": 3, "bytes": 10_005, "lines": 771, "words": 3_079},
        "types": [
            {
                "type": "Rust", "files": 2, "bytes": 10_000, "lines": 770, "words": 3_077,
                "identifiers_distinct": 3,
                "identifiers": [{"name": "aa", "count": 770}],
            },
            {
                "type": "Markdown", "files": 1, "bytes": 5, "lines": 1, "words": 2,
                "identifiers_distinct": 1,
                "identifiers": [{"name": "cc", "count": 1}],
            },
        ],
        "skipped": [{"reason": "binary (holds NUL bytes)", "entries": 2}],
        "directories_left_out": 1,
    });
    assert_eq!(parsed(false, &Verdict::NotAsked), expected);
}

#[test]
fn the_verdict_is_there_when_asked_for() {
    let verify = |verdict| parsed(true, verdict)["verify"].take();
    let none: [Value; 0] = [];
    assert_eq!(
        verify(&Verdict::Unfinished),
        json!({"finished": false, "agrees": false, "differing": 0, "differences": none})
    );
    assert_eq!(
        verify(&Verdict::Agrees { figures: 9 }),
        json!({"finished": true, "agrees": true, "differing": 0, "differences": none})
    );
    let disagrees = verify(&differences(12));
    assert_eq!(disagrees["agrees"], json!(false));
    assert_eq!(disagrees["differing"], json!(12));
    assert_eq!(
        disagrees["differences"].as_array().map(Vec::len),
        Some(DIFFERENCES_SHOWN)
    );
    assert_eq!(
        disagrees["differences"][3],
        json!({"figure": "Rust: figure 3", "counted": 3, "recounted": 4})
    );
}

#[test]
fn an_interrupted_run_is_partial() {
    assert_eq!(parsed(true, &Verdict::NotAsked)["partial"], json!(true));
}

#[test]
fn outputs_are_listed_with_their_rows() {
    let outcome = outcome(false);
    let files = written();
    let report = Report {
        outcome: &outcome,
        files: &files,
        verdict: &Verdict::NotAsked,
        workers: 2,
    };
    let report: Value = serde_json::from_str(&report.json(1)).unwrap();
    let expected = json!([
        {"format": "jsonl", "path": "/out/a.jsonl", "rows": 3},
        {"format": "sqlite", "path": "/out/a.db", "rows": 3, "run": 7},
    ]);
    assert_eq!(report["outputs"], expected);
}
