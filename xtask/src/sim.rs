//! `cargo xtask sim`: builds the simulator of limits and runs it.
//!
//! It fails if the default algorithm has not what is wanted of it.

use anyhow::Result;

use crate::bench::PACKAGE;
use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

const PROGRAM: &str = "aqueduct-sim";

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Few seeds and short phases: shows that it runs, and that the default does what is wanted
    #[arg(long)]
    smoke: bool,
}

impl Args {
    pub(crate) fn smoke() -> Self {
        Self { smoke: true }
    }

    /// In the profile that is compiled fast: there is no clock in it whose figures could suffer.
    fn command(&self) -> Cmd {
        let cmd = Cmd::cargo("run").args(["--profile", "smoke", "-p", PACKAGE]);
        let cmd = cmd.args(["--bin", PROGRAM, "--"]);
        if self.smoke { cmd.arg("--smoke") } else { cmd }
    }
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    ctx.require_bin(PACKAGE, PROGRAM)?;
    let mut steps = Steps::new(ctx, "sim", 1);
    steps.run("limits against services with a knee", &args.command())?;
    Ok(steps.finish())
}

#[cfg(test)]
mod tests;
