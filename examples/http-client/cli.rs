//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use aqueduct_examples::duration::parse_positive;
use clap::Parser;

/// Fetch URLs, and tell how long they took.
///
/// Only http:// is spoken. Redirects are not followed: an answer other than 2xx is a failure, as is one that comes
/// after the deadline. Without URLs a server is started on loopback, which answers after 1 to 20 ms.
#[derive(Debug, Parser)]
#[command(name = "http-client", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// What to fetch
    #[arg(value_name = "URL")]
    pub(crate) urls: Vec<String>,

    /// Fetch the URLs of this file, one a line, those after # left out; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How many are fetched at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = positive)]
    pub(crate) limit: usize,

    /// How long each may take, from the connection to the last byte
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_positive)]
    pub(crate) deadline: Duration,

    /// End at the first failure, and cancel the rest [default: fetch all, and tell of all failures]
    #[arg(long)]
    pub(crate) first_error: bool,

    /// How many URLs the server on loopback has
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = positive, conflicts_with_all = ["urls", "file"])]
    pub(crate) requests: usize,

    /// How many of them it does not answer as it should: in turn an error, a connection cut, no answer at all
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["urls", "file"])]
    pub(crate) faults: usize,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("there must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("it is no whole number".to_owned()),
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all were fetched
  1    some were not, each of which is told
  2    a URL is none, a file cannot be read, or the arguments make no sense: nothing was fetched
  130  stopped by Ctrl-C; the figures are of what was fetched until then";
