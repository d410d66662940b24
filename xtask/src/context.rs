//! What every verb knows: where the workspace is, who its members are, and how long it may still take.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

/// The workspace as cargo describes it, and how commands are to be run in it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    metadata: Metadata,
    /// When the running command is to be killed. Only `ci` sets it: a hang there must cost one verb, not the job.
    pub(crate) deadline: Option<Instant>,
    /// Nobody is watching: commands get no standard input, and compile what will not be compiled again.
    pub(crate) unattended: bool,
}

impl Context {
    pub(crate) fn new() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .context("`cargo metadata` failed; run `cargo xtask` inside the workspace")?;
        Ok(Self {
            metadata,
            deadline: None,
            unattended: false,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    pub(crate) fn target_dir(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// A folder in the target folder, as one would type it from the workspace's root.
    pub(crate) fn in_target(&self, name: &str) -> PathBuf {
        let path = self.target_dir().join(name);
        path.strip_prefix(self.root())
            .map(Path::to_path_buf)
            .unwrap_or(path)
    }

    /// All members, lowest floor first, so that whatever is reported or published comes in an order that builds.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members = self.metadata.workspace_packages();
        members.sort_by_key(|p| (floor(p).unwrap_or(u64::MAX), p.name.to_string()));
        members
    }

    pub(crate) fn published(&self) -> Vec<&Package> {
        self.members()
            .into_iter()
            .filter(|p| is_published(p))
            .collect()
    }

    pub(crate) fn member(&self, name: &str) -> Result<&Package> {
        match self
            .metadata
            .workspace_packages()
            .into_iter()
            .find(|p| p.name.as_str() == name)
        {
            Some(package) => Ok(package),
            None => bail!("the workspace has no package `{name}`"),
        }
    }

    /// Fails unless `package` has the program `bin`: a verb whose program is missing is an error, never a success.
    pub(crate) fn require_bin(&self, package: &str, bin: &str) -> Result<()> {
        let targets = &self.member(package)?.targets;
        if targets
            .iter()
            .any(|t| t.kind.contains(&TargetKind::Bin) && t.name == bin)
        {
            return Ok(());
        }
        bail!("the package `{package}` has no program `{bin}`")
    }
}

/// The floor a member's manifest states. Crates depend on strictly lower floors only; `tidy` checks it.
pub(crate) fn floor(package: &Package) -> Option<u64> {
    package.metadata.get("aqueduct")?.get("floor")?.as_u64()
}

pub(crate) fn is_published(package: &Package) -> bool {
    package
        .publish
        .as_ref()
        .is_none_or(|registries| !registries.is_empty())
}

pub(crate) fn has_lib(package: &Package) -> bool {
    package
        .targets
        .iter()
        .any(|t| t.kind.contains(&TargetKind::Lib))
}
