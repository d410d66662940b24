//! `cargo xtask api`: the public API of the published crates, one item a line, to read and to compare.

use anyhow::Result;

use crate::context::{Context, has_lib, is_published};
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tools;

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only these crates; all published ones if left out
    crates: Vec<String>,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    tools::require_cargo_tool(ctx, "public-api")?;
    tools::nightly(ctx, "rustdoc")?;
    for name in &args.crates {
        ctx.member(name)?;
    }
    let members = ctx.members();
    let wanted = members.iter().filter(|p| is_published(p) && has_lib(p));
    let wanted: Vec<&str> = wanted.map(|p| p.name.as_str()).collect();
    let wanted: Vec<&str> = wanted
        .into_iter()
        .filter(|name| args.crates.is_empty() || args.crates.iter().any(|c| c == name))
        .collect();
    let mut steps = Steps::new(ctx, "api", wanted.len());
    for name in wanted {
        steps.run(
            name,
            &Cmd::cargo("public-api").args(["-p", name, "--all-features", "-sss"]),
        )?;
    }
    Ok(steps.finish())
}
