//! What is looked at, one after the other.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_cancel::{CancelScope, DropGuard};
use aqueduct_examples::duration::shown;
use aqueduct_examples::format::grouped;
use aqueduct_examples::listen::listen;
use aqueduct_group::{AllOk, Discard, Spawner, TaskHandle, group};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Semaphore};
use tokio::time::sleep;

use super::client::{Client, Load, PIECE};
use super::{Outcome, Passed};
use crate::connection::End;
use crate::server::{Log, Options, Served, serve};
use crate::stats::Stats;

pub(super) type App = Spawner<Discard>;

/// A stage that takes longer hangs.
const STAGE_MAX: Duration = Duration::from_secs(120);

/// How many clients connect at the same time: more than wait in the system's queue would try again after a second.
const CONNECTING: usize = 256;

const OPTIONS: Options = Options {
    connections_max: 100,
    idle: Duration::from_secs(60),
    age_max: None,
    grace: Duration::from_secs(60),
    quiet: Duration::from_secs(1),
    log: Log::Silent,
};

/// A server under test.
struct Server {
    address: SocketAddr,
    stats: Arc<Stats>,
    handle: TaskHandle<Served>,
    scope: CancelScope,
    /// A stage that fails leaves no server behind.
    _guard: DropGuard,
}

impl Server {
    async fn start(app: &App, options: Options) -> Result<Self, String> {
        let listener = listen("127.0.0.1:0").await.map_err(text)?;
        let address = listener.local_addr().map_err(text)?;
        let stats = Arc::new(Stats::default());
        let scope = app.scope().child().with_name("server");
        let serving = {
            let (scope, stats) = (scope.clone(), stats.clone());
            async move { serve(listener, options, &scope, &stats).await }
        };
        let spawned = app.task("server").spawn_with_handle(serving).await;
        Ok(Self {
            address,
            stats,
            handle: spawned.map_err(text)?,
            _guard: scope.clone().drop_guard(),
            scope,
        })
    }

    /// Tells it to stop, and waits until it has.
    async fn stop(self) -> Result<Served, String> {
        self.scope.cancel_because("the stage is over");
        self.handle.await.map_err(text)
    }

