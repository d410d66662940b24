//! `cargo xtask`: everything one does to this workspace, one verb each.
//!
//! A verb prints each command before it runs it, and ends by saying what failed and how to run that one thing again.
//! A verb that needs a tool which is not there names the one command that installs it; only `ci` installs anything.
//!
//! The verbs are plain functions over a [`Context`], and `ci` is a list of them. What a newcomer runs and what the
//! build server runs is therefore the same code, not two descriptions of it.
#![forbid(unsafe_code)]

mod api;
mod bench;
mod ci;
mod context;
mod coverage;
mod demo;
mod deny;
mod doc;
mod features;
mod fmt;
mod libtest;
mod lint;
mod loom;
mod programs;
mod release;
mod shell;
mod sim;
mod soak;
mod steps;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::context::Context;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "What one does to this workspace, one verb each"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the example program `file-processor` on real files
    Demo(demo::Args),
    /// All one needs to trust the build: unit, integration and doc tests, and tidy
    Test,
    /// What the build server runs: every check, each within its budget of minutes
    Ci,
    /// Check the rules of the house that the compiler does not know
    Tidy,
    /// Measure every group side by side with its peers
    Bench(bench::Args),
    /// Run the limits against simulated services; without a clock, so the figures are the same everywhere
    Sim(sim::Args),
    /// Run the loom models of everything lock-free
    Loom(loom::Args),
    /// Run the long tests, under a sanitizer if asked
    Soak(soak::Args),
    /// Line coverage of the tests, as a page
    Coverage,
    /// Check each published crate alone with no, each single, and all of its features; run programs under panic = "abort"
    Features,
    /// Print the public API of the published crates
    Api(api::Args),
    /// Check that the published crates can be published; publish them with --execute
    Release(release::Args),
    /// Check the formatting
    Fmt,
    /// Clippy over everything, warnings are errors
    Lint,
    /// Build the documentation, warnings are errors
    Doc,
    /// Check the bans, licences and sources of all dependencies
    Deny,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Context::new().and_then(|ctx| match &cli.verb {
        Verb::Demo(args) => demo::run(&ctx, args),
        Verb::Test => test::run(&ctx),
        Verb::Ci => ci::run(&ctx),
        Verb::Tidy => tidy::run(&ctx),
        Verb::Bench(args) => bench::run(&ctx, args),
        Verb::Sim(args) => sim::run(&ctx, args),
        Verb::Loom(args) => loom::run(&ctx, args),
        Verb::Soak(args) => soak::run(&ctx, args),
        Verb::Coverage => coverage::run(&ctx),
        Verb::Features => features::run(&ctx),
        Verb::Api(args) => api::run(&ctx, args),
        Verb::Release(args) => release::run(&ctx, args),
        Verb::Fmt => fmt::run(&ctx),
        Verb::Lint => lint::run(&ctx),
        Verb::Doc => doc::run(&ctx),
        Verb::Deny => deny::run(&ctx),
    });
    match outcome {
        Ok(outcome) => outcome.report(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
