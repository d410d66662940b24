//! Crawls web sites politely, into a database, and goes on where it was stopped.
//!
//! ```text
//!   SIGINT ──▶ group "web-scraper", which drains first, and is cancelled after the grace
//!                ├── group "connections", what hyper runs
//!                └── group "crawl": the first to fail ends the other
//!                      ├── task "frontier": pending URLs of the database into a bounded queue
//!                      └── task "pipeline": a stream from that queue into the database
//!   not below it, and ended when the crawl has: group "made-up site", the server
//! ```
//!
//! Polite: a rate for each host, robots.txt, and who says `Retry-After` is asked after that and not before. What is known
//! to be done is in the database and nowhere else, so that the process may end at any moment, and by any means.
//!
//! # Modules
//!
//! [`crawl`] the stream and its group · [`frontier`] what is next · [`fetch`] one URL · [`page`] its links · [`robots`]
//! what may be asked for · [`store`] the database · [`site`] a site to crawl, made up · [`verify`] what must be found on
//! it · [`figures`] what was found
#![forbid(unsafe_code)]

mod cli;
mod crawl;
mod fetch;
mod figures;
mod frontier;
mod page;
mod resolve;
mod robots;
mod site;
mod store;
mod verify;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_examples::INTERRUPTED;
use aqueduct_examples::format::counted;
use aqueduct_group::{Discard, Spawner, group, tree};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;
use url::Url;

use crate::cli::Args;
use crate::crawl::{Done, Plan};
use crate::fetch::Options;
use crate::figures::Totals;
use crate::frontier::{Hosts, Limits};
use crate::site::Site;
use crate::site::server::Server;
use crate::site::witness::Testimony;
use crate::store::OpenError;
use crate::verify::{Crawled, Extent};

/// What the process says to its caller; clap answers bad usage with 2 by itself.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const BAD_INPUT: u8 = 2;
}

/// What is said last, and what to end with.
type Ended = Result<ExitCode, (u8, String)>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    run(&args).await.unwrap_or_else(|(code, error)| {
        eprintln!("error: {error}");
        ExitCode::from(code)
    })
}

/// Everything, in a group that Ctrl-C drains, and cancels after the grace, or at a second one. To write what is there then
/// the crawl has a grace of its own, of which this one takes none away.
async fn run(args: &Args) -> Ended {
    let app = group()
        .with_name("web-scraper")
        .with_signals()
        .with_drain(args.grace)
        .with_grace(Duration::MAX);
    let job = async |app: Spawner<Discard>| scrape(args, app.scope()).await;
    let (ended, _) = app.run_with(Discard::new(), job).await;
    ended.unwrap_or(Ok(ExitCode::from(INTERRUPTED)))
}

async fn scrape(args: &Args, scope: &CancelScope) -> Ended {
    let (_scratch, db) = database(args)?;
    let site = args
        .urls
        .is_empty()
        .then(|| Site::new(args.seed, args.site_pages));
    let (server, starts, hosts) = match &site {
        None => (None, args.urls.clone(), Hosts::of(&args.urls)),
        Some(site) => {
            let server = Server::start(*site, args.quota()).await;
            let server = server.map_err(|error| failed("cannot serve a site", &error))?;
            let hosts = site.hosts().map(|host| url(&format!("http://{host}/")));
            (Some(server), vec![url(&site.start())], Hosts::of(&hosts))
        }
    };
    let (done, took) = crawled(args, &db, &starts, hosts, server.as_ref()).await?;
    let testimony = match server {
        Some(server) => Some(server.stop().await),
        None => None,
    };
    debug_assert_eq!(tree().task_count(), 0, "{}", tree());
    let totals = Totals::read(&db).map_err(|error| unreadable(&db, &error))?;
    println!("{totals}\n{}", figures::of_run(&done, took));
    let mut code = ExitCode::SUCCESS;
    if let (true, Some(site), Some(testimony)) = (args.verify, site, testimony) {
        code = verified(args, &db, site, &done, testimony, scope)?;
    }
    if scope.is_draining() {
        println!("stopped: the same command goes on from here");
        if code == ExitCode::SUCCESS {
            code = ExitCode::from(INTERRUPTED);
        }
    }
    Ok(code)
}

