use std::fs;

use super::*;
use crate::report::Verdict;
use crate::scratch::Scratch;
use crate::verify::compare;

fn row(path: &str) -> Row {
    Row {
        path: path.to_owned(),
        file_type: "Rust".to_owned(),
        bytes: 10,
        lines: 2,
        words: 3,
    }
}

fn line(path: &str, words: u64) -> String {
    format!(
        "{{\"path\":\"{path}\",\"type\":\"Rust\",\"bytes\":10,\"lines\":2,\"words\":{words}}}\n"
    )
}

/// The figures that differ where a file has these lines.
fn differing(lines: &str) -> Vec<String> {
    let scratch = Scratch::new();
    let files = Files {
        jsonl: Some(scratch.file("a.jsonl", lines)),
        sqlite: None,
    };
    match compare(&read(&files), &expected(&[row("/a"), row("/b")], &files)) {
        Verdict::Disagrees(differences) => {
            let names = differences.into_iter().map(|difference| difference.figure);
            let names = names.map(|name| name.rsplit("jsonl: ").next().unwrap().to_owned());
            names.collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_mistake_in_a_file_is_found() {
    let (a, b) = (line("/a", 3), line("/b", 3));
    assert_eq!(
        differing(&[b.as_str(), &a].concat()),
        [""; 0],
        "in any order"
    );
    let missing = differing(&a);
    assert!(
        missing.iter().all(|name| name.starts_with("/b (Rust): ")),
        "{missing:?}"
    );
    assert_eq!(missing.len(), 4);
    assert_eq!(differing(&[a.as_str(), &b, &a].concat()).len(), 4, "twice");
    assert_eq!(
        differing(&[a.as_str(), &line("/b", 4)].concat()),
        ["/b (Rust): words"]
    );
    assert_eq!(
        differing(&[a.as_str(), &b, "{\"path\":"].concat()).len(),
        1,
        "torn"
    );
    assert_eq!(
        differing(&[a.as_str(), &b, &line("/c", 1)].concat()).len(),
        4,
        "one more"
    );
}

#[test]
fn an_output_that_is_gone_is_a_difference() {
    let files = Files {
        jsonl: Some("/nowhere/a.jsonl".into()),
        sqlite: Some(Database {
            path: "/nowhere/a.db".into(),
            run: 1,
        }),
    };
    assert!(fs::metadata("/nowhere").is_err());
    assert_eq!(read(&files).len(), 2);
}
