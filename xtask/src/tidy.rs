//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! Each check is a function from a [`Project`], the workspace's text and manifests in memory, to [`Findings`]. Nothing
//! else is read, so a check's own tests hand it a sample and see it pass or fail. A finding says where, what is wrong,
//! and what to do about it.
//!
//! The text of a program is not parsed but scanned (`source`): strings, comments and test-only code are told apart
//! exactly, and the rest is looked at as words. A parser would know more, and would be the largest thing a newcomer
//! compiles before the first verb runs.

mod changelog;
mod docs;
mod leaks;
mod manifests;
mod models;
mod orderings;
mod project;
mod readme;
mod shape;
mod source;
mod tables;
mod unsafety;

use std::fmt;

use anyhow::Result;

use crate::context::Context;
use crate::steps::{Failure, Outcome};
use project::Project;

type Check = fn(&Project, &mut Findings);

const CHECKS: &[(&str, Check)] = &[
    ("floors", manifests::floors),
    ("manifests", manifests::manifests),
    ("dependencies' rust-version", manifests::rust_versions),
    ("unsafe code", unsafety::unsafe_code),
    ("SAFETY comments", unsafety::safety_comments),
    ("memory orderings", orderings::orderings),
    ("unfinished code", shape::unfinished),
    ("bare loom cfg", models::bare_loom),
    ("modelled modules", models::modelled),
    ("ignored tests", shape::ignored_tests),
    ("file layout", shape::layout),
    ("file size", shape::size),
    ("crate docs", docs::readmes),
    ("cancel safety", docs::cancel_safety),
    ("what READMEs show", readme::readmes),
    ("tests that the docs name", tables::named_tests),
    ("changelog", changelog::changelog),
    ("what a commit must not hold", leaks::leaks),
];

/// One broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    wrong: String,
    fix: String,
}

#[derive(Debug, Default)]
struct Findings {
    failures: Vec<Finding>,
    /// Not wrong yet.
    notes: Vec<String>,
}

impl Findings {
    fn fail(&mut self, path: &str, line: usize, wrong: impl Into<String>, fix: impl Into<String>) {
        self.failures.push(Finding {
            path: path.to_owned(),
            line,
            wrong: wrong.into(),
            fix: fix.into(),
        });
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            wrong,
            fix,
        } = self;
        write!(f, "{path}:{line}: {wrong}\n  fix: {fix}")
    }
}

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let project = Project::load(ctx)?;
    let mut outcome = Outcome::default();
    let mut notes = Vec::new();
    for (name, check) in CHECKS {
        let mut findings = Findings::default();
        check(&project, &mut findings);
        findings.failures.sort();
        if !findings.failures.is_empty() {
            eprintln!("\n[tidy] {name}");
        }
        for finding in &findings.failures {
            eprintln!("{finding}");
        }
        if !findings.failures.is_empty() {
            let what = format!("tidy: {name} ({})", findings.failures.len());
            outcome.failures.push(Failure {
                what,
                again: "cargo xtask tidy".to_owned(),
            });
        }
        notes.append(&mut findings.notes);
    }
    for note in notes {
        eprintln!("note: {note}");
    }
    eprintln!(
        "[tidy] {} checks over {} files",
        CHECKS.len(),
        project.files.len()
    );
    Ok(outcome)
}

/// Runs one check over a sample; what a check's tests are made of.
#[cfg(test)]
fn findings(check: Check, project: &Project) -> Vec<String> {
    let mut findings = Findings::default();
    check(project, &mut findings);
    findings.failures.sort();
    findings
        .failures
        .iter()
        .map(|f| format!("{}:{}: {}", f.path, f.line, f.wrong))
        .collect()
}