/// Where to write to, and what removes it at the end, if nobody wants to have it.
fn database(args: &Args) -> Result<(Option<TempDir>, PathBuf), (u8, String)> {
    match &args.db {
        Some(path) => Ok((None, path.clone())),
        None if args.urls.is_empty() => {
            let folder = tempfile::tempdir();
            let folder = folder.map_err(|error| failed("no place for a database", &error))?;
            let path = folder.path().join("web-scraper.db");
            Ok((Some(folder), path))
        }
        None => Ok((None, PathBuf::from("web-scraper.db"))),
    }
}

async fn crawled(
    args: &Args,
    db: &Path,
    starts: &[Url],
    hosts: Hosts,
    server: Option<&Server>,
) -> Result<(Done, Duration), (u8, String)> {
    let from: Vec<String> = starts.iter().map(Url::to_string).collect();
    let writer = store::open(db, &from).map_err(|error| {
        let code = match error {
            OpenError::OtherCrawl(_) => exit::BAD_INPUT,
            OpenError::Sqlite(_) => exit::FAILED,
        };
        (code, format!("{}: {error}", db.display()))
    })?;
    eprintln!(
        "Crawling {}{}, {} at once (Ctrl-C stops)",
        from.join(" "),
        server.map_or("", |_| ", a site that is made up"),
        args.concurrency
    );
    let plan = Plan {
        db: db.to_owned(),
        limits: limits(args),
        urls_max: args.frontier,
        concurrency: args.concurrency,
        fetch: Options {
            hosts,
            quota: args.quota(),
            deadline: args.deadline,
            concurrency: args.concurrency,
            address: server.map(Server::address),
        },
    };
    let bar = bar();
    let start = Instant::now();
    let done = crawl::run(plan, writer, &bar).await;
    bar.finish_and_clear();
    let done = done.map_err(|error| (exit::FAILED, error.to_string()))?;
    Ok((done, start.elapsed()))
}

/// How many pages there will be is not known.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {pos} pages in {elapsed}, {per_sec}");
    let style = style.expect("a template that is one");
    match std::io::stderr().is_terminal() {
        true => ProgressBar::new_spinner().with_style(style),
        false => ProgressBar::hidden(),
    }
}

/// Says whether all is as it should be: in the database, on the server's side, and in memory.
fn verified(
    args: &Args,
    db: &Path,
    site: Site,
    done: &Done,
    testimony: Testimony,
    scope: &CancelScope,
) -> Ended {
    let found = Crawled::read(db).map_err(|error| unreadable(db, &error))?;
    let extent = match scope.is_draining() {
        true => Extent::Partial,
        false => Extent::Whole,
    };
    let mut differences = found.differences(&Crawled::expected(&site, limits(args)), extent);
    if done.urls_most > args.frontier {
        let urls = counted(done.urls_most as u64, "URL", "URLs");
        differences.tell(format!("memory: {urls}, and not {}", args.frontier));
    }
    println!("the server saw {testimony}");
    if !testimony.is_polite() {
        differences.tell("the server: it was not asked politely".to_owned());
    }
    print!("{differences}");
    if !differences.is_empty() {
        println!("verified: it is NOT what is on the site");
        return Ok(ExitCode::from(exit::FAILED));
    }
    match extent {
        Extent::Whole => {
            println!("verified: it is what is on the site, page by page and link by link")
        }
        Extent::Partial => println!("verified: all that is there is on the site"),
    }
    Ok(ExitCode::SUCCESS)
}

fn limits(args: &Args) -> Limits {
    Limits {
        pages: args.pages,
        depth: args.depth,
    }
}

fn url(text: &str) -> Url {
    text.parse().expect("it is made as a URL is")
}

fn failed(what: &str, error: &dyn std::error::Error) -> (u8, String) {
    (exit::FAILED, format!("{what}: {error}"))
}

fn unreadable(db: &Path, error: &dyn std::error::Error) -> (u8, String) {
    failed(&format!("cannot read {}", db.display()), error)
}
