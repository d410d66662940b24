//! The pipeline as a tree.
//!
//! ```text
//!   supervised-pipeline    one_for_one, ends when the tally has
//!   ├─ herald              tells events
//!   ├─ watchdog            ends who has something in hand for too long
//!   ├─ tally               significant
//!   ├─ readers             one_for_one, an intensity of their own
//!   │  ├─ reader 1
//!   │  └─ reader 2 …
//!   └─ walker
//! ```
//!
//! # Strategies
//!
//! *one_for_one*, since no child needs another: what they have in common, the [`Shop`], is outside. With channels that a
//! child makes, and its neighbours have the other ends of, it would have to be `one_for_all`, or `rest_for_one` with the maker
//! first; and each death would cost what all others had in hand.
//!
//! # Order
//!
//! Who takes comes before who gives: what a stage gives to is there when it starts. And at the end, which comes in the reverse
//! order, who gives stops first, so that what it gave last is still taken: after Ctrl-C all that was read is in the sum.
//!
//! # How a child is stopped
//!
//! | | | |
//! |---|---|---|
//! | walker | `Brutal` | it loses nothing by it: what it has not committed nobody has heard of |
//! | readers | `Within` | they count to its end what they have in hand |
//! | tally | `Within` | it adds up what was counted |
//!
//! # How it ends
//!
//! Stages return when no item is open. They are transient, so they are not started again then; the tally is significant, so
//! the supervisor stops the others and ends. If a stage dies too often it ends as well, with items open.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Backoff, Jitter};
use aqueduct_supervision::{
    AutoShutdown, ChildContext, ChildSpec, Exit, Failure, Shutdown, Supervisor, SupervisorSpec,
};

use crate::faults::{Faults, Stage, Struck};
use crate::herald::{self, Events};
use crate::input::Roots;
use crate::shop::Shop;
use crate::tally::Counts;
use crate::{reader, sum, walker, watchdog};

/// How to run it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) readers: NonZeroUsize,
    /// How long somebody may have an item in hand, the first time that it is handed out.
    pub(crate) patience: Duration,
    /// How long readers and tally may take to stop.
    pub(crate) grace: Duration,
    /// How many times an item is handed out.
    pub(crate) handings_max: u32,
    /// How many restarts within [`PERIOD`] are normal; by the rate of faults without it.
    pub(crate) restarts_max: Option<u32>,
    pub(crate) events: Events,
}

impl Options {
    /// How many children have items in hand: walker, readers and tally.
    pub(crate) fn stages(self) -> u64 {
        self.readers.get() as u64 + 2
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    pub(crate) exit: Exit,
    pub(crate) restarts: Restarts,
    pub(crate) struck: Struck,
    pub(crate) items: usize,
    /// How many times an item was handed out that had been before.
    pub(crate) again: u64,
    /// How many times a batch came to the sum that was in it.
    pub(crate) twice: u64,
    /// Items that are not in the counts: they are not done.
    pub(crate) open: usize,
    /// The same: everybody who had them died.
    pub(crate) given_up: Vec<String>,
    pub(crate) elapsed: Duration,
}

/// How many times a stage was started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Restarts {
    pub(crate) walker: u64,
    pub(crate) readers: u64,
    pub(crate) tally: u64,
}

impl Outcome {
    /// Whether all that was found is counted.
    pub(crate) fn is_whole(&self) -> bool {
        self.exit.is_orderly() && self.open == 0 && self.given_up.is_empty()
    }
}

impl Restarts {
    pub(crate) fn sum(self) -> u64 {
        self.walker + self.readers + self.tally
    }
}

/// Counts everything below `roots`, until done or told to stop.
pub(crate) async fn run(
    roots: Roots,
    faults: Faults,
    options: Options,
    scope: &CancelScope,
) -> Outcome {
    let start = Instant::now();
    let shop = Arc::new(Shop::open(roots, faults, options.handings_max));
    let exit = tree(&shop, options).run(scope).await;
    shop.close();
    outcome(&shop, options, exit, start.elapsed())
}

/// A restart counts for so long.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);

/// From one restart of a child to the next. One machine, and nobody to keep out of step with: no jitter, and short.
const BACKOFF_FIRST: Duration = Duration::from_millis(1);
const BACKOFF_CAP: Duration = Duration::from_millis(8);

