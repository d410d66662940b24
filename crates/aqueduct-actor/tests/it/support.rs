//! An actor that tests drive from outside, and a census of what is alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_actor::{Actor, Cx, Reply};
use aqueduct_channel::mpsc;
use aqueduct_supervision::exit::Exit;
use tokio::sync::Semaphore;

/// Counts the values that are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<AtomicUsize>);

impl Census {
    pub(crate) fn one(&self) -> Citizen {
        self.0.fetch_add(1, Ordering::Relaxed);
        Citizen(self.0.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(crate) struct Citizen(Arc<AtomicUsize>);

impl Drop for Citizen {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a [`Puppet`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Started,
    Handled(u32),
    Stopped(&'static str),
    Undelivered(u32),
}

pub(crate) enum Msg {
    Note(u32),
    /// Handled once there is a permit.
    Wait(u32, Arc<Semaphore>),
    Ask(u32, Reply<u32, &'static str>),
    Fail(Reply<u32, &'static str>),
    Forget(Reply<u32, &'static str>),
    Keep(Reply<u32, &'static str>),
    /// Whoever asked it is told nothing.
    Panic(#[expect(dead_code)] Option<Reply<u32, &'static str>>),
    /// For `undelivered`, which has no actor to tell.
    Logged(u32, mpsc::UnboundedSender<Did>),
}

impl From<u32> for Msg {
    fn from(n: u32) -> Self {
        Self::Note(n)
    }
}

/// An actor that does what it is told, and tells what it did.
pub(crate) struct Puppet {
    pub(crate) log: mpsc::UnboundedSender<Did>,
    pub(crate) kept: Vec<Reply<u32, &'static str>>,
    pub(crate) _citizen: Citizen,
}

impl Puppet {
    pub(crate) fn new(census: &Census) -> (Self, mpsc::UnboundedReceiver<Did>) {
        let (log, done) = mpsc::unbounded_channel();
        let puppet = Self {
            log,
            kept: Vec::new(),
            _citizen: census.one(),
        };
        (puppet, done)
    }

    fn did(&self, did: Did) {
        let _ = self.log.send(did);
    }
}

impl Actor for Puppet {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, _: &mut Cx<Self>) {
        match message {
            Msg::Note(n) | Msg::Logged(n, _) => self.did(Did::Handled(n)),
            Msg::Wait(n, permits) => {
                permits.acquire().await.unwrap().forget();
                self.did(Did::Handled(n));
            }
            Msg::Ask(n, reply) => {
                self.did(Did::Handled(n));
                reply.send(n);
            }
            Msg::Fail(reply) => reply.fail("no"),
            Msg::Forget(reply) => drop(reply),
            Msg::Keep(reply) => self.kept.push(reply),
            Msg::Panic(_) => panic!("the puppet was told to panic"),
        }
    }

    async fn start(&mut self, _: &mut Cx<Self>) -> Result<(), aqueduct_supervision::exit::Failure> {
        self.did(Did::Started);
        Ok(())
    }

    async fn stop(&mut self, exit: &Exit, _: &mut Cx<Self>) {
        self.did(Did::Stopped(kind(exit)));
    }

    fn undelivered(message: Msg) {
        if let Msg::Logged(n, log) = message {
            let _ = log.send(Did::Undelivered(n));
        }
    }
}

pub(crate) fn kind(exit: &Exit) -> &'static str {
    match exit {
        Exit::Normal => "normal",
        Exit::Shutdown(_) => "shutdown",
        Exit::Failed(_) => "failed",
        Exit::Panicked(_) => "panicked",
        Exit::Killed => "killed",
        _ => "other",
    }
}

/// All that was done until now.
pub(crate) fn log(done: &mut mpsc::UnboundedReceiver<Did>) -> Vec<Did> {
    std::iter::from_fn(|| done.try_recv().ok()).collect()
}

/// Runs a test on a runtime of each kind.
pub(crate) fn on_both_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let builders = [
        tokio::runtime::Builder::new_current_thread(),
        tokio::runtime::Builder::new_multi_thread(),
    ];
    for mut builder in builders {
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test());
    }
}

/// Waits until something is so, five seconds at most.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(60),
            "{what}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}
