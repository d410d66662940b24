//! Tools that are not part of a plain toolchain: is it there, and if not, what one command installs it?

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::context::Context;
use crate::shell::Cmd;

/// Fails with the installing command unless `cargo SUBCOMMAND` of a toolchain component answers.
pub(crate) fn require_component(ctx: &Context, component: &str, subcommand: &str) -> Result<()> {
    if Cmd::cargo(subcommand).arg("--version").answers(ctx) {
        return Ok(());
    }
    bail!("{component} is not installed; this installs it:\n  rustup component add {component}")
}

/// Fails with the installing command unless `cargo SUBCOMMAND` answers.
pub(crate) fn require_cargo_tool(ctx: &Context, subcommand: &str) -> Result<()> {
    if Cmd::cargo(subcommand).arg("--version").answers(ctx) {
        return Ok(());
    }
    bail!(
        "cargo-{subcommand} is not installed; this installs it:\n  cargo install --locked cargo-{subcommand}"
    )
}

/// `cargo` of the nightly toolchain, running `subcommand`.
pub(crate) fn nightly(ctx: &Context, subcommand: &str) -> Result<Cmd> {
    let cargo = Cmd::new("cargo").arg("+nightly");
    // rustup would else download the toolchain for the asking.
    let asked = cargo
        .clone()
        .env("RUSTUP_AUTO_INSTALL", "0")
        .arg("--version");
    if !asked.answers(ctx) {
        bail!(
            "there is no nightly toolchain; this installs it:\n  rustup toolchain install nightly --profile minimal"
        );
    }
    Ok(cargo.arg(subcommand))
}

/// The browser in which the page of the chat server is tested. Without it that test says SKIPPED, as does whoever runs it.
pub(crate) mod browser {
    use super::*;

    /// What it may be called; the test tries the same names.
    const PROGRAMS: &[&str] = &["chromium", "chromium-browser"];

    pub(crate) fn is_there(ctx: &Context) -> bool {
        let mut programs = PROGRAMS.iter();
        programs.any(|program| Cmd::new(*program).arg("--version").answers(ctx))
    }

    /// On Debian, by who may.
    pub(crate) fn install() -> [Cmd; 2] {
        let apt_get = || Cmd::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
        [
            apt_get().arg("update"),
            apt_get().args(["install", "-y", "--no-install-recommends", "chromium"]),
        ]
    }

    pub(crate) const SKIPPED: &str = "the chat server's page in a browser: there is none; \
        this installs one on Debian: apt-get install -y chromium";
}

/// A cargo subcommand that `ci` builds for itself, in the target folder, so that nothing of the user's is touched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnTool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) args: &'static [&'static str],
}

impl OwnTool {
    /// The command that runs it: ours if `ci` built it, else the one on the path.
    pub(crate) fn find(&self, ctx: &Context) -> Option<Cmd> {
        let ours = self.home(ctx).join("bin").join(format!(
            "{}{}",
            self.name,
            std::env::consts::EXE_SUFFIX
        ));
        let found = [Cmd::new(ours.display().to_string()), Cmd::new(self.name)];
        found
            .into_iter()
            .find(|cmd| cmd.clone().arg("--version").answers(ctx))
    }

    pub(crate) fn require(&self, ctx: &Context) -> Result<Cmd> {
        match self.find(ctx) {
            Some(cmd) => Ok(cmd),
            None => bail!(
                "{} is not installed; this installs it:\n  {}",
                self.name,
                self.install(ctx)
            ),
        }
    }

    /// Built without optimisation: that halves the minutes it takes, and costs a second when it runs.
    pub(crate) fn install(&self, ctx: &Context) -> Cmd {
        let home = self.home(ctx);
        Cmd::cargo("install")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .args(["--locked", "--root", &home.display().to_string()])
            .args(["--target-dir", &self.scratch(ctx).display().to_string()])
            .args(self.args.iter().copied())
            .arg(format!("{}@{}", self.name, self.version))
    }

    /// Where it is compiled; of no use afterwards.
    pub(crate) fn scratch(&self, ctx: &Context) -> PathBuf {
        self.home(ctx).join("build")
    }

    fn home(&self, ctx: &Context) -> PathBuf {
        ctx.target_dir().join("tools")
    }
}
