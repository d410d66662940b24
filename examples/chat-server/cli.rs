//! The command line.

use std::time::Duration;

use aqueduct_examples::duration::{parse, parse_positive};
use clap::Parser;

use crate::protocol::Limits;
use crate::server::Options;

/// Rooms to talk in, over TCP and in the browser.
///
/// One JSON object a line: try `nc 127.0.0.1 7008`, and type {"op":"hello","name":"ann"}, then
/// {"op":"join","room":"lobby"}, then {"op":"say","room":"lobby","text":"hi"}. Or open the page.
///
/// On SIGINT or SIGTERM the server takes nothing more, delivers what it has taken, says farewell and ends; what has not been
/// read when the grace is over is cut off. A second signal ends the program at once.
#[derive(Debug, Parser)]
#[command(name = "chat-server", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Where to listen for lines of JSON; port 0 takes any that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7008", value_parser = address)]
    pub(crate) listen: String,

    /// Where to serve the page, and WebSockets at /ws [default: nowhere]
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(crate) http: Option<String>,

    /// How many clients are served at once; more wait in line
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = positive)]
    pub(crate) connections_max: usize,

    /// How many lines a client may be behind before it is cut off
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = positive)]
    outbox: usize,

    /// How many rooms there may be
    #[arg(long, value_name = "N", default_value_t = Limits::default().rooms_max, value_parser = positive)]
    rooms_max: usize,

    /// How many members a room may have
    #[arg(long, value_name = "N", default_value_t = Limits::default().members_max, value_parser = positive)]
    members_max: usize,

    /// How long the stop may take
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse)]
    grace: Duration,

    /// In place of serving: drive a server from clients in this process while its rooms fail, and account for every message
    #[arg(long, conflicts_with_all = ["listen", "http", "connections_max", "outbox", "rooms_max", "members_max", "grace"])]
    pub(crate) self_test: bool,

    /// How many clients the self-test has
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "self_test", value_parser = enough_clients)]
    pub(crate) clients: usize,

    /// How many messages they say, all together
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "self_test", value_parser = positive)]
    pub(crate) messages: usize,

    /// Say no more after so long [default: however long it takes]
    #[arg(long, value_name = "TIME", requires = "self_test", value_parser = parse_positive)]
    pub(crate) time_max: Option<Duration>,

    /// Of the moments at which rooms fail
    #[arg(long, value_name = "N", default_value_t = 1, requires = "self_test")]
    pub(crate) seed: u64,
}

impl Args {
    pub(crate) fn options(&self) -> Options {
        Options {
            limits: Limits {
                rooms_max: self.rooms_max,
                members_max: self.members_max,
                ..Limits::default()
            },
            connections_max: self.connections_max,
            outbox_lines: self.outbox,
            grace: self.grace,
            room_restarts: (100, Duration::from_secs(10)),
            faults: None,
        }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("there must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("it is no number".to_owned()),
    }
}

fn enough_clients(text: &str) -> Result<usize, String> {
    match positive(text)? {
        clients if clients < 20 => Err("there must be at least 20, for two rooms".to_owned()),
        clients => Ok(clients),
    }
}

/// That it resolves is found out by listening; what can never work is found here.
fn address(text: &str) -> Result<String, String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("it has no port: try {text}:7008"));
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
  0    told to stop, and all that was taken was delivered (or the self-test passed)
  1    cannot listen, or rooms failed too often (or the self-test failed)
  2    the arguments make no sense
  3    told to stop, and clients had to be cut off when the grace was over
  130  ended at once by a second signal (or the self-test was interrupted)";
