//! `cargo xtask ci`: every check, one after the other, each within its budget.
//!
//! A verb over its budget fails, and so does the whole over its own, which is less than the verbs' together: not all of them
//! may come near it at once. So nothing creeps. At twice its budget a verb is killed, so that a hang costs minutes and is
//! told with its name. A failure does not end the run: one run tells everything.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::context::Context;
use crate::steps::{Failure, Outcome, Steps};
use crate::{bench, deny, doc, features, fmt, lint, loom, sim, soak, test, tidy, tools};

struct Job {
    verb: &'static str,
    budget_seconds: u64,
    run: fn(&Context) -> Result<Outcome>,
    again: &'static str,
}

/// What the whole may take, on two cores and from an empty target folder.
const WHOLE_BUDGET: Duration = Duration::from_secs(35 * 60);

/// A third of the time is for the models.
const JOBS: &[Job] = &[
    Job {
        verb: "install",
        budget_seconds: 180,
        run: install,
        again: "cargo xtask ci",
    },
    Job {
        verb: "fmt",
        budget_seconds: 30,
        run: fmt::run,
        again: "cargo xtask fmt",
    },
    Job {
        verb: "tidy",
        budget_seconds: 30,
        run: tidy::run,
        again: "cargo xtask tidy",
    },
    Job {
        verb: "deny",
        budget_seconds: 30,
        run: deny::run,
        again: "cargo xtask deny",
    },
    Job {
        verb: "lint",
        budget_seconds: 240,
        run: lint::run,
        again: "cargo xtask lint",
    },
    Job {
        verb: "test",
        budget_seconds: 760,
        run: test::run,
        again: "cargo xtask test",
    },
    Job {
        verb: "doc",
        budget_seconds: 90,
        run: doc::run,
        again: "cargo xtask doc",
    },
    Job {
        verb: "features",
        budget_seconds: 300,
        run: features::run,
        again: "cargo xtask features",
    },
    Job {
        verb: "loom",
        budget_seconds: 720,
        run: |ctx| loom::run(ctx, &Default::default()),
        again: "cargo xtask loom",
    },
    Job {
        verb: "bench",
        budget_seconds: 60,
        run: |ctx| bench::run(ctx, &bench::Args::smoke_as_tested()),
        again: "cargo xtask bench --smoke",
    },
    Job {
        verb: "sim",
        budget_seconds: 120,
        run: |ctx| sim::run(ctx, &sim::Args::smoke_as_tested()),
        again: "cargo xtask sim --smoke",
    },
    Job {
        verb: "soak",
        budget_seconds: 150,
        run: |ctx| {
            // As they are built for `test`: to optimise them takes minutes, where a short soak is to show that it works.
            soak::run(
                ctx,
                &soak::Args {
                    minutes: 0.7,
                    sanitizer: None,
                    packages: Vec::new(),
                    as_tested: true,
                },
            )
        },
        again: "cargo xtask soak --minutes 0.7",
    },
];

struct Row {
    verb: &'static str,
    took: Duration,
    budget: Duration,
    result: &'static str,
}

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let mut ctx = ctx.clone();
    ctx.unattended = true;
    let mut outcome = Outcome::default();
    let mut rows = Vec::new();
    for (index, job) in JOBS.iter().enumerate() {
        eprintln!(
            "\n==== {} ({} of {}, {} s) ====",
            job.verb,
            index + 1,
            JOBS.len(),
            job.budget_seconds
        );
        let budget = Duration::from_secs(job.budget_seconds);
        let began = Instant::now();
        ctx.deadline = Some(began + 2 * budget);
        let mut of_job = (job.run)(&ctx).unwrap_or_else(|error| failed(format!("{error:#}"), job));
        let took = began.elapsed();
        let broke = !of_job.ok();
        if took > budget {
            of_job.merge(failed(
                format!("{}: over its budget of {} s", job.verb, job.budget_seconds),
                job,
            ));
        }
        let result = match (broke, took > budget, of_job.skipped.is_empty()) {
            (true, _, _) => "FAILED",
            (false, true, _) => "OVER BUDGET",
            (false, false, false) => "skipped in part",
            (false, false, true) => "ok",
        };
        rows.push(Row {
            verb: job.verb,
            took,
            budget,
            result,
        });
        outcome.merge(of_job);
    }
    eprint!("\n{}", table(&rows));
    let took: Duration = rows.iter().map(|row| row.took).sum();
    if took > WHOLE_BUDGET {
        outcome.failures.push(Failure {
            what: format!("the whole took {}, over its budget", clock(took)),
            again: "cargo xtask ci".to_owned(),
        });
    }
    Ok(outcome)
}

fn failed(what: String, job: &Job) -> Outcome {
    Outcome {
        failures: vec![Failure {
            what,
            again: job.again.to_owned(),
        }],
        skipped: Vec::new(),
    }
}

/// Only `ci` installs: on one's own machine a verb says what to install and leaves it at that.
fn install(ctx: &Context) -> Result<Outcome> {
    let mut steps = Steps::new(ctx, "install", 1);
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if tools::require_component(ctx, component, subcommand).is_err() {
            let add = crate::shell::Cmd::new("rustup").args(["component", "add", component]);
            steps.run(component, &add)?;
        }
    }
    let tool = deny::TOOL;
    if tool.find(ctx).is_none() {
        steps.run(tool.name, &tool.install(ctx))?;
        // What cannot be removed is only space.
        let _ = std::fs::remove_dir_all(tool.scratch(ctx));
    }
    if !tools::browser::is_there(ctx) {
        install_browser(ctx, &mut steps)?;
    }
    Ok(steps.finish())
}

/// Where that is no Debian, or it may not be done, the test of the page is skipped, which `test` says.
fn install_browser(ctx: &Context, steps: &mut Steps<'_>) -> Result<()> {
    let apt_get = crate::shell::Cmd::new("apt-get").arg("--version");
    if !apt_get.answers(ctx) {
        return Ok(());
    }
    for install in tools::browser::install() {
        steps.begin("a browser, for the chat server's page", &install);
        if !install.status(ctx)?.success() {
            break;
        }
    }
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut table = format!("{:<10} {:>7} {:>7}  result\n", "verb", "time", "budget");
    for Row {
        verb,
        took,
        budget,
        result,
    } in rows
    {
        let _ = writeln!(
            table,
            "{verb:<10} {:>7} {:>7}  {result}",
            clock(*took),
            clock(*budget)
        );
    }
    let total = rows.iter().map(|row| row.took).sum();
    let _ = writeln!(
        table,
        "{:<10} {:>7} {:>7}",
        "all",
        clock(total),
        clock(WHOLE_BUDGET)
    );
    table
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests;
