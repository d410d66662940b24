//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use aqueduct_examples::duration::{parse, parse_positive};
use clap::Parser;

use crate::herald::Events;
use crate::supervised::Options;

/// Count bytes, lines, words and identifiers of files in a pipeline of supervised children that die on purpose.
///
/// The stages (walk, read and count, add up) panic, fail and stall at random places, by a seed. A supervisor starts them
/// again; what they had in hand is handed out again, and counted once: the result is that of a run in which nothing dies.
#[derive(Clone, Debug, Parser)]
#[command(name = "supervised-pipeline", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Files and directories to count [default: the source of this workspace and of all its
    /// dependencies, as cargo unpacked them]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// At which share of the places that a stage passes something goes wrong. An item passes nine of them
    #[arg(long, value_name = "RATE", default_value_t = 0.01, value_parser = share)]
    pub(crate) panics: f64,

    /// Which of the places: with one seed the same ones in each run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Count a second time, without supervisor, channels and faults, and compare every number
    #[arg(long)]
    pub(crate) verify: bool,

    /// Tell what happens in the tree, and show the tree when it has started and when it ends
    #[arg(long)]
    events: bool,

    /// How many files are read at once [default: the number of cores, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    readers: Option<u16>,

    /// Stop a child that has an item in hand for longer, and start it again. For each time that the item was handed out
    /// before, as long again
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_positive)]
    patience: Duration,

    /// How long readers and tally may take to stop
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = parse)]
    grace: Duration,

    /// Give up an item that was handed out so many times
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    attempts: u32,

    /// How many restarts within a second a supervisor bears [default: as many as the back-off lets through; 3 with
    /// --panics 0]
    #[arg(long, value_name = "N")]
    restarts_max: Option<u32>,

    /// In place of counting PATHs: make up a tree of files, count it once for each of several seeds and once without
    /// faults, and compare
    #[arg(long, conflicts_with_all = ["paths", "panics", "seed", "verify"])]
    pub(crate) self_test: bool,

    /// How many seeds the self-test takes, beginning with 1
    #[arg(long, value_name = "N", default_value_t = 6, requires = "self_test", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,

    /// The self-test takes more seeds until so much time has passed
    #[arg(long, value_name = "TIME", requires = "self_test", value_parser = parse)]
    pub(crate) lasting: Option<Duration>,
}

impl Args {
    pub(crate) fn options(&self) -> Options {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let readers = self
            .readers
            .map_or_else(|| cores().clamp(2, 256), usize::from);
        Options {
            readers: NonZeroUsize::new(readers).unwrap_or(NonZeroUsize::MIN),
            patience: self.patience,
            grace: self.grace,
            handings_max: self.attempts,
            restarts_max: self.restarts_max,
            events: match self.events {
                true => Events::Told,
                false => Events::Untold,
            },
        }
    }
}

/// Above this an item is given up now and then, for no other reason than bad luck.
const RATE_MAX: f64 = 0.3;

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=RATE_MAX).contains(&rate) => Ok(rate),
        Ok(_) => Err(format!("it must be from 0 to {RATE_MAX}")),
        Err(_) => Err("it is no number".to_owned()),
    }
}

const EXIT_CODES: &str = "\
On Ctrl-C the children are stopped in the reverse of their order, and what was read until then is counted. A
second Ctrl-C drops them all.

Exit codes:
  0    all is counted (and --verify found it equal, or the self-test passed)
  1    the supervisor gave up, or an item was given up, or --verify found a difference (or the self-test failed)
  2    a PATH does not exist, or the arguments make no sense: nothing was counted
  130  stopped by Ctrl-C; figures that are partial say so";
