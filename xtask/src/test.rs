//! `cargo xtask test`: all one needs to trust the build.
//!
//! Everything is built by one command, and then two test programs run at a time: many of their tests wait for a clock, and
//! the doc tests of a crate are compiled by one core. Each prints what it has to say when it has ended.

use anyhow::Result;
use cargo_metadata::Package;

use crate::context::Context;
use crate::libtest::Tally;
use crate::programs::{self, Program};
use crate::shell::{Captured, Cmd};
use crate::steps::{Outcome, Steps};
use crate::tidy;
use crate::tools;

const AT_ONCE: usize = 2;

/// What prints the results of tests.
struct Job {
    cmd: Cmd,
    /// As one would type it.
    shown: String,
}

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let mut steps = Steps::new(ctx, "test", 3);
    steps.begin("the rules of the house", "cargo xtask tidy");
    steps.merge(tidy::run(ctx)?);

    // All at once, the benchmarks too: alone they would have what they depend on compiled with other features, once more.
    let everything = Cmd::cargo("test").args(["--no-fail-fast", "--workspace"]);
    let build = everything.clone().arg("--no-run");
    steps.begin("build all tests", &build);
    let built = build
        .clone()
        .args(["--message-format", "json-render-diagnostics"])
        .capture(ctx)?;
    if !built.status.success() {
        steps.fail("some tests do not build", build.to_string());
    }
    // The doc tests first, as they take longest.
    let doc = everything.arg("--doc");
    let mut jobs = vec![Job {
        shown: doc.to_string(),
        cmd: doc,
    }];
    for package in ctx.members() {
        let all = programs::built(&built.stdout).into_iter();
        let of_package = all.filter(|program| program.package == package.id);
        jobs.extend(of_package.map(|program| job(package, &program)));
    }
    steps.begin(
        &format!("unit, integration and doc tests, {AT_ONCE} programs at once"),
        "cargo test --no-fail-fast --workspace",
    );
    let tally = run_jobs(ctx, &mut steps, &jobs);
    if !tools::browser::is_there(ctx) {
        steps.skip(tools::browser::SKIPPED);
    }
    if tally.passed == 0 {
        steps.fail("not one test ran", "cargo xtask test");
    }
    eprintln!(
        "\n[test] {} passed, {} failed, {} ignored, in {} test programs",
        tally.passed, tally.failed, tally.ignored, tally.programs
    );
    Ok(steps.finish())
}

fn job(package: &Package, program: &Program) -> Job {
    let shown = Cmd::cargo("test").packages([package.name.as_str()]);
    Job {
        cmd: program.cmd(),
        shown: shown.args(program.selection()).to_string(),
    }
}

fn run_jobs(ctx: &Context, steps: &mut Steps<'_>, jobs: &[Job]) -> Tally {
    let mut sum = Tally::default();
    let run = |job: &Job| job.cmd.capture_all(ctx);
    programs::side_by_side(jobs, AT_ONCE, run, |job, result| {
        let (failed, said) = match result {
            Ok(Captured { status, stdout }) if status.success() => (None, stdout),
            Ok(Captured { status, stdout }) => (Some(status.to_string()), stdout),
            Err(error) => (Some("not run".to_owned()), format!("{error:#}\n")),
        };
        println!("\n  $ {}\n{said}", job.shown);
        let mut tally = Tally::default();
        said.lines().for_each(|line| tally.see(line));
        if let Some(how) = failed {
            let names = tally.failed_names();
            steps.fail(format!("{} ({how}){names}", job.shown), &job.shown);
        } else if tally.programs == 0 {
            steps.fail(format!("{} told no result", job.shown), &job.shown);
        }
        sum.add(tally);
    });
    sum
}
