//! `cargo xtask features`: each published crate alone, with no, each single, and all of its features.
//!
//! Alone matters: in a build of the whole workspace a crate gets the features that another one asked for, and a missing
//! `cfg` shows at the first user's.
//!
//! A program may also choose that a panic ends it. Tests cannot be built so on stable, hence two programs are, and run:
//! the one that pins what groups promise then, and the echo server, on real connections.

use std::collections::BTreeSet;
use std::io::Cursor;

use anyhow::Result;
use cargo_metadata::{CompilerMessage, Message, Package};

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
    let mut steps = Steps::new(ctx, "features", checks.len() + ABORTING.len() + 1);
    for (name, choice) in checks {
        let cmd = Cmd::cargo("check").args(["-p", name]).args(&choice);
        check(
            ctx,
            &mut steps,
            &format!("{name} {}", choice.join(" ")),
            &cmd,
        )?;
    }
    aborting(ctx, &mut steps)?;
    Ok(steps.finish())
}

/// Runs a `cargo check` that must end well and have nothing to say.
///
/// Flags that deny warnings would do it too, but are part of what cargo knows a compiled crate by: all that `lint` and `doc`
/// have compiled would be compiled again. Of crates that are not compiled again cargo repeats the warnings.
fn check(ctx: &Context, steps: &mut Steps<'_>, what: &str, cmd: &Cmd) -> Result<()> {
    steps.begin(what, cmd);
    let json = cmd.clone().args(["--message-format", "json"]);
    let checked = json.capture(ctx)?;
    let said = diagnostics(&checked.stdout)?;
    for diagnostic in &said {
        eprint!("{diagnostic}");
    }
    if !checked.status.success() {
        steps.fail(format!("{what} ({})", checked.status), cmd.to_string());
    } else if !said.is_empty() {
        steps.fail(format!("{what} (warnings)"), cmd.to_string());
    }
    Ok(())
}

/// What the compiler had to say, as a person reads it. Of other people's crates cargo keeps it to itself.
fn diagnostics(messages: &str) -> Result<Vec<String>> {
    let mut said = Vec::new();
    for message in Message::parse_stream(Cursor::new(messages)) {
        match message? {
            Message::CompilerMessage(CompilerMessage { message, .. }) => {
                said.push(message.rendered.unwrap_or(message.message));
            }
            // No message of cargo's, or none that can be read. A warning could be in it.
            Message::TextLine(line) => said.push(line + "\n"),
            _ => {}
        }
    }
    Ok(said)
}

/// Programs that are run where a panic ends the process: package, kind of target, name, arguments.
const ABORTING: &[(&str, &str, &str, &[&str])] = &[
    ("aqueduct-group", "--example", "panic_abort", &[]),
    ("aqueduct-supervision", "--example", "supervised_abort", &[]),
    (
        "aqueduct-examples",
        "--bin",
        "echo-server",
        &["--self-test", "--connections", "500"],
    ),
];

fn aborting(ctx: &Context, steps: &mut Steps<'_>) -> Result<()> {
    let all = ABORTING
        .iter()
        .flat_map(|(package, kind, name, _)| ["-p", package, kind, name]);
    // Without the features that only the other programs need.
    let build = Cmd::cargo("build").args(["--profile", "abort", "--no-default-features"]);
    let build = build.args(all);
    if !steps.run("build programs under panic = \"abort\"", &build)? {
        return Ok(());
    }
    for (_, kind, name, args) in ABORTING {
        let folder = match *kind {
            "--example" => "abort/examples",
            _ => "abort",
        };
        // Not by `cargo run`, which would compile what is below again, with the features of this one alone.
        let program = ctx.target_dir().join(folder).join(name);
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        let run = Cmd::new(program.display().to_string()).args(args.iter().copied());
        steps.run(&format!("{name} under panic = \"abort\""), &run)?;
    }
    Ok(())
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

#[cfg(test)]
mod tests;
