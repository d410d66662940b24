//! `cargo xtask sim`: builds the simulator of limits and runs it.
//!
//! It fails if the default algorithm has not what is wanted of it.

use anyhow::Result;

use crate::bench::{self, PACKAGE};
use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

const PROGRAM: &str = "aqueduct-sim";

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Few seeds and short phases: shows that it runs, and that the default does what is wanted
    #[arg(long)]
    smoke: bool,
    /// By the program that is built with the tests of the workspace.
    #[arg(skip)]
    as_tested: bool,
}

impl Args {
    /// A smoke run for `ci`: it runs for less time than it would be optimised.
    pub(crate) fn smoke_as_tested() -> Self {
        Self {
            smoke: true,
            as_tested: true,
        }
    }

    /// In the profile that is compiled fast: there is no clock in it whose figures could suffer.
    fn command(&self) -> Cmd {
        if self.as_tested {
            return bench::as_tested("the_default_limit_does_what_is_wanted_of_it");
        }
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
