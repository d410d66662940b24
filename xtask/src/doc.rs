//! `cargo xtask doc`: the documentation builds without a warning, private items included, since their docs hold the
//! proofs.

use anyhow::Result;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let published = ctx.published();
    let doc = Cmd::cargo("doc")
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["--no-deps", "--keep-going"])
        .arg("--all-features");
    let doc = doc.packages(published.iter().map(|p| p.name.as_str()));
    let mut steps = Steps::new(ctx, "doc", 2);
    steps.run("what users see", &doc)?;
    steps.run("what we see", &doc.arg("--document-private-items"))?;
    Ok(steps.finish())
}
