//! What a run found: gathered, written as JSON, and read back for comparison.

pub(crate) mod machine;
pub(crate) mod table;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use crate::harness::Metric;
use crate::harness::run::Outcome;
use crate::harness::stats::Summary;
use machine::Machine;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) results: Vec<Row>,
}

/// One case in one group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) ours: bool,
    pub(crate) unit: String,
    pub(crate) better: String,
    pub(crate) rounds: usize,
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
    pub(crate) max: f64,
}

impl Row {
    fn new(metric: &Metric, outcome: &Outcome, summary: Summary) -> Self {
        Row {
            group: metric.group.clone(),
            name: outcome.who.name.clone(),
            version: outcome.who.version.to_owned(),
            ours: outcome.who.ours,
            unit: metric.unit.name().to_owned(),
            better: "lower".to_owned(),
            rounds: summary.rounds,
            min: rounded(summary.min),
            median: rounded(summary.median),
            p90: rounded(summary.p90),
            max: rounded(summary.max),
        }
    }
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Report {
            machine,
            results: Vec::new(),
        }
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text)
    }

    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }
}

/// The rows of one group: those of ours first, `aqueduct` before its variants, then the peers, each part by its median.
pub(crate) fn rows(metric: &Metric, place: usize, outcomes: &[Outcome]) -> Vec<Row> {
    let mut rows: Vec<Row> = outcomes
        .iter()
        .filter_map(|outcome| {
            let figures = outcome.figures.as_ref()?;
            Some(Row::new(metric, outcome, Summary::of(&figures[place])))
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| (!row.ours, row.name != OURS);
        key(a).cmp(&key(b)).then(a.median.total_cmp(&b.median))
    });
    rows
}

/// The name of the row with our default options.
pub(crate) const OURS: &str = "aqueduct";

/// A thousandth of a nanosecond is far below the noise.
fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

/// Where reports are kept: `bench` in the target directory of the workspace.
pub(crate) fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| machine::workspace().join("target"));
    target.join("bench")
}
