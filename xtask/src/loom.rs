//! `cargo xtask loom`: the models of everything lock-free, each interleaving of them.
//!
//! A crate has models if it depends on loom under `cfg(aqueduct_loom)`; its manifest says so, no list here. The models
//! are the unit tests whose path has a module `loom` (they sit in `foo/tests/loom.rs`). A crate that depends on loom
//! and has no model fails, and so does a filter that finds none: neither is a proof of anything.

use anyhow::Result;
use cargo_metadata::Package;

use crate::context::Context;
use crate::libtest;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

const CFG: &str = "aqueduct_loom";
const PREEMPTIONS: &str = "LOOM_MAX_PREEMPTIONS";

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Run only the models whose path contains this
    filter: Option<String>,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    let preemptions = std::env::var(PREEMPTIONS).unwrap_or_else(|_| "2".to_owned());
    eprintln!("[loom] at most {preemptions} preemptions a thread ({PREEMPTIONS})");
    let members = ctx.members();
    let crates: Vec<&str> = members
        .into_iter()
        .filter(|p| has_models(p))
        .map(|p| p.name.as_str())
        .collect();
    let mut steps = Steps::new(ctx, "loom", 2 * crates.len());
    let mut ran = 0;
    for name in &crates {
        ran += crate_models(ctx, &mut steps, name, args, &preemptions)?;
    }
    if crates.is_empty() {
        steps.fail(
            format!("no member depends on loom under cfg({CFG})"),
            "cargo xtask loom",
        );
    } else if ran == 0 && args.filter.is_some() {
        steps.fail("no model's path contains the filter", "cargo xtask loom");
    }
    eprintln!(
        "\n[loom] models that held: {ran}, in crates: {}",
        crates.len()
    );
    Ok(steps.finish())
}

/// Runs a crate's models; how many held.
fn crate_models(
    ctx: &Context,
    steps: &mut Steps<'_>,
    name: &str,
    args: &Args,
    preemptions: &str,
) -> Result<usize> {
    // Release, since loom is slow enough; with debug assertions, since models are the place to check them.
    let test = Cmd::cargo("test")
        .rustflags(&format!("--cfg {CFG} -C debug-assertions"))
        .env(PREEMPTIONS, preemptions)
        .args(["--target-dir", &ctx.in_target("loom").display().to_string()])
        .args(["--release", "--lib", "-p", name, "--"]);

    let list = test.clone().args(["--list", "--format", "terse"]);
    steps.begin(&format!("{name}: build the models"), &list);
    let listed = list.capture(ctx)?;
    if !listed.status.success() {
        steps.fail(format!("{name}: the models do not build"), list.to_string());
        return Ok(0);
    }
    let all = libtest::listed(&listed.stdout);
    let models: Vec<&String> = all.iter().filter(|test| is_model(test)).collect();
    if models.is_empty() {
        steps.fail(
            format!("{name} depends on loom and has no model: no test in a module `loom`"),
            list.to_string(),
        );
        return Ok(0);
    }
    let wanted = models.iter().filter(|m| {
        args.filter
            .as_ref()
            .is_none_or(|filter| m.contains(filter.as_str()))
    });
    let wanted: Vec<&str> = wanted.map(|m| m.as_str()).collect();
    if wanted.is_empty() {
        eprintln!("  none of its {} models matches the filter", models.len());
        return Ok(0);
    }
    // The path is the filter where that says the same, for the line to stay short enough to paste.
    let run = if wanted.len() == all.iter().filter(|test| test.contains("loom::")).count() {
        test.arg("loom::")
    } else {
        test.arg("--exact").args(wanted.iter().copied())
    };
    Ok(steps
        .run_tests(&format!("{name}: models: {}", wanted.len()), &run)?
        .passed)
}

fn has_models(package: &Package) -> bool {
    package.dependencies.iter().any(|dep| {
        dep.name == "loom"
            && dep
                .target
                .as_ref()
                .is_some_and(|target| target.to_string().contains(CFG))
    })
}

fn is_model(test: &str) -> bool {
    test.rsplit_once("::")
        .is_some_and(|(path, _)| path.split("::").any(|module| module == "loom"))
}

#[cfg(test)]
mod tests;
