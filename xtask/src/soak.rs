//! `cargo xtask soak`: the long tests, for as many minutes as one has.
//!
//! They are the tests named `soak_*` in the programs `tests/soak/`, which `#[ignore]` keeps out of an ordinary run. The minutes are
//! shared out among them evenly, and they run one at a time, so that each has the machine to itself.
//!
//! With a sanitizer they run on nightly, and all other tests go first: those reach the corners that a soak rarely does.
//! Two kinds of tests are set apart there, by their names. Those of what must not compile (`misuse_does_not_compile`) do not
//! run: they execute nothing of ours, and nightly words its errors otherwise. Those that leak on purpose (`leaked` in their
//! names) run where leaks are not looked for.

use std::path::Path;

use anyhow::{Result, bail};
use cargo_metadata::{Package, TargetKind};
use clap::ValueEnum;

use crate::context::{Context, has_lib, is_published};
use crate::libtest;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};
use crate::tools;

const SECONDS: &str = "AQUEDUCT_SOAK_SECONDS";
const PROGRAM: &str = "soak";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long the whole may take, building apart
    #[arg(long, default_value_t = 10.0, value_name = "N")]
    pub(crate) minutes: f64,
    /// Instrument everything but build scripts; needs nightly
    #[arg(long)]
    pub(crate) sanitizer: Option<Sanitizer>,
    /// Only this package, or these [default: all that are published or have a soak test]
    #[arg(short, long = "package", value_name = "NAME")]
    pub(crate) packages: Vec<String>,
    /// By the programs that are built with the tests of the workspace.
    #[arg(skip)]
    pub(crate) as_tested: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sanitizer {
    Address,
    Leak,
    Thread,
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Leak => "leak",
            Self::Thread => "thread",
        }
    }
}

/// How to build for this run.
#[derive(Debug)]
enum Build {
    With(Cmd),
    /// It cannot be had here, and why.
    Not(String),
}

pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    if !(args.minutes > 0.0 && args.minutes.is_finite()) {
        bail!("--minutes takes a number above zero");
    }
    let packages = chosen(ctx, &args.packages)?;
    let total = match args.sanitizer {
        None => 2,
        Some(Sanitizer::Address) => 4,
        Some(Sanitizer::Leak | Sanitizer::Thread) => 3,
    };
    let mut steps = Steps::new(ctx, "soak", total);
    let test = match build(ctx, args)? {
        Build::With(test) => test,
        Build::Not(reason) => {
            steps.skip(reason);
            return Ok(steps.finish());
        }
    };
    if let Some(sanitizer) = args.sanitizer {
        short_tests(&mut steps, &packages, &test, sanitizer)?;
    }
    soak_tests(ctx, &mut steps, &packages, &test, args)?;
    Ok(steps.finish())
}

fn chosen<'a>(ctx: &'a Context, names: &[String]) -> Result<Vec<&'a Package>> {
    if names.is_empty() {
        return Ok(ctx.members());
    }
    names.iter().map(|name| ctx.member(name)).collect()
}

