//! All that outlives the children: desks, channels, the sum, and what is counted of the run itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aqueduct_cancel::CancelScope;
use aqueduct_channel::mpmc;
use aqueduct_group::{Collect, Panics, TaskEnd, group};
use aqueduct_supervision::ChildRef;

use crate::book::Overdue;
use crate::desk::{Desk, Lease, Open};
use crate::faults::{Faults, Key, Stage};
use crate::input::Roots;
use crate::sum::{Counted, Sum};
use crate::walk::{Found, meet};

/// What the children have in common. Each incarnation finds it as the one before has left it.
///
/// All channels are `mpmc`, also those that one child at a time takes from: the receiver of an `mpsc` is one value, which
/// would have to be given back by who died with it.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) roots: Roots,
    pub(crate) faults: Faults,
    pub(crate) open: Arc<Open>,
    /// The walker fills this one and empties it, so that it has no bound: it would wait for itself.
    pub(crate) directories: Arc<Desk<Directory>>,
    pub(crate) batches: Arc<Desk<Batch>>,
    pub(crate) to_read: Lane<Lease<Batch>>,
    pub(crate) to_sum: Lane<Counted>,
    pub(crate) sum: Mutex<Sum>,
    starts: [AtomicU64; 3],
}

/// Both ends of a channel, of which neither ever goes with a child.
pub(crate) type Lane<T> = (mpmc::Sender<T>, mpmc::Receiver<T>);

/// A directory to be listed.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) path: PathBuf,
    pub(crate) key: Key,
}

/// Entries of a directory to be counted.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) entries: Vec<Found>,
    pub(crate) key: Key,
}

/// Batches, and their counts, that may wait: enough to keep the next stage busy while one is started again.
const WAITING: usize = 64;

impl Shop {
    /// With all that is to be done lying at the desks: the roots.
    pub(crate) fn open(roots: Roots, faults: Faults, handings_max: u32) -> Self {
        let open = Arc::new(Open::default());
        let shop = Self {
            directories: Desk::new(handings_max, open.clone()),
            batches: Desk::new(handings_max, open.clone()),
            to_read: mpmc::channel(WAITING),
            to_sum: mpmc::channel(WAITING),
            sum: Mutex::default(),
            starts: Default::default(),
            open,
            roots,
            faults,
        };
        for (number, root) in shop.roots.paths.difference(&shop.roots.own).enumerate() {
            let key = Key::root(number);
            let mut directories = Vec::new();
            if let Some(found) = meet(root, &mut directories) {
                let entries = vec![found];
                shop.batches.put(shop.batches.add(Batch { entries, key }));
            }
            for path in directories {
                shop.directories
                    .put(shop.directories.add(Directory { path, key }));
            }
        }
        shop
    }

    /// The next directory to be listed; none when all is done.
    pub(crate) async fn next_directory(&self) -> Option<Lease<Directory>> {
        tokio::select! {
            biased;
            () = self.open.none() => None,
            lease = self.directories.returns().recv() => lease,
        }
    }

    /// The next batch to be counted, at first of those that somebody has died of; none when all is done.
    pub(crate) async fn next_batch(&self) -> Option<Lease<Batch>> {
        tokio::select! {
            biased;
            () = self.open.none() => None,
            lease = self.batches.returns().recv() => lease,
            lease = self.to_read.1.recv() => lease,
        }
    }

    /// The next counts to be added up; none when all is done.
    pub(crate) async fn next_counted(&self) -> Option<Counted> {
        tokio::select! {
            biased;
            () = self.open.none() => None,
            counted = self.to_sum.1.recv() => counted,
        }
    }

    /// Who has had something in hand for too long.
    pub(crate) fn overdue(&self, patience: Duration) -> Vec<Overdue<ChildRef>> {
        let mut overdue = self.directories.overdue(patience);
        overdue.extend(self.batches.overdue(patience));
        overdue
    }

    /// An incarnation of a stage begins.
    pub(crate) fn note_start(&self, stage: Stage) {
        self.starts[stage as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many incarnations of a stage there were.
    pub(crate) fn starts(&self, stage: Stage) -> u64 {
        self.starts[stage as usize].load(Ordering::Relaxed)
    }

    /// When no child is left: what is still in channels is dropped, and not handed out any more.
    pub(crate) fn close(&self) {
        self.directories.close();
        self.batches.close();
        while self.to_read.1.try_recv().is_ok() {}
        while self.to_sum.1.try_recv().is_ok() {}
    }
}

/// Does what blocks on a thread, and waits for it. Its panic goes on in who waits.
///
/// Nothing stops a thread: when this is dropped, it goes on, and nobody hears what comes of it. So `work` has an eye on a
/// scope that its owner cancels.
pub(crate) async fn on_thread<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = group()
        .with_name(name)
        .with_scope(&CancelScope::new())
        .with_panics(Panics::Resume)
        .open(Collect::new());
    let _ = thread.unnamed().spawn_blocking(work).await;
    let end = thread.join().await.pop();
    end.and_then(TaskEnd::returned)
        .expect("nobody cancels it, and its panic goes on")
}

/// Its first entry, and how many more.
impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entries.first() {
            Some(Found::File(path, _)) => write!(f, "{}", path.display())?,
            _ => f.write_str("what is no file")?,
        }
        match self.entries.len() {
            0 | 1 => Ok(()),
            more => write!(f, " and {} more", more - 1),
        }
    }
}
