//! `cargo xtask demo`: the main job, on real files.

use anyhow::Result;

use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::Outcome;

const PACKAGE: &str = "aqueduct-examples";
const PROGRAM: &str = "file-processor";

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Passed on to the program; `--help` shows what it takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Becomes the program, so that Ctrl-C reaches it alone and its exit code is the verb's.
pub(crate) fn run(ctx: &Context, args: &Args) -> Result<Outcome> {
    ctx.require_bin(PACKAGE, PROGRAM)?;
    let cmd = Cmd::cargo("run")
        .args(["--release", "-p", PACKAGE, "--bin", PROGRAM, "--"])
        .args(&args.args);
    eprintln!("[demo]\n  $ {cmd}");
    match cmd.become_it(ctx)? {}
}
