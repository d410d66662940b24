//! `cargo xtask loom`: the models of everything lock-free, each interleaving of them.
//!
//! A crate has models if it depends on loom under `cfg(aqueduct_loom)`; its manifest says so, no list here. The models
//! are the unit tests whose path has a module `loom` (they sit in `foo/tests/loom.rs`). A crate that depends on loom
//! and has no model fails, and so does a filter that finds none: neither is a proof of anything.
//!
//! Each model runs in a process of its own, as many at once as there are cores. libtest would do that with threads, but
//! would neither say what a model costs nor let one that hangs be killed by its name.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cargo_metadata::Package;

use crate::context::Context;
use crate::libtest;
use crate::programs::{self, Program};
use crate::shell::{Captured, Cmd};
use crate::steps::{Outcome, Steps};

const CFG: &str = "aqueduct_loom";
const PREEMPTIONS: &str = "LOOM_MAX_PREEMPTIONS";

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Run only the models whose path contains this
    filter: Option<String>,
}

/// One test of a crate's test program.
#[derive(Debug)]
struct Model<'a> {
    krate: &'a str,
    name: String,
    run: Cmd,
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    let preemptions = std::env::var(PREEMPTIONS).unwrap_or_else(|_| "2".to_owned());
    let members = ctx.members();
    let crates: Vec<&Package> = members.into_iter().filter(|p| has_models(p)).collect();
    let mut steps = Steps::new(ctx, "loom", 2);
    if crates.is_empty() {
        steps.fail(
            format!("no member depends on loom under cfg({CFG})"),
            "cargo xtask loom",
        );
        return Ok(steps.finish());
    }
    let mut models = build(ctx, &mut steps, &crates, &preemptions)?;
    let found = models.len();
    models.retain(|model| {
        args.filter
            .as_ref()
            .is_none_or(|filter| model.name.contains(filter.as_str()))
    });
    if models.is_empty() {
        // Without a filter each crate has said so for itself.
        if let Some(filter) = &args.filter {
            let what = format!("none of the {found} models has `{filter}` in its path");
            steps.fail(what, "cargo xtask loom");
        }
    } else {
        run_models(ctx, &mut steps, &models, &preemptions)?;
    }
    Ok(steps.finish())
}

/// Builds the models of all crates and lists them.
///
/// By one command: what they share is compiled once, and while one crate is compiled so is the next. Of a crate whose
/// models do not build the others' are run all the same.
fn build<'a>(
    ctx: &Context,
    steps: &mut Steps<'_>,
    crates: &[&'a Package],
    preemptions: &str,
) -> Result<Vec<Model<'a>>> {
    let target_dir = ctx.in_target("loom").display().to_string();
    let test =
        Cmd::cargo("test")
            .rustflags(&format!("--cfg {CFG}"))
            .args(["--profile", "loom", "--lib"]);
    let test = test
        .packages(crates.iter().map(|krate| krate.name.as_str()))
        .args(["--target-dir", &target_dir, "--no-run", "--no-fail-fast"]);
    steps.begin("build the models", &test);
    let built = test
        .clone()
        .args(["--message-format", "json-render-diagnostics"])
        .capture(ctx)?;
    let programs = programs::built(&built.stdout);
    let mut models = Vec::new();
    let mut missing = false;
    for krate in crates {
        let Some(program) = programs.iter().find(|program| program.package == krate.id) else {
            missing = true;
            steps.fail(
                format!("the models of {} do not build", krate.name),
                test.to_string(),
            );
            continue;
        };
        models.extend(list(ctx, steps, &krate.name, program, preemptions)?);
    }
    if !built.status.success() && !missing {
        steps.fail(
            format!("build the models ({})", built.status),
            test.to_string(),
        );
    }
    Ok(models)
}

/// The models in a crate's test program.
fn list<'a>(
    ctx: &Context,
    steps: &mut Steps<'_>,
    krate: &'a str,
    program: &Program,
    preemptions: &str,
) -> Result<Vec<Model<'a>>> {
    let run = program.cmd().env(PREEMPTIONS, preemptions);
    let listed = run
        .clone()
        .args(["--list", "--format", "terse"])
        .capture(ctx)?;
    let models = libtest::listed(&listed.stdout)
        .into_iter()
        .filter(|name| is_model(name));
    let models: Vec<Model<'_>> = models
        .map(|name| Model {
            krate,
            run: run.clone().args(["--exact", &name]),
            name,
        })
        .collect();
    if models.is_empty() {
        let what = format!("{krate} depends on loom and has no model: no test in a module `loom`");
        steps.fail(what, "cargo xtask loom");
    }
    Ok(models)
}

fn run_models(
    ctx: &Context,
    steps: &mut Steps<'_>,
    models: &[Model<'_>],
    preemptions: &str,
) -> Result<()> {
    let cores = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(models.len());
    steps.begin(
        &format!(
            "models: {}, at most {preemptions} preemptions ({PREEMPTIONS}), {cores} at once",
            models.len()
        ),
        format!("{} …, and the others like it", models[0].run),
    );
    let mut done = Vec::new();
    let run = |model: &Model<'_>| {
        let began = Instant::now();
        (model.run.capture_all(ctx), began.elapsed())
    };
    programs::side_by_side(models, cores, run, |model, (result, took)| {
        let number = done.len() + 1;
        done.push(tell(number, models.len(), model, took, result));
    });
    for Failed { what, again } in done.iter().flatten() {
        steps.fail(what, again);
    }
    eprintln!(
        "\n[loom] {} of {} models hold",
        done.iter().filter(|failed| failed.is_none()).count(),
        models.len()
    );
    Ok(())
}

struct Failed {
    what: String,
    again: String,
}

/// Prints how a model ended, and what it said if that was badly.
fn tell(
    number: usize,
    of: usize,
    model: &Model<'_>,
    took: Duration,
    result: Result<Captured>,
) -> Option<Failed> {
    let Model { krate, name, .. } = model;
    let said = match result {
        // A name that matches no test would be a success without a test.
        Ok(captured)
            if captured.status.success()
                && captured.stdout.contains("test result: ok. 1 passed") =>
        {
            eprintln!(
                "  {number:>3}/{of} {:>7.1} s  {krate} {name}",
                took.as_secs_f64()
            );
            return None;
        }
        Ok(captured) => captured.stdout,
        Err(error) => format!("{error:#}"),
    };
    eprintln!(
        "  {number:>3}/{of} {:>7.1} s  {krate} {name} FAILED\n{said}",
        took.as_secs_f64()
    );
    Some(Failed {
        what: format!("{krate} {name}"),
        again: format!("cargo xtask loom {name}"),
    })
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
