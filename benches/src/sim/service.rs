//! What the clients call: services with a knee.
//!
//! Up to the knee a service does more the more is in flight, at the same latency. Beyond it, latency rises, and
//! throughput stays or falls. Neither shape knows anything of limits, and neither looks at whether a caller still waits.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::rng::Rng;

/// Seconds since the run began.
pub(crate) type Time = f64;

/// A request's number.
pub(crate) type Id = usize;

/// What kind of service, and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    /// How many it works on at once, at full speed each.
    pub(crate) width: usize,
    /// The mean time a request takes then.
    pub(crate) mean: Time,
    /// How long a client waits for a response.
    pub(crate) deadline: Time,
    /// All that lasts a while before it lasts so many times as long: phases, and the stretches that figures are taken of.
    pub(crate) pace: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Workers before a queue, first come, first served: a pool of threads or connections. Half of the time of a request is
    /// the same for all, half is exponential.
    Slots,
    /// All are worked on at once and share the processors; those beyond their number cost all some speed, for switching and
    /// for caches, up to a sixth of it. Times are log-normal.
    Sharing,
}

/// How much longer all takes when twice as many as there are processors are worked on, or more.
const SWITCHING: f64 = 0.2;

impl Shape {
    /// Requests a second at the knee.
    pub(crate) fn capacity(&self) -> f64 {
        self.width as f64 / self.mean
    }

    fn work(&self, rng: &mut Rng) -> Time {
        let of_mean = match self.kind {
            Kind::Slots => 0.5 + 0.5 * rng.exponential(),
            Kind::Sharing => rng.log_normal(0.6),
        };
        self.mean * of_mean
    }

    pub(crate) fn open(&self) -> Service {
        let state = match self.kind {
            Kind::Slots => State::Slots(Slots {
                width: self.width,
                busy: BinaryHeap::new(),
                queue: VecDeque::new(),
            }),
            Kind::Sharing => State::Sharing(Sharing {
                width: self.width,
                done: BinaryHeap::new(),
                progress: 0.0,
                at: 0.0,
            }),
        };
        Service {
            shape: *self,
            slowness: 1.0,
            state,
        }
    }
}

/// A service at work.
pub(crate) struct Service {
    shape: Shape,
    slowness: f64,
    state: State,
}

enum State {
    Slots(Slots),
    Sharing(Sharing),
}

impl Service {
    /// A request comes in.
    pub(crate) fn arrive(&mut self, now: Time, id: Id, rng: &mut Rng) {
        let work = self.slowness * self.shape.work(rng);
        match &mut self.state {
            State::Slots(slots) => slots.arrive(now, id, work),
            State::Sharing(sharing) => sharing.arrive(now, id, work),
        }
    }

    /// When the next response is due, if nothing comes in before.
    pub(crate) fn next_response(&self) -> Option<Time> {
        match &self.state {
            State::Slots(slots) => slots.busy.peek().map(|Reverse((at, _))| at.0),
            State::Sharing(sharing) => sharing.next_response(),
        }
    }

    /// Responds to the request that is due at `now`.
    pub(crate) fn respond(&mut self, now: Time) -> Id {
        match &mut self.state {
            State::Slots(slots) => slots.respond(now),
            State::Sharing(sharing) => sharing.respond(now),
        }
    }

    /// Those that come from now on take so many times as long as the shape says.
    pub(crate) fn set_slowness(&mut self, times: f64) {
        self.slowness = times;
    }

    /// Loses or gains workers. Those that are lost finish what they do.
    pub(crate) fn set_width(&mut self, now: Time, width: usize) {
        match &mut self.state {
            State::Slots(slots) => {
                slots.width = width;
                slots.fill(now);
            }
            State::Sharing(sharing) => {
                sharing.advance(now);
                sharing.width = width;
            }
        }
    }
}

/// Times are never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Ordered(f64);

impl Eq for Ordered {}

#[expect(clippy::derive_ord_xor_partial_ord, reason = "times are never NaN")]
impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

struct Slots {
    width: usize,
    busy: BinaryHeap<Reverse<(Ordered, Id)>>,
    queue: VecDeque<(Id, Time)>,
}

impl Slots {
    fn arrive(&mut self, now: Time, id: Id, work: Time) {
        self.queue.push_back((id, work));
        self.fill(now);
    }

    fn fill(&mut self, now: Time) {
        while self.busy.len() < self.width {
            let Some((id, work)) = self.queue.pop_front() else {
                return;
            };
            self.busy.push(Reverse((Ordered(now + work), id)));
        }
    }

    fn respond(&mut self, now: Time) -> Id {
        let Reverse((_, id)) = self.busy.pop().expect("a response is due");
        self.fill(now);
        id
    }
}

/// Each request in it has made the same progress since it came, so that one number serves for all.
struct Sharing {
    width: usize,
    /// At which progress which is done.
    done: BinaryHeap<Reverse<(Ordered, Id)>>,
    progress: f64,
    at: Time,
}

impl Sharing {
    /// Progress a second, of each.
    fn speed(&self) -> f64 {
        let (inside, width) = (self.done.len() as f64, self.width as f64);
        let beyond = ((inside - width) / width).clamp(0.0, 1.0);
        (width / inside).min(1.0) / (1.0 + SWITCHING * beyond)
    }

    fn advance(&mut self, now: Time) {
        if !self.done.is_empty() {
            self.progress += (now - self.at) * self.speed();
        }
        self.at = now;
    }

    fn arrive(&mut self, now: Time, id: Id, work: Time) {
        self.advance(now);
        let done = Ordered(self.progress + work);
        self.done.push(Reverse((done, id)));
    }

    fn next_response(&self) -> Option<Time> {
        let Reverse((done, _)) = self.done.peek()?;
        Some(self.at + (done.0 - self.progress).max(0.0) / self.speed())
    }

    fn respond(&mut self, now: Time) -> Id {
        self.advance(now);
        let Reverse((done, id)) = self.done.pop().expect("a response is due");
        // Rounding must not add up.
        self.progress = done.0;
        id
    }
}
