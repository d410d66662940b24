//! Random interleavings of everything on one thread, against a model that is too simple to be wrong.
//!
//! Futures are polled only when they are new or were woken, so that a lost wake-up shows: when nothing is left to
//! poll, no receiver may be waiting while an offer is free for it, and no sender whose message was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

use super::super::sender::SendFuture;
use crate::error::{TryRecvError, TrySendError};
use crate::mpmc::{RendezvousReceiver, RendezvousSender, rendezvous};

#[derive(Clone, Copy, Debug)]
enum Step {
    Send,
    Recv,
    TrySend,
    TryRecv,
    Poll(usize),
    PollUnwoken(usize),
    Drop(usize),
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Send),
        6 => Just(Step::Recv),
        2 => Just(Step::TrySend),
        2 => Just(Step::TryRecv),
        12 => (0..8_usize).prop_map(Step::Poll),
        3 => (0..8_usize).prop_map(Step::PollUnwoken),
        5 => (0..8_usize).prop_map(Step::Drop),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 0..60)
}

/// A message that counts itself.
struct Message {
    id: usize,
    alive: Arc<AtomicUsize>,
}

impl Drop for Message {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

type Receiving<'a> = std::pin::Pin<Box<dyn Future<Output = Option<Message>> + 'a>>;

enum Doing<'a> {
    Sending(usize, SendFuture<'a, Message>),
    Receiving(Receiving<'a>),
}

struct Waiter<'a> {
    woken: Arc<Flag>,
    doing: Doing<'a>,
}

struct World<'a> {
    tx: &'a RendezvousSender<Message>,
    rx: &'a RendezvousReceiver<Message>,
    alive: Arc<AtomicUsize>,
    waiters: Vec<Waiter<'a>>,
    next: usize,
    received: Vec<usize>,
    sent: Vec<usize>,
    closed: bool,
}

impl<'a> World<'a> {
    fn message(&mut self) -> Message {
        self.next += 1;
        self.alive.fetch_add(1, Ordering::Relaxed);
        Message {
            id: self.next,
            alive: self.alive.clone(),
        }
    }

    fn add(&mut self, doing: Doing<'a>) {
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        self.waiters.push(Waiter { woken, doing });
        self.poll(self.waiters.len() - 1, false);
    }

    fn poll(&mut self, index: usize, unwoken: bool) {
        let Some(waiter) = self.waiters.get_mut(index) else {
            return;
        };
        if !waiter.woken.0.swap(false, Ordering::Relaxed) && !unwoken {
            return;
        }
        let waker = Waker::from(waiter.woken.clone());
        let mut cx = Context::from_waker(&waker);
        match &mut waiter.doing {
            Doing::Sending(id, send) => match std::pin::Pin::new(send).poll(&mut cx) {
                Poll::Ready(Ok(())) => self.sent.push(*id),
                Poll::Ready(Err(back)) => assert!(self.closed && back.0.id == *id),
                Poll::Pending => return,
            },
            Doing::Receiving(recv) => match recv.as_mut().poll(&mut cx) {
                Poll::Ready(Some(message)) => self.received.push(message.id),
                Poll::Ready(None) => assert!(self.closed),
                Poll::Pending => return,
            },
        }
        self.waiters.remove(index);
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Send => {
                let message = self.message();
                self.add(Doing::Sending(message.id, self.tx.offer(message)));
            }
            Step::Recv => self.add(Doing::Receiving(Box::pin(self.rx.recv()))),
            Step::TrySend => {
                let message = self.message();
                let (id, stats) = (message.id, self.tx.stats());
                let free = stats.receivers_waiting > stats.senders_waiting + stats.len;
                match self.tx.try_send(message) {
                    Ok(()) => {
                        assert!(free && !self.closed);
                        self.sent.push(id);
                    }
                    Err(TrySendError::Full(_)) => assert!(!free && !self.closed),
                    Err(TrySendError::Closed(_)) => assert!(self.closed),
                }
            }
            Step::TryRecv => {
                let stats = self.rx.stats();
                let free = stats.senders_waiting + stats.len > stats.receivers_waiting;
                match self.rx.try_recv() {
                    Ok(message) => {
                        assert!(free);
                        self.received.push(message.id);
                    }
                    Err(TryRecvError::Empty) => {
                        assert!(!free);
                    }
                    Err(TryRecvError::Disconnected) => assert!(self.closed && stats.len == 0),
                }
            }
            Step::Poll(index) => self.poll(index, false),
            Step::PollUnwoken(index) => self.poll(index, true),
            Step::Drop(index) if index < self.waiters.len() => {
                // A sender whose message was taken has sent it, whether it was told or not.
                let waiter = self.waiters.remove(index);
                if let Doing::Sending(id, send) = waiter.doing {
                    let before = self.alive.load(Ordering::Relaxed);
                    drop(send);
                    if self.alive.load(Ordering::Relaxed) == before {
                        self.sent.push(id);
                    }
                }
            }
            Step::Drop(_) => {}
            Step::Close => {
                self.rx.close();
                self.closed = true;
            }
        }
    }

    /// Polls who was woken until nobody is.
    fn settle(&mut self) {
        let woken = |waiter: &Waiter<'_>| waiter.woken.0.load(Ordering::Relaxed);
        while let Some(index) = self.waiters.iter().position(woken) {
            self.poll(index, false);
        }
    }
}

fn check(steps: &[Step]) {
    let (tx, rx) = rendezvous();
    let alive = Arc::new(AtomicUsize::new(0));
    let mut world = World {
        tx: &tx,
        rx: &rx,
        alive: alive.clone(),
        waiters: Vec::new(),
        next: 0,
        received: Vec::new(),
        sent: Vec::new(),
        closed: false,
    };
    for step in steps {
        world.run(*step);
    }
    world.settle();
    let stats = rx.stats();
    let offers = stats.senders_waiting + stats.len;
    assert!(
        offers == 0 || stats.receivers_waiting == 0,
        "both sides wait: {stats:?}"
    );
    assert!(
        !world.closed || world.waiters.is_empty(),
        "somebody waits at a closed channel: {stats:?}"
    );
    // Nobody sleeps whose future is ready.
    for index in (0..world.waiters.len()).rev() {
        let before = world.waiters.len();
        world.poll(index, true);
        assert_eq!(world.waiters.len(), before, "a wake-up was lost");
    }
    while let Ok(message) = rx.try_recv() {
        world.received.push(message.id);
        world.settle();
    }
    world.settle();
    let (mut sent, mut received) = (world.sent.clone(), world.received.clone());
    assert_eq!(stats.received as usize + offers, received.len());
    sent.sort_unstable();
    received.sort_unstable();
    assert_eq!(sent, received);
    drop(world);
    drop((tx, rx));
    assert_eq!(alive.load(Ordering::Relaxed), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 20 } else { 2_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_lost_and_nobody_sleeps_in_vain(steps in steps()) {
        check(&steps);
    }
}
