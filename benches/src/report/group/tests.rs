use super::Group;
use crate::harness::run::Outcome;
use crate::harness::{Entrant, Metric, Unit};

fn outcome(name: &str, ours: bool, figures: Option<[f64; 2]>) -> Outcome {
    let who = Entrant {
        name: name.to_owned(),
        version: "1",
        ours,
        shown_only: None,
    };
    Outcome {
        who,
        figures: figures.map(|figures| figures.map(|figure| vec![figure; 3]).into()),
    }
}

fn metric() -> Metric {
    Metric {
        group: "g".to_owned(),
        unit: Unit::Nanos,
        about: String::new(),
    }
}

#[test]
fn ours_come_first_then_the_peers_by_their_medians() {
    let outcomes = [
        outcome("slow", false, Some([9.0, 0.0])),
        outcome("aqueduct fair", true, Some([1.0, 0.0])),
        outcome("quick", false, Some([2.0, 0.0])),
        outcome("aqueduct", true, Some([3.0, 0.0])),
    ];
    let group = Group::new(&metric(), 0, &outcomes);
    let names: Vec<_> = group.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["aqueduct", "aqueduct fair", "quick", "slow"]);
    assert_eq!(group.ratio(), Some(1.5));
}

#[test]
fn each_metric_reads_its_own_figures() {
    let outcomes = [outcome("aqueduct", true, Some([1.0, 5.0]))];
    assert_eq!(Group::new(&metric(), 1, &outcomes).rows[0].median, 5.0);
}

#[test]
fn a_row_shown_only_is_not_the_best_peer() {
    let mut outcomes = [
        outcome("aqueduct", true, Some([3.0, 0.0])),
        outcome("cheats", false, Some([1.0, 0.0])),
        outcome("fair", false, Some([6.0, 0.0])),
    ];
    outcomes[1].who.shown_only = Some("does less");
    let group = Group::new(&metric(), 0, &outcomes);
    assert_eq!(group.best_peer().map(|row| row.name.as_str()), Some("fair"));
    assert_eq!(group.ratio(), Some(0.5));
    assert_eq!(group.notes, [("cheats".to_owned(), "does less")]);
}

#[test]
fn a_case_without_figures_has_no_row_and_is_named() {
    let outcomes = [
        outcome("fell", false, None),
        outcome("aqueduct", true, Some([1.0, 1.0])),
    ];
    let group = Group::new(&metric(), 0, &outcomes);
    assert_eq!(group.rows.len(), 1);
    assert_eq!(group.panicked, ["fell"]);
    assert_eq!(group.ratio(), None, "there is nobody to compare with");
}
