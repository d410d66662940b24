//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use aqueduct_backpressure::rate::Quota;
use aqueduct_examples::duration::parse_positive;
use clap::Parser;
use url::Url;

/// Crawl web sites, and write their pages and links into a database.
///
/// Stays on the hosts of the URLs, keeps to their robots.txt and to a rate, and asks again later where it is told to. Only
/// http:// is spoken, not https://. What a database has is not fetched again: name the same one to go on where a run was
/// stopped, however it was. Without URLs a site is made up and served on loopback, with pages that are slow, broken, busy and
/// without end.
#[derive(Debug, Parser)]
#[command(name = "web-scraper", after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Where to begin
    #[arg(value_name = "URL", value_parser = start)]
    pub(crate) urls: Vec<Url>,

    /// The database [default: web-scraper.db; for the site on loopback one that is removed at the end]
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,

    /// How many pages there may be in the database in the end
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) pages: u64,

    /// How many links away from where it begins a page may be
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) depth: u32,

    /// How often a second each host may be asked [default: 2; of the site on loopback 200]
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// How often at once, after a rest [default: 2; of the site on loopback 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) burst: Option<u32>,

    /// How many pages are asked for at once, of all hosts together
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = concurrency)]
    pub(crate) concurrency: usize,

    /// How many URLs wait in memory; the others wait in the database
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = frontier)]
    pub(crate) frontier: usize,

    /// How long a page may take, from the question to its last byte
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_positive)]
    pub(crate) deadline: Duration,

    /// How long pages that were asked for may take after Ctrl-C
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_positive)]
    pub(crate) grace: Duration,

    /// Compare what is in the database with what is on the site on loopback
    #[arg(long, conflicts_with = "urls")]
    pub(crate) verify: bool,

    /// Which site is made up
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "urls")]
    pub(crate) seed: u64,

    /// How many ordinary pages each of its hosts has
    #[arg(long, value_name = "N", default_value_t = 150, conflicts_with = "urls",
          value_parser = clap::value_parser!(u64).range(4..=1_000_000))]
    pub(crate) site_pages: u64,
}

impl Args {
    /// What each host is to be asked at most.
    pub(crate) fn quota(&self) -> Quota {
        let (rate, burst) = match self.urls.is_empty() {
            true => (200.0, 20),
            false => (2.0, 2),
        };
        let interval = Duration::from_secs_f64(1.0 / self.rate.unwrap_or(rate));
        Quota::every(interval).with_burst(self.burst.unwrap_or(burst))
    }
}

fn start(text: &str) -> Result<Url, String> {
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err(format!("it does not say how (http://{text}?)"));
        }
        Err(error) => return Err(error.to_string()),
    };
    url.set_fragment(None);
    match url.scheme() {
        "http" => Ok(url),
        "https" => Err("https is not spoken here, only http".to_owned()),
        // `localhost:8080` is a URL of the scheme `localhost`.
        other => Err(format!("{other}: is not spoken here, only http://")),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(rate),
        Ok(_) => Err("it must be between 0.001 and 100000".to_owned()),
        Err(_) => Err("it is no number".to_owned()),
    }
}

fn concurrency(text: &str) -> Result<usize, String> {
    within(text, 1, 10_000)
}

fn frontier(text: &str) -> Result<usize, String> {
    within(text, 2, 10_000_000)
}

fn within(text: &str, min: usize, max: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        Ok(_) => Err(format!("it must be between {min} and {max}")),
        Err(_) => Err("it is no whole number".to_owned()),
    }
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all was crawled that the limits allow; with --verify, it is what is on the site
  1    it was not possible, or --verify found a difference
  2    the arguments make no sense, or the database is of another crawl: nothing was fetched
  130  stopped by Ctrl-C; the same command goes on from there";
