//! `cargo xtask bench`: builds the package of benchmarks in the right profile and hands it the arguments.

use std::time::SystemTime;

use anyhow::Result;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

pub(crate) const PACKAGE: &str = "aqueduct-benches";

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Substrings of the names of groups, with commas between; all groups if left out
    #[arg(value_name = "FILTER,…")]
    filter: Vec<String>,
    /// Fewer rounds: good to look at, not to publish
    #[arg(long)]
    quick: bool,
    /// Build and run ours once, without the peers
    #[arg(long, conflicts_with = "quick")]
    smoke: bool,
    /// Name the groups and their rows, and measure nothing
    #[arg(long)]
    list: bool,
    /// Write a page of plots too
    #[arg(long)]
    html: bool,
    /// Keep the figures under this name
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Compare with the figures kept under this name
    #[arg(long, value_name = "NAME")]
    against: Option<String>,
    /// By the program that is built with the tests of the workspace.
    #[arg(skip)]
    as_tested: bool,
}

impl Args {
    /// A smoke run for `ci`, where `test` has compiled all of it: to optimise it again takes minutes, and a smoke run measures
    /// nothing.
    pub(crate) fn smoke_as_tested() -> Self {
        Self {
            smoke: true,
            as_tested: true,
            ..Self::default()
        }
    }

    fn command(&self) -> Cmd {
        if self.as_tested {
            return as_tested("each_group_runs");
        }
        let profile = if self.smoke { "smoke" } else { "bench" };
        let mut cmd = Cmd::cargo("run").args(["--profile", profile, "-p", PACKAGE]);
        if !self.smoke {
            cmd = cmd.args(["--features", "peers"]);
        }
        cmd = cmd.args(["--bin", PACKAGE, "--"]).args(&self.filter);
        for (flag, given) in [
            ("--quick", self.quick),
            ("--smoke", self.smoke),
            ("--list", self.list),
            ("--html", self.html),
        ] {
            cmd = if given { cmd.arg(flag) } else { cmd };
        }
        for (flag, name) in [("--save", &self.save), ("--against", &self.against)] {
            cmd = name.iter().fold(cmd, |cmd, name| cmd.args([flag, name]));
        }
        cmd
    }
}

/// One of the programs in short, as it is built with the tests of the workspace.
pub(crate) fn as_tested(test: &str) -> Cmd {
    let tests = Cmd::cargo("test").args(["--workspace", "--test", "smoke"]);
    tests.args(["--", "--ignored", "--nocapture", "--exact", test])
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    ctx.require_bin(PACKAGE, PACKAGE)?;
    let report = ctx.target_dir().join("bench").join("report.json");
    let cmd = args.command();
    let mut steps = Steps::new(ctx, "bench", 1);
    let began = SystemTime::now();
    let ok = steps.run("every group side by side", &cmd)?;
    let written = std::fs::metadata(&report).and_then(|m| m.modified()).ok();
    match written {
        Some(when) if when >= began => eprintln!("[bench] the figures are in {}", report.display()),
        _ if ok && !args.list => steps.fail(
            format!("it ended well but wrote no {}", report.display()),
            cmd.to_string(),
        ),
        _ => {}
    }
    Ok(steps.finish())
}

#[cfg(test)]
mod tests;
