//! A server under test.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, DropGuard};
use aqueduct_group::{Discard, Spawner, TaskHandle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::client::Addresses;
use super::text;
use crate::books::{Books, Entry};
use crate::connection::Hub;
use crate::faults::Faults;
use crate::protocol::Limits;
use crate::server::{Listeners, Options, Served, Server, address, listen};

pub(super) type App = Spawner<Discard>;

#[derive(Debug)]
pub(super) struct Tested {
    pub(super) to: Addresses,
    pub(super) books: Arc<Books>,
    pub(super) hub: Arc<Hub>,
    pub(super) faults: Arc<Faults>,
    journal: UnboundedReceiver<Entry>,
    handle: TaskHandle<Served>,
    scope: CancelScope,
    /// A stage that fails leaves no server behind.
    _guard: DropGuard,
}

pub(super) fn options() -> Options {
    Options {
        limits: Limits::default(),
        connections_max: 10_000,
        outbox_lines: 1024,
        grace: Duration::from_secs(30),
        room_restarts: (1_000_000, Duration::from_secs(1)),
        faults: None,
    }
}

impl Tested {
    pub(super) async fn start(app: &App, mut options: Options) -> Result<Self, String> {
        let tcp = listen("127.0.0.1:0").await.map_err(text)?;
        let http = listen("127.0.0.1:0").await.map_err(text)?;
        let to = Addresses {
            tcp: address(&tcp)?,
            http: address(&http)?,
        };
        let listeners = Listeners {
            tcp,
            http: Some(http),
        };
        let faults = Arc::new(Faults::default());
        options.faults = Some(faults.clone());
        let (sender, journal) = unbounded_channel();
        let books = Arc::new(Books {
            journal: Some(sender),
            ..Books::default()
        });
        let server = Server::start(options, books.clone()).await?;
        let hub = server.hub().clone();
        let scope = app.scope().child().with_name("server");
        let serving = {
            let scope = scope.clone();
            async move { server.serve(listeners, &scope).await }
        };
        let spawned = app.task("server").spawn_with_handle(serving).await;
        Ok(Self {
            to,
            books,
            hub,
            faults,
            journal,
            handle: spawned.map_err(text)?,
            _guard: scope.clone().drop_guard(),
            scope,
        })
    }

    /// Tells it to stop; it does so while others go on.
    pub(super) fn begin_stop(&self) {
        self.scope.cancel_because("the stage is over");
    }

    /// Tells it to stop, and waits until it has, in good order; gives all that was entered into the journal.
    pub(super) async fn stop(mut self) -> Result<Vec<Entry>, String> {
        self.begin_stop();
        let served = self.handle.await.map_err(text)?;
        let cut = self.books.cut_at_stop.value() + served.connections.panicked as u64;
        if cut > 0 || !served.tree.is_clean() || served.failed.is_some() {
            return Err(format!("the server did not stop in good order: {served:?}"));
        }
        if self.books.unaccounted() > 0 {
            return Err(format!("the books do not add up: {:?}", self.books));
        }
        let mut entries = Vec::new();
        while let Ok(entry) = self.journal.try_recv() {
            entries.push(entry);
        }
        Ok(entries)
    }
}
