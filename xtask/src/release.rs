//! `cargo xtask release`: can the published crates be published? With `--execute`, publishes them, lowest floor first.
//!
//! Without `--execute` nothing leaves the machine: the crates are packed and built from their packages, each against the
//! packed form of the ones below it.

use anyhow::Result;
use cargo_metadata::Package;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Publish, once every check holds
    #[arg(long)]
    execute: bool,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    let again = "cargo xtask release";
    let published = ctx.published();
    let names: Vec<&str> = published.iter().map(|p| p.name.as_str()).collect();
    let mut steps = Steps::new(
        ctx,
        "release",
        if args.execute { 3 + names.len() } else { 3 },
    );

    steps.begin("manifests and changelog", again);
    let changelog = std::fs::read_to_string(ctx.root().join("CHANGELOG.md")).unwrap_or_default();
    for problem in problems(&published, &changelog) {
        steps.fail(problem, again);
    }

    let status = Cmd::new("git").args(["status", "--porcelain"]);
    steps.begin("nothing uncommitted", &status);
    let dirty = status.capture(ctx)?;
    if !dirty.status.success() || !dirty.stdout.is_empty() {
        steps.fail("the work tree is not clean", status.to_string());
    }

    let pack = Cmd::cargo("package")
        .arg("--allow-dirty")
        .packages(names.iter().copied());
    let packed = steps.run("pack, and build what was packed", &pack)?;

    if args.execute {
        let so_far = steps.finish();
        if !so_far.ok() || !packed {
            eprintln!("[release] not published: it must all hold first");
            return Ok(so_far);
        }
        return publish(ctx, &names);
    }
    Ok(steps.finish())
}

/// Stops at the first failure: the crates above need the one that failed.
fn publish(ctx: &Context, names: &[&str]) -> Result<Outcome> {
    let mut steps = Steps::new(ctx, "release", names.len());
    for name in names {
        if !steps.run(name, &Cmd::cargo("publish").args(["-p", name]))? {
            break;
        }
    }
    Ok(steps.finish())
}

fn problems(published: &[&Package], changelog: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(first) = published.first() else {
        return vec!["no member is published".to_owned()];
    };
    for package in published {
        if package.version != first.version {
            problems.push(format!(
                "{} is {}, {} is {}: one version for all",
                package.name, package.version, first.name, first.version
            ));
        }
        for (what, missing) in [
            ("description", package.description.is_none()),
            ("license", package.license.is_none()),
            ("readme", package.readme.is_none()),
            ("rust-version", package.rust_version.is_none()),
        ] {
            if missing {
                problems.push(format!("{}'s manifest has no {what}", package.name));
            }
        }
    }
    if !changelog.contains(&format!("\n## [{}] - ", first.version)) {
        problems.push(format!("CHANGELOG.md has no section for {}", first.version));
    }
    problems
}
