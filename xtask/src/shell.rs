//! Running other programs, and saying what is run in a form one can paste.

use std::fmt;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::context::Context;

/// A command with the environment it needs. `Display` is the line one would type.
#[derive(Debug, Clone)]
pub(crate) struct Cmd {
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    /// Where it runs, if not at the workspace's root.
    folder: Option<PathBuf>,
}

/// What a command that ended left behind.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
}

impl Cmd {
    pub(crate) fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
        }
    }

    pub(crate) fn cargo(subcommand: &str) -> Self {
        Self::new("cargo").arg(subcommand)
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: Into<String>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// `-p NAME` for each name.
    pub(crate) fn packages<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names
            .into_iter()
            .fold(self, |cmd, name| cmd.args(["-p", name]))
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Adds to what RUSTFLAGS holds already: it replaces every other source of flags, so the user's must be kept.
    pub(crate) fn rustflags(self, flags: &str) -> Self {
        let name = "RUSTFLAGS";
        match std::env::var(name) {
            Ok(theirs) if !theirs.trim().is_empty() => self.env(name, format!("{theirs} {flags}")),
            _ => self.env(name, flags),
        }
    }

    /// Runs to the end with the output passed through.
    pub(crate) fn status(&self, ctx: &Context) -> Result<ExitStatus> {
        let mut child = self.spawn(ctx, Stdio::inherit())?;
        wait(ctx, &mut child)
    }

    /// Runs to the end with the output passed through line by line, each line of stdout shown to `see` as well.
    pub(crate) fn watch(&self, ctx: &Context, see: impl FnMut(&str) + Send) -> Result<ExitStatus> {
        let mut child = self.spawn(ctx, Stdio::piped())?;
        let stdout = child
            .stdout
            .take()
            .context("stdout was asked to be a pipe")?;
        thread::scope(|scope| {
            scope.spawn(move || pass_through(BufReader::new(stdout), std::io::stdout(), see));
            wait(ctx, &mut child)
        })
    }

    /// Runs to the end, keeping stdout; stderr is passed through.
    pub(crate) fn capture(&self, ctx: &Context) -> Result<Captured> {
        let mut child = self.spawn(ctx, Stdio::piped())?;
        let stdout = child
            .stdout
            .take()
            .context("stdout was asked to be a pipe")?;
        thread::scope(|scope| {
            let reader = scope.spawn(move || std::io::read_to_string(stdout));
            let status = wait(ctx, &mut child)?;
            let stdout = reader.join().expect("reading a pipe does not panic")?;
            Ok(Captured { status, stdout })
        })
    }

    /// Runs to the end, keeping stdout and stderr as they were mixed; for commands that run beside one another.
    pub(crate) fn capture_all(&self, ctx: &Context) -> Result<Captured> {
        let (mut reader, writer) = std::io::pipe()?;
        let mut command = self.command(ctx);
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run `{self}`"))?;
        // Its ends of the pipe are ours too until it goes; reading would never come to an end.
        drop(command);
        thread::scope(|scope| {
            let mut bytes = Vec::new();
            let read = scope.spawn(move || reader.read_to_end(&mut bytes).map(|_| bytes));
            let status = wait(ctx, &mut child)?;
            let bytes = read.join().expect("reading a pipe does not panic")?;
            Ok(Captured {
                status,
                stdout: String::from_utf8_lossy(&bytes).into_owned(),
            })
        })
    }

    /// Whether it runs and ends well; for asking a tool if it is there.
    pub(crate) fn answers(&self, ctx: &Context) -> bool {
        let mut command = self.command(ctx);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Becomes the command. On Unix the process is replaced, so that signals and the exit code are the program's own;
    /// elsewhere it is run and its exit code passed on.
    pub(crate) fn become_it(&self, ctx: &Context) -> Result<std::convert::Infallible> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt as _;
            let error = self.command(ctx).exec();
            Err(error).with_context(|| format!("cannot run `{self}`"))
        }
        #[cfg(not(unix))]
        {
            let status = self.status(ctx)?;
            std::process::exit(status.code().unwrap_or(1))
        }
    }

    fn spawn(&self, ctx: &Context, stdout: Stdio) -> Result<Child> {
        let mut command = self.command(ctx);
        command.stdout(stdout);
        command
            .spawn()
            .with_context(|| format!("cannot run `{self}`"))
    }

    fn command(&self, ctx: &Context) -> Command {
        let mut command = Command::new(self.resolved_program());
        command
            .args(&self.args)
            .current_dir(self.folder.as_deref().unwrap_or(ctx.root()));
        // `cargo run` describes xtask's own package in these; an inner cargo must not take them for its packages'.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_"))
            {
                command.env_remove(name);
            }
        }
        if ctx.unattended {
            command.stdin(Stdio::null());
            // Each crate is compiled once: what would make the second time faster costs the first a quarter more.
            command.env("CARGO_INCREMENTAL", "0");
            // Nobody debugs it; a panic says its line without this.
            command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The cargo that runs xtask runs the rest too, except where a toolchain is named: `+nightly` is rustup's to read.
    fn resolved_program(&self) -> String {
        let toolchain_named = self.args.first().is_some_and(|arg| arg.starts_with('+'));
        if self.program == "cargo" && !toolchain_named {
            std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
        } else {
            self.program.clone()
        }
    }
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quote(value))?;
        }
        f.write_str(&quote(&self.program))?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", quote(arg)))
    }
}

/// Quotes for a POSIX shell, only where it must be.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn pass_through(mut from: impl BufRead, mut to: impl Write, mut see: impl FnMut(&str)) {
    let mut line = Vec::new();
    loop {
        line.clear();
        match from.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        see(String::from_utf8_lossy(&line).trim_end());
        // A closed stdout must not end the reading: the child would then be killed by its own full pipe.
        let _ = to.write_all(&line).and_then(|()| to.flush());
    }
}

fn wait(ctx: &Context, child: &mut Child) -> Result<ExitStatus> {
    let Some(deadline) = ctx.deadline else {
        return Ok(child.wait()?);
    };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            eprintln!("xtask: out of time, killing it");
            kill_tree(child);
            return Ok(child.wait()?);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Kills the child and whatever it started: a hung test is a grandchild of ours, and killing cargo alone would leave it
/// running and holding our pipe open. A process group would do it too, but would take Ctrl-C away from the child.
fn kill_tree(child: &mut Child) {
    let mut pids = vec![child.id()];
    let mut next = 0;
    while let Some(&pid) = pids.get(next) {
        pids.extend(children_of(pid));
        next += 1;
    }
    let _ = Command::new("kill")
        .arg("-KILL")
        .args(pids.iter().map(u32::to_string))
        .status();
    let _ = child.kill();
}

/// Where there is no `/proc` nothing is found, and only the child itself is killed.
fn children_of(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // pid (name) state parent …; the name may hold spaces and brackets, so count from its last bracket.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests;
