//! Many clients in many rooms, all of which fail at random; and an account of every message.
//!
//! What is known of a message comes from two sides that know nothing of each other. Clients know what they said, what they
//! were answered, and which numbers they have got of each room. The server's journal has who was a member from when to when, and
//! which messages a room failed on. From that it follows what each client must have got, and it is compared, one by one:
//!
//! - Who was not cut off has got all that was said from its joining to its leaving, but for what a room failed on.
//! - Who was cut off has got the same up to some message, and nothing behind it.
//! - What one client said arrives in the order in which it said it, at everyone.
//!
//! Clients have few messages unanswered at a time, so that all they can be behind is less than the server's patience: only
//! those that do not read are cut off.

mod account;
mod member;
mod memory;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use aqueduct_cancel::CancelScope;
use aqueduct_group::{AllOk, group};
use aqueduct_supervision::watch::Linkable;
use aqueduct_supervision::{Exit, Monitor};
use fastrand::Rng;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use self::account::Account;
use self::member::Member;
use self::memory::Memory;
use super::client::{Addresses, Via};
use super::server::{App, Tested, options};
use super::{expect, text};
use crate::directory::DirectoryMsg;
use crate::room::RoomRef;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) clients: usize,
    pub(super) messages: usize,
    pub(super) time_max: Option<Duration>,
    pub(super) seed: u64,
}

/// About so many members have a room.
const MEMBERS: usize = 10;

/// Each so many clients speak WebSocket; each so many do not read.
const WEB_SOCKET_EACH: usize = 10;
const SLOW_EACH: usize = 100;

/// How many clients connect at the same time.
const CONNECTING: usize = 64;

/// Between two failures, on average.
const FAILURES_EACH: Duration = Duration::from_millis(20);

/// How it went.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) account: Account,
    pub(super) memory: Memory,
    pub(super) lasted: Duration,
    pub(super) killed: u64,
    pub(super) fuses: u64,
    pub(super) restarts: u64,
    pub(super) clients: usize,
    pub(super) web_sockets: usize,
    pub(super) slow: usize,
    pub(super) rooms: usize,
}

/// What all clients share.
#[derive(Debug)]
pub(super) struct Common {
    to: Addresses,
    connecting: Semaphore,
    /// Messages that are still to be said.
    left: AtomicUsize,
    said: AtomicU64,
    /// Nobody shall say any more.
    is_over: AtomicBool,
    /// Clients that still wait for an answer to what they said.
    talking: AtomicUsize,
    /// Clients that are not in all their rooms yet.
    joining: AtomicUsize,
    all_joined: CancelScope,
    /// Nothing fails any more, and nothing is said.
    quiet: CancelScope,
}

pub(super) async fn run(app: &App, plan: Plan) -> Result<Done, String> {
    let server = Tested::start(app, options()).await?;
    let rooms = (plan.clients / MEMBERS).max(1);
    let slow = (plan.clients / SLOW_EACH).max(1);
    let common = Arc::new(Common {
        to: server.to,
        connecting: Semaphore::new(CONNECTING),
        left: AtomicUsize::new(plan.messages),
        said: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        talking: AtomicUsize::new(plan.clients),
        joining: AtomicUsize::new(plan.clients),
        all_joined: CancelScope::new(),
        quiet: CancelScope::new(),
    });
    let clients = group().with_name("clients");
    let tallies = clients.run(AllOk::new(), async |group| {
        for number in 0..plan.clients {
            let member = member(number, plan.clients, rooms, slow);
            let task = group.task(format!("client {number}"));
            if task.spawn(member.run(common.clone())).await.is_err() {
                return;
            }
        }
    });
    let fail = async {
        let _ = common.all_joined.cancelled().await;
        let failed = failures(&server, &common, plan).await;
        common.quiet.cancel_because("all is said");
        failed
    };
    let (tallies, failed) = tokio::join!(tallies, fail);
    let (tallies, failed) = (tallies.map_err(text)?, failed?);
    let (books, said) = (server.books.clone(), common.said.load(Relaxed));
    let journal = server.stop().await?;
    let account = Account::draw(said, &tallies, &journal, &books)?;
    failed.memory.check()?;
    // Each end of an incarnation is followed by a start, and by one only.
    let restarts = books.rooms_restarted.value();
    expect("restarts", restarts, failed.killed + account.failed_on)?;
    Ok(Done {
        account,
        memory: failed.memory,
        lasted: failed.lasted,
        killed: failed.killed,
        fuses: failed.fuses,
        restarts,
        clients: plan.clients,
        web_sockets: plan.clients.div_ceil(WEB_SOCKET_EACH),
        slow,
        rooms,
    })
}

