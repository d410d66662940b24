//! What a run found: gathered by group, written as JSON, kept under a name, and read back for comparison.

pub(crate) mod compare;
pub(crate) mod group;
pub(crate) mod html;
pub(crate) mod machine;
pub(crate) mod table;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use crate::harness::stats::Summary;
use crate::harness::{Entrant, Metric};
use group::Group;
use machine::Machine;

/// The name of the row with our default options. Each group has it once.
pub(crate) const OURS: &str = "aqueduct";

/// The report as other programs read it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    pub(crate) fn new(metric: &Metric, who: &Entrant, summary: Summary) -> Self {
        Row {
            group: metric.group.clone(),
            name: who.name.clone(),
            version: who.version.to_owned(),
            ours: who.ours,
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

/// A thousandth of a nanosecond is far below the noise.
fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

impl Report {
    pub(crate) fn new(machine: Machine, groups: &[Group]) -> Self {
        let results = groups
            .iter()
            .flat_map(|group| group.rows.iter().cloned())
            .collect();
        Report { machine, results }
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        write(path, &text)
    }

    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }
}

/// Writes a file, and the folder it lies in.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Where the last report is.
pub(crate) fn json_path() -> PathBuf {
    folder().join("report.json")
}

/// Where its plots are.
pub(crate) fn html_path() -> PathBuf {
    folder().join("report.html")
}

/// Where the report kept as `name` is.
pub(crate) fn saved_path(name: &str) -> PathBuf {
    folder().join("saved").join(format!("{name}.json"))
}

/// `bench` in the target directory of the workspace.
fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| machine::workspace().join("target"))
        .join("bench")
}

#[cfg(test)]
mod tests;
