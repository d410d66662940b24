use serde_json::{Value, json};

use super::group::Group;
use super::machine::Machine;
use super::{Report, Row};
use crate::harness::{Metric, Unit};

/// A row whose rounds all gave about `median`.
pub(super) fn row(group: &str, name: &str, median: f64) -> Row {
    Row {
        group: group.to_owned(),
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
        ours: name.starts_with("aqueduct"),
        unit: "ns/op".to_owned(),
        better: "lower".to_owned(),
        rounds: 9,
        min: median - 1.0,
        median,
        p90: median + 1.0,
        max: median + 2.0,
    }
}

pub(super) fn group(rows: Vec<Row>) -> Group {
    let metric = Metric {
        group: rows[0].group.clone(),
        unit: Unit::NanosPerOp,
        about: "about it".to_owned(),
    };
    Group {
        metric,
        rows,
        notes: Vec::new(),
        panicked: Vec::new(),
    }
}

pub(super) fn machine() -> Machine {
    Machine {
        cpu: "some CPU".to_owned(),
        cores: 2,
        rustc: "1.95.0".to_owned(),
        commit: "0123456789ab".to_owned(),
        date: "2026-11-20".to_owned(),
    }
}

#[test]
fn the_json_has_the_documented_shape() {
    let report = Report::new(
        machine(),
        &[group(vec![row("spsc_1024_mt", "aqueduct", 20.0)])],
    );
    let expected = json!({
        "machine": {
            "cpu": "some CPU",
            "cores": 2,
            "rustc": "1.95.0",
            "commit": "0123456789ab",
            "date": "2026-11-20",
        },
        "results": [{
            "group": "spsc_1024_mt",
            "name": "aqueduct",
            "version": "1.2.3",
            "ours": true,
            "unit": "ns/op",
            "better": "lower",
            "rounds": 9,
            "min": 19.0,
            "median": 20.0,
            "p90": 21.0,
            "max": 22.0,
        }],
    });
    let value: Value = serde_json::to_value(&report).expect("a report is JSON");
    assert_eq!(value, expected);
    let back: Report = serde_json::from_value(value).expect("and can be read back");
    assert_eq!(back, report);
}
