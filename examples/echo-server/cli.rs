//! The command line.

use std::time::Duration;

use aqueduct_examples::duration::{parse, parse_positive};
use clap::Parser;

use crate::server::{Log, Options};

/// Send back to each client what it sends.
///
/// On SIGINT or SIGTERM the server takes no more connections. Those that are there are served until their clients have
/// been quiet for a moment, and at the longest for the grace; what is left then is cut off. A second signal ends the
/// program at once.
#[derive(Debug, Parser)]
#[command(name = "echo-server", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7007", value_parser = address)]
    pub(crate) listen: String,

    /// How many connections are served at once; more wait in line
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    pub(crate) connections_max: usize,

    /// Close a connection on which nothing comes for so long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_positive)]
    idle: Duration,

    /// Let a connection of this age finish what it has, as if the server were told to stop [default: at no age]
    #[arg(long, value_name = "TIME", value_parser = parse_positive)]
    age_max: Option<Duration>,

    /// How long connections may take to finish when the server is told to stop
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse)]
    grace: Duration,

    /// When told to stop: a client from which nothing comes for so long has finished
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = parse)]
    quiet: Duration,

    /// In place of serving: drive a server from clients in this process, over loopback, and check every byte
    #[arg(long, conflicts_with_all = ["listen", "connections_max", "idle", "age_max", "grace", "quiet"])]
    pub(crate) self_test: bool,

    /// How many connections the self-test makes
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "self_test", value_parser = positive)]
    pub(crate) connections: usize,
}

impl Args {
    pub(crate) fn options(&self, log: Log) -> Options {
        Options {
            connections_max: self.connections_max,
            idle: self.idle,
            age_max: self.age_max,
            grace: self.grace,
            quiet: self.quiet,
            log,
        }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("there must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("it is no number of connections".to_owned()),
    }
}

/// That it resolves is found out by listening; what can never work is found here.
fn address(text: &str) -> Result<String, String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("it has no port: try {text}:7007"));
    };
    if host.is_empty() {
        return Err(format!("it has no host: try 127.0.0.1:{port}"));
    }
    match port.parse::<u16>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("'{port}' is no port: 0 to 65535")),
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    told to stop, and all connections ended in good order (or the self-test passed)
  1    cannot listen (or the self-test failed)
  2    the arguments make no sense
  3    told to stop, and connections had to be cut off when the grace was over
  130  ended at once by a second signal (or the self-test was interrupted)";
