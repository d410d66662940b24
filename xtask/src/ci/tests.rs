use std::time::Duration;

use super::{JOBS, Row, WHOLE_BUDGET, table};

#[test]
fn the_budgets_are_near_that_of_the_whole() {
    let budgets: Duration = JOBS
        .iter()
        .map(|job| Duration::from_secs(job.budget_seconds))
        .sum();
    assert!(
        budgets >= WHOLE_BUDGET,
        "else the whole has no budget of its own"
    );
    assert!(
        budgets <= WHOLE_BUDGET * 4 / 3,
        "the verbs' budgets make {budgets:?}"
    );
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
    assert_eq!(lines[3], ["all", "1:03", "35:00"]);
}
