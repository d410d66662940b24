use std::time::Duration;

use super::{JOBS, Row, table};

#[test]
fn the_whole_fits_its_budget() {
    let minutes: u64 = JOBS.iter().map(|job| job.budget_minutes).sum();
    assert!(minutes <= 35, "the verbs' budgets make {minutes} minutes");
}

#[test]
fn the_table_adds_up() {
    let row = |verb, took, result| Row {
        verb,
        took: Duration::from_secs(took),
        budget: Duration::from_secs(60),
        result,
    };
    let table = table(&[row("fmt", 2, "ok"), row("test", 61, "OVER BUDGET")]);
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[1], ["fmt", "0:02", "1:00", "ok"]);
    assert_eq!(lines[2], ["test", "1:01", "1:00", "OVER", "BUDGET"]);
    assert_eq!(lines[3], ["all", "1:03", "2:00"]);
}
