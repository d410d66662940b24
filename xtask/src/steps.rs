//! A verb's commands, numbered as they run, and what is to be said at its end.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::context::Context;
use crate::libtest::Tally;
use crate::shell::Cmd;

/// What a verb found. Nothing failed if `failures` is empty; what was left out is told all the same.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) failures: Vec<Failure>,
    pub(crate) skipped: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) what: String,
    /// The command that runs just this again.
    pub(crate) again: String,
}

impl Outcome {
    pub(crate) fn ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// Takes over what another verb found. `ci` runs tidy by itself and within `test`; one telling is enough.
    pub(crate) fn merge(&mut self, other: Self) {
        for failure in other.failures {
            if !self.failures.contains(&failure) {
                self.failures.push(failure);
            }
        }
        self.skipped.extend(other.skipped);
    }

    /// The verb's last words.
    pub(crate) fn report(&self) -> ExitCode {
        for skipped in &self.skipped {
            eprintln!("SKIPPED {skipped}");
        }
        if self.ok() {
            return ExitCode::SUCCESS;
        }
        eprintln!();
        for Failure { what, again } in &self.failures {
            eprintln!("FAILED {what}\n  again: {again}");
        }
        ExitCode::FAILURE
    }
}

/// Runs a verb's commands one after the other and goes on after a failure, so that one run tells everything.
#[derive(Debug)]
pub(crate) struct Steps<'a> {
    ctx: &'a Context,
    verb: &'static str,
    total: usize,
    done: usize,
    started: Instant,
    outcome: Outcome,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(ctx: &'a Context, verb: &'static str, total: usize) -> Self {
        Self {
            ctx,
            verb,
            total,
            done: 0,
            started: Instant::now(),
            outcome: Outcome::default(),
        }
    }

    /// Announces the next step without running anything.
    pub(crate) fn begin(&mut self, what: &str, command: impl std::fmt::Display) {
        self.done += 1;
        eprintln!(
            "\n[{} {}/{}] {what}\n  $ {command}",
            self.verb, self.done, self.total
        );
    }

    /// Runs `cmd`; says whether it ended well.
    pub(crate) fn run(&mut self, what: &str, cmd: &Cmd) -> Result<bool> {
        self.begin(what, cmd);
        let status = cmd.status(self.ctx)?;
        if !status.success() {
            self.fail(format!("{what} ({status})"), cmd.to_string());
        }
        Ok(status.success())
    }

    /// Runs a command that ends in libtest programs, and counts what they say.
    pub(crate) fn run_tests(&mut self, what: &str, cmd: &Cmd) -> Result<Tally> {
        self.begin(what, cmd);
        let mut tally = Tally::default();
        let status = cmd.watch(self.ctx, |line| tally.see(line))?;
        if !status.success() {
            let names = tally.failed_names();
            self.fail(format!("{what} ({status}){names}"), cmd.to_string());
        }
        Ok(tally)
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>, again: impl Into<String>) {
        self.outcome.failures.push(Failure {
            what: what.into(),
            again: again.into(),
        });
    }

    pub(crate) fn skip(&mut self, what: impl Into<String>) {
        self.outcome.skipped.push(what.into());
    }

    pub(crate) fn merge(&mut self, other: Outcome) {
        self.outcome.merge(other);
    }

    /// Ends the verb with one line that says how it went.
    pub(crate) fn finish(self) -> Outcome {
        let seconds = self.started.elapsed().as_secs_f64();
        let verdict = match self.outcome.failures.len() {
            0 if self.done == 0 && !self.outcome.skipped.is_empty() => "skipped".to_owned(),
            0 => "ok".to_owned(),
            n => format!("{n} failed"),
        };
        eprintln!("\n[{}] {verdict} in {seconds:.1} s", self.verb);
        self.outcome
    }
}
