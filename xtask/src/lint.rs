//! `cargo xtask lint`: clippy over every target of every member, the benchmarks of peers among them.

use anyhow::Result;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tools;

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    tools::require_component(ctx, "clippy", "clippy")?;
    let mut steps = Steps::new(ctx, "lint", 1);
    let clippy = Cmd::cargo("clippy").args([
        "--workspace",
        "--all-targets",
        "--features",
        "aqueduct-benches/peers",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]);
    steps.run("clippy", &clippy)?;
    Ok(steps.finish())
}