/// The slow ones are the last.
fn member(number: usize, clients: usize, rooms: usize, slow: usize) -> Member {
    let via = match number % WEB_SOCKET_EACH {
        0 => Via::WebSocket,
        _ => Via::Tcp,
    };
    Member {
        number,
        via,
        room: format!("room{}", number % rooms),
        reads: number < clients - slow,
    }
}

#[derive(Debug)]
struct Failed {
    killed: u64,
    fuses: u64,
    lasted: Duration,
    memory: Memory,
}

/// Has rooms fail until all is said and answered; watches the memory meanwhile.
async fn failures(server: &Tested, common: &Common, plan: Plan) -> Result<Failed, String> {
    let rooms = server.hub.directory.ask(DirectoryMsg::RoomRefs).await;
    let rooms: Vec<RoomRef> = rooms.map_err(text)?;
    let mut random = Rng::with_seed(plan.seed);
    let since = Instant::now();
    let mut failed = Failed {
        killed: 0,
        fuses: 0,
        lasted: Duration::ZERO,
        memory: Memory::new(),
    };
    let mut killed = Vec::new();
    let mut stuck = Stuck::default();
    while common.talking.load(Relaxed) > 0 {
        let pause = FAILURES_EACH.mul_f64(2.0 * random.f64());
        sleep(pause).await;
        let room = &rooms[random.usize(..rooms.len())];
        if random.bool() {
            let watch = room.watch();
            // Between two incarnations there is nothing to kill.
            if watch.is_alive() {
                killed.push(watch.monitor());
                room.kill();
            }
        } else if let Some(name) = room
            .name()
            .and_then(|name| crate::protocol::Name::new(name).ok())
        {
            let fuse = server.faults.of(&name);
            fuse.light(random.u32(1..=2 * MEMBERS as u32));
            failed.fuses += 1;
        }
        let time = plan.time_max.unwrap_or(Duration::MAX);
        if since.elapsed() >= time {
            common.is_over.store(true, Relaxed);
        }
        let said = 1.0 - common.left.load(Relaxed) as f64 / plan.messages as f64;
        let part = said.max(since.elapsed().as_secs_f64() / time.as_secs_f64());
        failed.memory.note(part);
        stuck.look(common)?;
    }
    failed.lasted = since.elapsed();
    failed.killed = ended_by_kills(killed).await?;
    Ok(failed)
}

/// How many incarnations were ended by kills. Each that was watched has ended by now, or does soon; one that had failed just
/// before was not there to be killed.
async fn ended_by_kills(watched: Vec<Monitor>) -> Result<u64, String> {
    let mut killed = HashSet::new();
    for down in watched {
        let down = timeout(STUCK, down).await;
        let down = down.map_err(|_| "a room that was killed did not end")?;
        if matches!(down.exit, Exit::Killed) {
            killed.insert(down.id);
        }
    }
    Ok(killed.len() as u64)
}

/// Notices that nothing moves: a message was neither said on nor refused, and its sender waits for ever.
#[derive(Debug, Default)]
struct Stuck {
    last: HashMap<&'static str, u64>,
    since: Option<Instant>,
}

const STUCK: Duration = Duration::from_secs(30);

impl Stuck {
    fn look(&mut self, common: &Common) -> Result<(), String> {
        let now = HashMap::from([
            ("said", common.said.load(Relaxed)),
            ("talking", common.talking.load(Relaxed) as u64),
        ]);
        if self.last != now {
            self.last = now;
            self.since = None;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() > STUCK {
            return Err(format!(
                "nothing was said for {STUCK:?}, and clients wait for answers: {:?}",
                self.last
            ));
        }
        Ok(())
    }
}
