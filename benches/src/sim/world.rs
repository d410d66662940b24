//! A run: clients with limiters before a service, event after event. Nobody sleeps; the clock is a number.
//!
//! Requests arrive as they please (open load, Poisson), whatever becomes of those before them. Each asks its client's own
//! limiter, the one that ships, and is rejected or sent. A client that has waited for the deadline gives up, says so to its
//! limiter, and forgets the request; the service does not know, and works on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use aqueduct_backpressure::limit::{Limiter, Permit};
use tokio::time::Instant;

use crate::rng::Rng;
use crate::service::{Id, Service, Shape, Time};

/// What happens in a run.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) shape: Shape,
    pub(crate) length: Time,
    /// From when on the load is this many times the capacity that the shape has at the beginning.
    pub(crate) loads: Vec<(Time, f64)>,
    /// From when on the service has this many workers.
    pub(crate) widths: Vec<(Time, usize)>,
    /// From when on what comes in takes this many times as long.
    pub(crate) slownesses: Vec<(Time, f64)>,
    /// From when on each client sends; all from the beginning on if nothing is said.
    pub(crate) starts: Vec<Time>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Rejected,
    /// The response came in time.
    Good,
    /// The client gave up.
    Late,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// When its fate was decided.
    pub(crate) at: Time,
    /// How long it took; for a late one, how long its client waited.
    pub(crate) latency: Time,
    pub(crate) client: usize,
    pub(crate) fate: Fate,
}

/// What a run leaves.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) requests: Vec<Request>,
    /// The limits of all clients together, so far apart in time.
    pub(crate) limits: Vec<usize>,
    pub(crate) sample: Time,
}

/// A tenth of a second, as long as a second lasts there.
const SAMPLE: Time = 0.1;

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrival,
    /// The service has a response, if nothing has come in since this number.
    Response(u64),
    GiveUp(Id),
    Load(f64),
    Width(usize),
    Slowness(f64),
    Sample,
}

#[derive(Clone, Copy, Debug)]
struct At(Time, u64, Event);

impl PartialEq for At {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for At {}

impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for At {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

struct World<'a> {
    limiters: &'a [Limiter],
    scenario: &'a Scenario,
    epoch: Instant,
    service: Service,
    rng: Rng,
    rate: f64,
    /// Goes up when the service changes, so that a response that was foreseen before is no longer.
    changes: u64,
    events: BinaryHeap<Reverse<At>>,
    order: u64,
    sent: Vec<Sent<'a>>,
    trace: Trace,
}

struct Sent<'a> {
    at: Time,
    client: usize,
    /// None once its client has its response, or has given up.
    permit: Option<Permit<'a>>,
}

impl Scenario {
    /// One load, and nothing else happens.
    pub(crate) fn steady(shape: Shape, length: Time, load: f64) -> Self {
        Self {
            shape,
            length,
            loads: vec![(0.0, load)],
            widths: Vec::new(),
            slownesses: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// Runs it with a client for each limiter.
    pub(crate) fn run(&self, limiters: &[Limiter], epoch: Instant, seed: u64) -> Trace {
        let mut world = World {
            limiters,
            scenario: self,
            epoch,
            service: self.shape.open(),
            rng: Rng::new(seed),
            rate: 0.0,
            changes: 0,
            events: BinaryHeap::new(),
            order: 0,
            sent: Vec::new(),
            trace: Trace {
                sample: SAMPLE * self.shape.pace,
                ..Trace::default()
            },
        };
        for (at, load) in &self.loads {
            world.push(*at, Event::Load(*load));
        }
        for (at, width) in &self.widths {
            world.push(*at, Event::Width(*width));
        }
        for (at, times) in &self.slownesses {
            world.push(*at, Event::Slowness(*times));
        }
        world.push(0.0, Event::Sample);
        // After the first load.
        world.push(0.0, Event::Arrival);
        world.run();
        world.trace
    }
}

impl World<'_> {
    fn push(&mut self, at: Time, event: Event) {
        self.order += 1;
        self.events.push(Reverse(At(at, self.order, event)));
    }

    fn run(&mut self) {
        while let Some(Reverse(At(now, _, event))) = self.events.pop() {
            if now >= self.scenario.length {
                return;
            }
            match event {
                Event::Arrival => self.arrive(now),
                Event::Response(changes) if changes == self.changes => self.respond(now),
                Event::Response(_) => {}
                Event::GiveUp(id) => self.give_up(now, id),
                Event::Load(load) => self.rate = load * self.scenario.shape.capacity(),
                Event::Width(width) => {
                    self.service.set_width(now, width);
                    self.foresee();
                }
                Event::Slowness(times) => self.service.set_slowness(times),
                Event::Sample => {
                    let limits = self.limiters.iter().map(Limiter::limit).sum();
                    self.trace.limits.push(limits);
                    self.push(now + self.trace.sample, Event::Sample);
                }
            }
        }
    }

    fn instant(&self, now: Time) -> Instant {
        self.epoch + Duration::from_secs_f64(now)
    }

    fn arrive(&mut self, now: Time) {
        let next = now + self.rng.exponential() / self.rate;
        self.push(next, Event::Arrival);
        let client = self.rng.below(self.limiters.len());
        if self.scenario.starts.get(client).is_some_and(|at| now < *at) {
            return;
        }
        let limiters = self.limiters;
        match limiters[client].try_acquire_at(self.instant(now)) {
            Err(_) => self.decide(now, 0.0, client, Fate::Rejected),
            Ok(permit) => {
                let id = self.sent.len();
                self.sent.push(Sent {
                    at: now,
                    client,
                    permit: Some(permit),
                });
                self.service.arrive(now, id, &mut self.rng);
                self.push(now + self.scenario.shape.deadline, Event::GiveUp(id));
                self.foresee();
            }
        }
    }

    fn foresee(&mut self) {
        self.changes += 1;
        if let Some(at) = self.service.next_response() {
            self.push(at, Event::Response(self.changes));
        }
    }

    fn respond(&mut self, now: Time) {
        let id = self.service.respond(now);
        let at = self.instant(now);
        let sent = &mut self.sent[id];
        let (latency, client) = (now - sent.at, sent.client);
        if let Some(permit) = sent.permit.take() {
            permit.success_at(at);
            self.decide(now, latency, client, Fate::Good);
        }
        self.foresee();
    }

    fn give_up(&mut self, now: Time, id: Id) {
        let at = self.instant(now);
        let sent = &mut self.sent[id];
        let (latency, client) = (now - sent.at, sent.client);
        if let Some(permit) = sent.permit.take() {
            permit.failure_at(at);
            self.decide(now, latency, client, Fate::Late);
        }
    }

    fn decide(&mut self, at: Time, latency: Time, client: usize, fate: Fate) {
        self.trace.requests.push(Request {
            at,
            latency,
            client,
            fate,
        });
    }
}
