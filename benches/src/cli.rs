//! The command line.

use clap::Parser;

use crate::harness::Effort;

/// Measures Aqueduct beside its peers, in interleaved rounds.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
pub(crate) struct Args {
    /// Substrings of group names, separated by commas; without it, all groups.
    #[arg(value_delimiter = ',')]
    filter: Vec<String>,
    /// Fewer rounds of fewer messages.
    #[arg(long)]
    quick: bool,
    /// Ours alone, one short round: does everything still run?
    #[arg(long, conflicts_with = "quick")]
    pub(crate) smoke: bool,
    /// Writes a page of plots beside the report.
    #[arg(long)]
    pub(crate) html: bool,
    /// Keeps the report under this name.
    #[arg(long, value_name = "NAME", value_parser = file_name)]
    pub(crate) save: Option<String>,
    /// Compares with the report kept under this name.
    #[arg(long, value_name = "NAME", value_parser = file_name)]
    pub(crate) against: Option<String>,
    /// Names the groups and their rows, and runs nothing.
    #[arg(long, conflicts_with = "once")]
    pub(crate) list: bool,
    /// Runs one case once and writes no report: what a profiler is given.
    #[arg(long, num_args = 2, value_names = ["GROUP", "NAME"])]
    pub(crate) once: Option<Vec<String>>,
    /// Rounds of each case, in place of the usual number.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    rounds: Option<usize>,
    /// Messages in a round, in place of the usual number.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    messages: Option<usize>,
}

impl Args {
    pub(crate) fn effort(&self) -> Effort {
        let usual = match (self.smoke, self.quick) {
            (true, _) => Effort::SMOKE,
            (_, true) => Effort::QUICK,
            _ => Effort::FULL,
        };
        Effort {
            rounds: self.rounds.unwrap_or(usual.rounds),
            messages: self.messages.unwrap_or(usual.messages),
            ..usual
        }
    }

    /// Whether the filter lets `group` through.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| group.contains(part.as_str()))
    }
}

/// A name that stays in its folder, whatever the system.
fn file_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        Ok(name.to_owned())
    } else {
        Err("use letters, digits and -_. , a letter or digit first".to_owned())
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number, 1 or more".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests;