    /// As [`stop`](Self::stop), once all connections have ended, all well and as they should.
    async fn stop_in_order(self, ended: u64, as_told: End) -> Result<(), String> {
        let stats = self.stats.clone();
        let Served { report } = self.stop().await?;
        expect("connections served", stats.served(), ended)?;
        expect(as_told.told(), stats.ended(as_told), ended)?;
        expect(
            "bytes lost in the server",
            stats.bytes_in() - stats.bytes_out(),
            0,
        )?;
        expect("connections cut off", report.cancelled, 0)?;
        expect("panics", report.panicked, 0)
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

/// Something that must be so.
fn expect<T: PartialEq + fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {found:?}, not {wanted:?}"))
}

/// Runs clients at the same time until all have ended, or one has failed; gives how many bytes came back to them.
async fn clients<F>(numbers: Range<usize>, client: impl Fn(u64) -> F) -> Result<u64, String>
where
    F: Future<Output = io::Result<u64>> + Send + 'static,
{
    let clients = group().with_name("clients").with_timeout(STAGE_MAX);
    let echoed = clients.run(AllOk::new(), async |group| {
        for number in numbers {
            let task = group.task(format!("client {number}"));
            if task.spawn(client(number as u64)).await.is_err() {
                return;
            }
        }
    });
    Ok(echoed.await.map_err(text)?.into_iter().sum())
}

/// Many connections, held until all of a wave are there, and then all at work at once.
pub(super) async fn echo(app: &App, connections: usize, wave: usize) -> Outcome {
    let options = Options {
        connections_max: wave,
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let mut bytes = 0;
    for first in (0..connections).step_by(wave) {
        let numbers = first..connections.min(first + wave);
        let all_here = Arc::new(Barrier::new(numbers.len()));
        bytes += clients(numbers, |number| {
            let (connecting, all_here) = (connecting.clone(), all_here.clone());
            async move {
                let turn = connecting.acquire().await;
                let mut client = Client::connect(address, number).await?;
                drop(turn);
                all_here.wait().await;
                let load = Load {
                    pieces: 1 + number as usize % 15,
                    pause: Duration::ZERO,
                };
                client.exchange(load).await?;
                client.close().await
            }
        })
        .await?;
    }
    server
        .stop_in_order(connections as u64, End::Client)
        .await?;
    expect("bytes sent back", stats.bytes_out(), bytes)?;
    expect("connections at once", stats.alive_peak(), wave as u64)?;
    Ok(Passed {
        connections: stats.served(),
        bytes,
        found: format!(
            "every byte came back, {} at once",
            grouped(stats.alive_peak())
        ),
    })
}

/// More clients than the server takes at once.
pub(super) async fn limit(app: &App) -> Outcome {
    const COUNT: usize = 32;
    const LIMIT: usize = 4;

    let options = Options {
        connections_max: LIMIT,
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let bytes = clients(0..COUNT, |number| async move {
        let client = Client::connect(address, number).await?;
        sleep(Duration::from_millis(5)).await;
        client.close().await
    })
    .await?;
    server.stop_in_order(COUNT as u64, End::Client).await?;
    expect("connections at once", stats.alive_peak(), LIMIT as u64)?;
    Ok(Passed {
        connections: stats.served(),
        bytes,
        found: format!("never more than {LIMIT} at once, none turned away"),
    })
}

/// Clients that say nothing more.
pub(super) async fn idle(app: &App) -> Outcome {
    const COUNT: usize = 20;
    const IDLE: Duration = Duration::from_millis(200);

    let options = Options {
        idle: IDLE,
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let bytes = clients(0..COUNT, |number| async move {
        let client = Client::connect(address, number).await?;
        let since = Instant::now();
        let bytes = client.wait_for_end().await?;
        // The server's time began a little before the client's.
        match since.elapsed() > IDLE / 2 {
            true => Ok(bytes),
            false => Err(io::Error::other("it was closed before its time")),
        }
    })
    .await?;
    server.stop_in_order(COUNT as u64, End::Idle).await?;
    Ok(Passed {
        connections: stats.served(),
        bytes,
        found: format!("closed after {}", shown(IDLE)),
    })
}

/// Clients that stay for longer than they may.
pub(super) async fn age(app: &App) -> Outcome {
    const COUNT: usize = 20;
    const AGE: Duration = Duration::from_millis(200);

    let options = Options {
        age_max: Some(AGE),
        quiet: Duration::from_millis(50),
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let bytes = clients(0..COUNT, |number| async move {
        Client::connect(address, number).await?.wait_for_end().await
    })
    .await?;
    server.stop_in_order(COUNT as u64, End::Age).await?;
    Ok(Passed {
        connections: stats.served(),
        bytes,
        found: format!("closed at the age of {}", shown(AGE)),
    })
}

/// The server stops while half of its clients are in the midst of sending, and half say nothing.
pub(super) async fn drain(app: &App, wave: usize) -> Outcome {
    const TALK: Load = Load {
        pieces: 40,
        pause: Duration::from_millis(5),
    };
    let talking = (wave / 2).clamp(1, 100) as u64;

    let options = Options {
        connections_max: 2 * talking as usize,
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let all_here = Arc::new(Barrier::new(2 * talking as usize + 1));
    let all_clients = clients(0..2 * talking as usize, |number| {
        let all_here = all_here.clone();
        async move {
            let mut client = Client::connect(address, number).await?;
            all_here.wait().await;
            if number < talking {
                client.exchange(TALK).await?;
                return client.close().await;
            }
            client.wait_for_end().await
        }
    });
    let stop = async {
        all_here.wait().await;
        sleep(TALK.pause * 10).await;
        server.stop().await
    };
    let (bytes, Served { report }) = tokio::try_join!(all_clients, stop)?;
    let wanted = PIECE as u64 * (talking * TALK.pieces as u64 + 2 * talking);
    expect("bytes that came back", bytes, wanted)?;
    expect("bytes sent back", stats.bytes_out(), wanted)?;
    expect("closed by their clients", stats.ended(End::Client), talking)?;
    expect("closed by the server", stats.ended(End::Stop), talking)?;
    expect("connections cut off", report.cancelled, 0)?;
    if TcpStream::connect(address).await.is_ok() {
        return Err("somebody listens after the stop".to_owned());
    }
    Ok(Passed {
        connections: stats.served(),
        bytes,
        found: format!("{talking} in the midst of sending lost nothing"),
    })
}

/// A client that does not stop.
pub(super) async fn grace(app: &App) -> Outcome {
    const GRACE: Duration = Duration::from_millis(300);

    let options = Options {
        grace: GRACE,
        ..OPTIONS
    };
    let server = Server::start(app, options).await?;
    let (address, stats) = (server.address, server.stats.clone());
    let client = Client::connect(address, 1).await.map_err(text)?;
    let talk = async {
        let error = client.talk_for_ever().await;
        Ok(error.kind())
    };
    let (_end, Served { report }) = tokio::try_join!(talk, server.stop())?;
    expect("connections cut off", report.cancelled, 1)?;
    let Some(took) = report.aborted_at.zip(report.cancelled_at) else {
        return Err("the server did not stop its connections".to_owned());
    };
    let took = took.0 - took.1;
    if took < GRACE || took > GRACE + Duration::from_secs(5) {
        return Err(format!("it was cut off after {}", shown(took)));
    }
    Ok(Passed {
        connections: stats.served(),
        bytes: stats.bytes_out(),
        found: format!("cut off after {}", shown(GRACE)),
    })
}