/// Without faults on purpose each is a bug: so many in a period are borne.
const RESTARTS_OF_BUGS: u32 = 3;

/// How many restarts of so many children are normal in a period.
///
/// With faults on purpose: as many as the back-off lets through, were each incarnation to die at once. Fewer would end
/// a run for no more than an unlucky second. That an item kills whoever has it, which no intensity tells from bad luck,
/// is the book's to find out.
fn restarts_max(options: Options, faults: &Faults, children: usize) -> u32 {
    let by_rate = || match faults.rate() > 0.0 {
        true => (PERIOD.as_millis() / BACKOFF_FIRST.as_millis()) as u32 * children as u32,
        false => RESTARTS_OF_BUGS,
    };
    options.restarts_max.unwrap_or_else(by_rate)
}

fn tree(shop: &Arc<Shop>, options: Options) -> SupervisorSpec {
    let Options {
        patience,
        grace,
        events,
        ..
    } = options;
    let herald = ChildSpec::acknowledged("herald", move |cx| herald::run(cx, events));
    let watched = shop.clone();
    let watchdog = ChildSpec::worker("watchdog", move |cx| {
        watchdog::run(cx, watched.clone(), patience)
    });
    let tally = stage("tally".to_owned(), Stage::Tally, shop, sum::run)
        .with_shutdown(Shutdown::Within(grace))
        .significant();
    let walker = stage("walker".to_owned(), Stage::Walker, shop, walker::run)
        .with_shutdown(Shutdown::Brutal);
    // Two stages, and the readers' supervisor.
    let restarts = restarts_max(options, &shop.faults, 3);
    Supervisor::one_for_one()
        .with_name("supervised-pipeline")
        .with_intensity(restarts, PERIOD)
        .with_auto_shutdown(AutoShutdown::Any)
        .with_child(herald)
        .with_child(watchdog)
        .with_child(tally)
        .with_child(ChildSpec::supervisor("readers", readers(shop, options)))
        .with_child(walker)
}

fn readers(shop: &Arc<Shop>, options: Options) -> SupervisorSpec {
    let restarts = restarts_max(options, &shop.faults, options.readers.get());
    let mut readers = Supervisor::one_for_one().with_intensity(restarts, PERIOD);
    for number in 1..=options.readers.get() {
        let id = format!("reader {number}");
        let reader = stage(id, Stage::Reader, shop, reader::run)
            .with_shutdown(Shutdown::Within(options.grace));
        readers = readers.with_child(reader);
    }
    readers
}

/// A child that does the work of a stage until there is none left.
fn stage<Fut>(
    id: String,
    stage: Stage,
    shop: &Arc<Shop>,
    work: impl Fn(ChildContext, Arc<Shop>) -> Fut + Send + 'static,
) -> ChildSpec
where
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let shop = shop.clone();
    let start = move |cx| {
        shop.note_start(stage);
        work(cx, shop.clone())
    };
    ChildSpec::worker(id, start).transient().with_backoff(
        Backoff::exponential(BACKOFF_FIRST)
            .with_cap(BACKOFF_CAP)
            .with_jitter(Jitter::None),
    )
}

fn outcome(shop: &Shop, options: Options, exit: Exit, elapsed: Duration) -> Outcome {
    let (directories, batches) = (shop.directories.book(), shop.batches.book());
    let given_up = directories
        .given_up()
        .map(|directory| directory.path.display().to_string());
    let given_up = given_up.chain(batches.given_up().map(|batch| batch.to_string()));
    let mut sum = shop.sum.lock().expect("no child is left");
    // None may have been started at all: it was stopped before.
    let restarts = |stage, children: usize| shop.starts(stage).saturating_sub(children as u64);
    Outcome {
        exit,
        restarts: Restarts {
            walker: restarts(Stage::Walker, 1),
            readers: restarts(Stage::Reader, options.readers.get()),
            tally: restarts(Stage::Tally, 1),
        },
        struck: shop.faults.struck(),
        items: directories.len() + batches.len(),
        again: directories.again() + batches.again(),
        twice: sum.twice,
        open: directories.open() + batches.open(),
        given_up: given_up.collect(),
        counts: std::mem::take(&mut sum.counts),
        elapsed,
    }
}
