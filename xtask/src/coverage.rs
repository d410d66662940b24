//! `cargo xtask coverage`: which lines the tests reach, as a page.

use anyhow::Result;

use crate::bench;
use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tools;

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    tools::require_cargo_tool(ctx, "llvm-cov")?;
    let mut steps = Steps::new(ctx, "coverage", 2);
    let measure =
        Cmd::cargo("llvm-cov").args(["--workspace", "--exclude", bench::PACKAGE, "--html"]);
    if steps.run("run the tests, counting", &measure)? {
        steps.run(
            "the figures",
            &Cmd::cargo("llvm-cov").args(["report", "--summary-only"]),
        )?;
        eprintln!(
            "[coverage] the page is {}",
            ctx.target_dir().join("llvm-cov/html/index.html").display()
        );
    }
    Ok(steps.finish())
}
