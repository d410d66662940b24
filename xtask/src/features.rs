//! `cargo xtask features`: each published crate alone, with no, each single, and all of its features.
//!
//! Alone matters: in a build of the whole workspace a crate gets the features that another one asked for, and a missing
//! `cfg` shows at the first user's.

use std::collections::BTreeSet;

use anyhow::Result;
use cargo_metadata::Package;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

pub(crate) fn run(ctx: &Context) -> Result<Outcome> {
    let published = ctx.published();
    let checks: Vec<(&str, Vec<String>)> = published
        .iter()
        .flat_map(|p| {
            choices(p)
                .into_iter()
                .map(|choice| (p.name.as_str(), choice))
        })
        .collect();
    let mut steps = Steps::new(ctx, "features", checks.len());
    for (name, choice) in checks {
        let cmd = Cmd::cargo("check")
            .env("RUSTFLAGS", "-D warnings")
            .args(["-p", name])
            .args(&choice);
        let cmd = cmd.args([
            "--target-dir",
            &ctx.in_target("features").display().to_string(),
        ]);
        steps.run(&format!("{name} {}", choice.join(" ")), &cmd)?;
    }
    Ok(steps.finish())
}

/// The sets of features worth a check, as arguments for cargo. `default` is one of the single ones.
fn choices(package: &Package) -> Vec<Vec<String>> {
    let names: BTreeSet<&String> = package.features.keys().collect();
    let mut choices = vec![vec!["--no-default-features".to_owned()]];
    for name in &names {
        choices.push(vec![
            "--no-default-features".to_owned(),
            "--features".to_owned(),
            (*name).clone(),
        ]);
    }
    if names.len() > 1 {
        choices.push(vec!["--all-features".to_owned()]);
    }
    choices
}