/// All tests but the soaks: unit and integration tests.
fn short_tests(
    steps: &mut Steps<'_>,
    packages: &[&Package],
    test: &Cmd,
    sanitizer: Sanitizer,
) -> Result<()> {
    const NOT_COMPILED: &str = "misuse_does_not_compile";
    const LEAKING: &str = "leaked";

    let published = packages.iter().filter(|p| is_published(p) && has_lib(p));
    let names: Vec<&str> = published.map(|p| p.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let all = test
        .clone()
        .args(["--no-fail-fast", "--all-features", "--lib", "--tests"])
        .packages(names);
    let most = all
        .clone()
        .args(["--", "--skip", NOT_COMPILED, "--skip", LEAKING]);
    let tally = steps.run_tests("unit and integration tests, instrumented", &most)?;
    if tally.passed == 0 {
        steps.fail("no test passed under the sanitizer", most.to_string());
    }
    if sanitizer == Sanitizer::Address {
        let leaking = all
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .args(["--", LEAKING]);
        steps.run_tests("tests that leak on purpose, instrumented", &leaking)?;
    }
    Ok(())
}

/// Whether a package has a program of soak tests. It is one of its own, so that nothing else has to be compiled for it.
fn has_soak(package: &Package) -> bool {
    let mut targets = package.targets.iter();
    targets.any(|target| target.kind.contains(&TargetKind::Test) && target.name == PROGRAM)
}

fn soak_tests(
    ctx: &Context,
    steps: &mut Steps<'_>,
    packages: &[&Package],
    test: &Cmd,
    args: &Args,
) -> Result<()> {
    let none = "there is no soak test: no ignored test named `soak_*` in a tests/soak/";
    let packages = packages.iter().filter(|package| has_soak(package));
    let names: Vec<&str> = packages.map(|package| package.name.as_str()).collect();
    if names.is_empty() {
        // Of all packages one must have some; of those that were asked for perhaps none does.
        match args.packages.is_empty() {
            true => steps.fail(none, "cargo xtask soak"),
            false => steps.skip(format!("soak tests: {} has none", args.packages.join(", "))),
        }
        return Ok(());
    }
    let cmd = test.clone().arg("--no-fail-fast");
    let cmd = match args.as_tested {
        true => cmd.arg("--workspace"),
        false => cmd.arg("--all-features").packages(names),
    };
    let cmd = cmd.args(["--test", PROGRAM]);
    let list = cmd
        .clone()
        .args(["--", "--ignored", "--list", "--format", "terse", "soak_"]);
    steps.begin("build the soak tests", &list);
    let listed = list.capture(ctx)?;
    if !listed.status.success() {
        steps.fail("the soak tests do not build", list.to_string());
        return Ok(());
    }
    let count = libtest::listed(&listed.stdout).len();
    if count == 0 {
        steps.fail(none, list.to_string());
        return Ok(());
    }
    let seconds = ((args.minutes * 60.0 / count as f64).round() as u64).max(1);
    let run = cmd.env(SECONDS, seconds.to_string()).args([
        "--",
        "--ignored",
        "--test-threads=1",
        "soak_",
    ]);
    steps.run_tests(&format!("soak tests: {count}, {seconds} s each"), &run)?;
    Ok(())
}

/// `cargo test`, set up for the sanitizer.
fn build(ctx: &Context, args: &Args) -> Result<Build> {
    let test = Cmd::cargo("test");
    let Some(sanitizer) = args.sanitizer else {
        return Ok(Build::With(match args.as_tested {
            true => test,
            false => test.args(["--profile", "smoke"]),
        }));
    };
    let nightly = tools::nightly(ctx, "test")?;
    let host = host(ctx)?;
    if !host.contains("linux") && !host.contains("apple-darwin") {
        return Ok(Build::Not(format!(
            "the {} sanitizer: rustc has none for {host}",
            sanitizer.name()
        )));
    }
    // A target named explicitly keeps the flags away from build scripts and proc macros, which would not run.
    let target_dir = ctx
        .in_target("sanitizer")
        .join(sanitizer.name())
        .display()
        .to_string();
    let mut cmd = nightly
        .rustflags(&format!(
            "-Zsanitizer={} -C debug-assertions -C force-frame-pointers",
            sanitizer.name()
        ))
        // Instrumented code takes minutes to optimise as far as a release is, and finds no more.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .args(["--release", "--target", &host, "--target-dir", &target_dir]);
    if sanitizer == Sanitizer::Thread {
        // rustc refuses to mix the two. Forced to, it makes programs in which the sanitizer takes the standard library's own
        // locks for races, as it does not see how they synchronise.
        if !rust_src(ctx)? {
            return Ok(Build::Not(
                "the thread sanitizer: the standard library must be built with it too, and its source is not here; \
                 this installs it: rustup component add rust-src --toolchain nightly"
                    .to_owned(),
            ));
        }
        cmd = cmd.arg("-Zbuild-std");
    }
    Ok(Build::With(cmd))
}

fn host(ctx: &Context) -> Result<String> {
    let version = Cmd::new("rustc")
        .args(["+nightly", "-vV"])
        .capture(ctx)?
        .stdout;
    match version.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("`rustc +nightly -vV` names no host"),
    }
}

fn rust_src(ctx: &Context) -> Result<bool> {
    let sysroot = Cmd::new("rustc")
        .args(["+nightly", "--print", "sysroot"])
        .capture(ctx)?
        .stdout;
    Ok(Path::new(sysroot.trim())
        .join("lib/rustlib/src/rust/library/Cargo.toml")
        .is_file())
}
