//! `cargo xtask deny`: bans, licences and sources of all dependencies, as deny.toml has them.
//!
//! Advisories are left out: they need a database from the network, and change without a commit of ours.

use anyhow::Result;

use crate::context::Context;
use crate::steps::{Outcome, Steps};
use crate::tools::OwnTool;

pub(crate) const TOOL: OwnTool = OwnTool {
    name: "cargo-deny",
    version: "0.20.2",
    args: &["--no-default-features"],
};

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let mut steps = Steps::new(ctx, "deny", 1);
    let deny = TOOL
        .require(ctx)?
        .args(["--workspace", "check", "bans", "licenses", "sources"]);
    steps.run("bans, licences, sources", &deny)?;
    Ok(steps.finish())
}
