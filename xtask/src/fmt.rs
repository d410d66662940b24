//! `cargo xtask fmt`: is everything formatted?

use anyhow::Result;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tools;

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    tools::require_component(ctx, "rustfmt", "fmt")?;
    let mut steps = Steps::new(ctx, "fmt", 1);
    if !steps.run("formatting", &Cmd::cargo("fmt").args(["--all", "--check"]))? {
        eprintln!("  `cargo fmt --all` formats it");
    }
    Ok(steps.finish())
}
