use super::{Verdict, changes, comparison};
use crate::report::Report;
use crate::report::tests::{group, machine, row};

fn report(ours: f64, peers: [f64; 3]) -> Report {
    let [a, b, c] = peers;
    let rows = vec![
        row("g", "aqueduct", ours),
        row("g", "a", a),
        row("g", "b", b),
        row("g", "c", c),
    ];
    Report::new(machine(), &[group(rows)])
}

#[test]
fn a_change_beyond_the_spread_of_both_runs_counts() {
    let before = report(100.0, [10.0, 10.0, 10.0]);
    for (now, verdict) in [
        (97.0, Verdict::Better),
        (99.0, Verdict::Same),
        (101.0, Verdict::Same),
        (103.0, Verdict::Worse),
    ] {
        let now = report(now, [10.0, 10.0, 10.0]);
        let changes = changes(&before, &now);
        assert_eq!(changes.len(), 1, "peers are not rows of their own");
        assert_eq!(changes[0].verdict(), verdict, "{changes:?}");
    }
}

#[test]
fn the_peers_median_change_is_told() {
    let before = report(100.0, [10.0, 10.0, 10.0]);
    let now = report(110.0, [11.0, 50.0, 12.0]);
    let text = comparison("old", &before, &now);
    assert!(
        text.contains("+10.0%") && text.contains("+20.0%") && text.contains("WORSE"),
        "{text}"
    );
}

#[test]
fn another_machine_is_told() {
    let mut before = report(100.0, [10.0, 10.0, 10.0]);
    assert!(!comparison("old", &before, &before).contains("another"));
    before.machine.cores = 64;
    let now = report(100.0, [10.0, 10.0, 10.0]);
    assert!(comparison("old", &before, &now).contains("another machine: 64 × some CPU"));
}

#[test]
fn reports_with_nothing_in_common_say_so() {
    let before = Report::new(machine(), &[]);
    let now = report(1.0, [1.0, 1.0, 1.0]);
    assert!(comparison("old", &before, &now).contains("No row of ours"));
}
