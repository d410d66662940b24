//! CHANGELOG.md: the form of keepachangelog.com, each entry naming its crate.

use super::Findings;
use super::project::Project;

const PATH: &str = "CHANGELOG.md";
const KINDS: &[&str] = &[
    "Added",
    "Changed",
    "Deprecated",
    "Removed",
    "Fixed",
    "Security",
];
const UNRELEASED: &str = "[Unreleased]";

pub(super) fn changelog(project: &Project, findings: &mut Findings) {
    let Some(text) = project.files.get(PATH) else {
        findings.fail(
            PATH,
            1,
            "there is no changelog",
            "write it: what changed for users, by version",
        );
        return;
    };
    if text.lines().next() != Some("# Changelog") {
        findings.fail(
            PATH,
            1,
            "the title is missing",
            "open it with `# Changelog`",
        );
    }
    let mut state = State::default();
    for (index, line) in text.lines().enumerate() {
        if let Some((wrong, fix)) = state.line(project, line) {
            findings.fail(PATH, index + 1, wrong, fix);
        }
    }
    if state.versions.first().map(String::as_str) != Some(UNRELEASED) {
        findings.fail(
            PATH,
            1,
            "the first section is not what comes next",
            format!("open with `## {UNRELEASED}`"),
        );
    }
}

#[derive(Default)]
struct State {
    versions: Vec<String>,
    last: Option<[u64; 3]>,
    in_kind: bool,
}

impl State {
    /// What is wrong with the line, and the fix.
    fn line(&mut self, project: &Project, line: &str) -> Option<(String, String)> {
        if let Some(heading) = line.strip_prefix("## ") {
            self.in_kind = false;
            let fault = self.version(heading);
            self.versions.push(heading.to_owned());
            return fault;
        }
        if let Some(kind) = line.strip_prefix("### ") {
            self.in_kind = true;
            let fix = format!("one of {}", KINDS.join(", "));
            return (!KINDS.contains(&kind))
                .then(|| (format!("`{kind}` is no kind of change"), fix));
        }
        let entry = line.strip_prefix("- ")?;
        if !self.in_kind {
            return Some((
                "an entry outside a kind of change".to_owned(),
                "put it below `### Added` or so".to_owned(),
            ));
        }
        let name = entry.split_once(": ").map(|(name, _)| name);
        let known =
            |name: &str| name == "workspace" || project.members.iter().any(|m| m.name == name);
        (!name.is_some_and(known)).then(|| {
            let fix = "begin it with a member's name: `- aqueduct-channel: what changed for users` (`workspace` for all)";
            ("the entry names no crate".to_owned(), fix.to_owned())
        })
    }

    fn version(&mut self, heading: &str) -> Option<(String, String)> {
        if heading == UNRELEASED {
            return None;
        }
        let form = || "write `## [1.2.3] - 2026-01-31`".to_owned();
        let Some((version, date)) = heading
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] - "))
        else {
            return Some((format!("`{heading}` is no version with its date"), form()));
        };
        let (Some(version), true) = (numbers(version, '.'), is_date(date)) else {
            return Some((format!("`{heading}` is no version with its date"), form()));
        };
        let wrong_order = self.last.is_some_and(|last| last <= version);
        self.last = Some(version);
        wrong_order.then(|| {
            (
                "an older version above a newer one".to_owned(),
                "the newest comes first".to_owned(),
            )
        })
    }
}

fn is_date(date: &str) -> bool {
    date.len() == 10
        && numbers(date, '-')
            .is_some_and(|[_, month, day]| (1..=12).contains(&month) && (1..=31).contains(&day))
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let numbers: Option<Vec<u64>> = text
        .split(separator)
        .map(|part| part.parse().ok())
        .collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests;
