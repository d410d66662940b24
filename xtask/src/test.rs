//! `cargo xtask test`: all one needs to trust the build.

use anyhow::Result;

use crate::bench;
use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tidy;

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let mut steps = Steps::new(ctx, "test", 3);
    steps.begin("the rules of the house", "cargo xtask tidy");
    steps.merge(tidy::run(ctx)?);

    let everything =
        Cmd::cargo("test").args(["--no-fail-fast", "--workspace", "--exclude", bench::PACKAGE]);
    let mut tally = steps.run_tests("unit, integration and doc tests", &everything)?;
    // The peers are dozens of crates that none of our own tests uses.
    let benches = Cmd::cargo("test").args([
        "--no-fail-fast",
        "-p",
        bench::PACKAGE,
        "--no-default-features",
    ]);
    tally.add(&steps.run_tests("the benchmarks' own tests", &benches)?);

    if tally.passed == 0 {
        steps.fail("not one test ran", "cargo xtask test");
    }
    eprintln!(
        "\n[test] {} passed, {} failed, {} ignored, in {} test programs",
        tally.passed, tally.failed, tally.ignored, tally.programs
    );
    Ok(steps.finish())
}
