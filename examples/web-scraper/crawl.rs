//! The crawl: a stream, in a group.
//!
//! ```text
//!   frontier ─▶ queue ─▶ take_until_draining ─▶ par_map_unordered: turn, fetch, parse ─▶ checkpoint: SQLite ─▶ settled
//!      ▲                                                                                                         │
//!      └──────────────────────────── a depth is done when all of it is settled ──────────────────────────────────┘
//! ```
//!
//! # How it ends
//!
//! | | |
//! |---|---|
//! | all is done | the frontier drops its end of the queue, and the stream ends |
//! | Ctrl-C | the scope drains: nothing more is begun, what was begun has the grace, and is written |
//! | the grace is over | the scope is cancelled: what is still being fetched is dropped, and stays pending |
//! | the writer fails | the stream ends with its error, which is the group's, and cancels the frontier |
//! | a second Ctrl-C | cancels at once, as the end of the grace does |
//! | a third, SIGKILL | at any moment: the database is whole, and what was not written stays pending |

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_channel::mpsc;
use aqueduct_group::{AllOk, Discard, GroupError, Spawner, group};
use aqueduct_stream::receive;
use aqueduct_stream::write::sqlite::SqliteWriter;
use indicatif::ProgressBar;
use tokio::sync::watch;

use crate::fetch::{Fetcher, Options};
use crate::frontier::{Frontier, Job, Limits, Most, Reader, shares};
use crate::store::Record;

/// Pages that may wait to be written.
const WRITING_MAX: usize = 256;

/// After the grace, how long what was fetched may take to be written.
const WRITE_GRACE: Duration = Duration::from_secs(10);

/// What to crawl, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) db: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) urls_max: usize,
    pub(crate) concurrency: usize,
    pub(crate) fetch: Options,
}

/// What this run has done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) pages: u64,
    pub(crate) retries: u64,
    /// How many URLs were in memory at most.
    pub(crate) urls_most: usize,
}

/// Why a crawl ended that was to go on.
#[derive(Debug)]
pub(crate) struct Failed(String);

impl Failed {
    pub(crate) fn new(what: &str, why: &dyn fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

/// Crawls until all within the limits is written, or the group around is asked to end.
pub(crate) async fn run(
    plan: Plan,
    writer: SqliteWriter<Record>,
    bar: &ProgressBar,
) -> Result<Done, Failed> {
    let connections = group().with_name("connections").open(Discard::new());
    let crawled = crawl(plan, writer, connections.spawner(), bar).await;
    // Idle connections wait for more requests. Nobody has any.
    let _ = connections.shutdown().await;
    crawled
}

async fn crawl(
    plan: Plan,
    writer: SqliteWriter<Record>,
    connections: Spawner<Discard>,
    bar: &ProgressBar,
) -> Result<Done, Failed> {
    let reader = Reader::open(&plan.db).map_err(|error| Failed::new(READ, &error))?;
    let most = Arc::new(Most::default());
    let written = Arc::new(AtomicU64::new(0));
    let (read_max, queue_max) = shares(plan.urls_max);
    // In it, what was fetched is written: it does not end with the scope, but when its tasks have.
    let tasks = group().with_name("crawl").with_grace(WRITE_GRACE);
    let crawled = tasks.run_with(AllOk::<(), Failed>::new(), async |tasks| {
        // The group's own scope, which a task that fails cancels.
        let scope = tasks.scope();
        let fetcher = Arc::new(Fetcher::new(plan.fetch, connections, scope));
        let (jobs_sender, jobs) = mpsc::channel(queue_max);
        let (settled_sender, settled) = watch::channel(0);
        let frontier = Frontier::new(
            reader,
            Arc::clone(&fetcher),
            plan.limits,
            read_max,
            Arc::clone(&most),
        );
        let frontier = frontier.run(jobs_sender, settled, scope.clone());
        let frontier = async { frontier.await.map_err(|error| Failed::new(READ, &error)) };
        let pipeline = Pipeline {
            fetcher: Arc::clone(&fetcher),
            settled: Arc::new(settled_sender),
            written: Arc::clone(&written),
            bar: bar.clone(),
            concurrency: plan.concurrency,
        };
        let pipeline = pipeline.run(jobs, writer, scope.clone());
        // In a group that was cancelled by now they are not spawned, and there is nothing to do.
        let _ = tasks.task("frontier").spawn(frontier).await;
        let _ = tasks.task("pipeline").spawn(pipeline).await;
        fetcher.retries_counter()
    });
    let (retries, ended) = crawled.await;
    let done = Done {
        pages: written.load(Ordering::Relaxed),
        retries: retries.map_or(0, |retries| retries.load(Ordering::Relaxed)),
        urls_most: most.get(),
    };
    match ended {
        Ok(_) | Err(GroupError::Cancelled(_)) => Ok(done),
        Err(error) => {
            let told = error.to_string();
            Err(error.into_first_error().unwrap_or(Failed(told)))
        }
    }
}

const READ: &str = "cannot read the database";

/// The stream, and what it tells of.
struct Pipeline {
    fetcher: Arc<Fetcher>,
    settled: Arc<watch::Sender<u64>>,
    written: Arc<AtomicU64>,
    bar: ProgressBar,
    concurrency: usize,
}

impl Pipeline {
    async fn run(
        self,
        jobs: mpsc::Receiver<Job>,
        writer: SqliteWriter<Record>,
        scope: CancelScope,
    ) -> Result<(), Failed> {
        let Self {
            fetcher, settled, ..
        } = self;
        let one_more = Arc::clone(&settled);
        receive(jobs)
            .take_until_draining(&scope)
            .par_map_unordered(self.concurrency, move |job| {
                let fetcher = Arc::clone(&fetcher);
                async move { fetcher.fetch(job).await }
            })
            // What stays pending is settled as well: nobody waits for it in this run.
            .inspect(move |record| {
                if record.is_none() {
                    one_more.send_modify(|settled| *settled += 1);
                }
            })
            .filter_map(|record| record)
            .checkpoint(writer, WRITING_MAX)
            .try_for_each(|record| {
                if let Record::Page(_) = record {
                    self.written.fetch_add(1, Ordering::Relaxed);
                    self.bar.inc(1);
                }
                settled.send_modify(|settled| *settled += 1);
                Ok(())
            })
            .await
            .map_err(|error| Failed::new("cannot write into the database", &error.source))
    }
}
