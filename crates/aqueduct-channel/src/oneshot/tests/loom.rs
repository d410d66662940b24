//! Every program of a sender against every program of a receiver, in every interleaving.
//!
//! Beside what [`race`] asserts, loom finds: a thread left asleep (deadlock), a value or waker read before it was
//! written (the cells in [`Token`] and [`Task`]), a use of the channel's cell after it was freed (its `life`), a
//! cell leaked or freed twice.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use aqueduct_core::model::{race_in, spawn};
use loom::cell::UnsafeCell;
use loom::sync::{Condvar, Mutex};

use super::super::error::TryRecvError;
use super::super::{Receiver, Sender, channel};

/// A payload that counts its drops.
struct Token {
    content: UnsafeCell<u32>,
    drops: StdArc<StdAtomicUsize>,
}

impl Token {
    fn new(drops: &StdArc<StdAtomicUsize>) -> Self {
        let token = Self {
            content: UnsafeCell::new(0),
            drops: drops.clone(),
        };
        // SAFETY: nobody else has it yet.
        token.content.with_mut(|content| unsafe { *content = 7 });
        token
    }

    fn check(self) {
        // SAFETY: a token has one owner.
        assert_eq!(self.content.with(|content| unsafe { *content }), 7);
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.content.with_mut(|_| ());
        self.drops.fetch_add(1, Relaxed);
    }
}

/// A waker that a thread sleeps by. Waking and dropping it read and write `life`, so that it is found if one of them
/// is not ordered after the waker's creation.
struct Task {
    woken: Mutex<bool>,
    wake: Condvar,
    life: UnsafeCell<()>,
}

// SAFETY: the cell holds nothing; accesses to it are declared and not made.
unsafe impl Sync for Task {}

impl Task {
    fn new() -> StdArc<Self> {
        let task = StdArc::new(Self {
            woken: Mutex::new(false),
            wake: Condvar::new(),
            life: UnsafeCell::new(()),
        });
        task.life.with_mut(|_| ());
        task
    }

    fn poll<F: Future + Unpin>(self: &StdArc<Self>, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(self.clone());
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }

    fn run<F: Future>(self: &StdArc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = self.poll(&mut future.as_mut()) {
                return output;
            }
            let mut woken = self.woken.lock().unwrap();
            while !std::mem::take(&mut *woken) {
                woken = self.wake.wait(woken).unwrap();
            }
        }
    }
}

impl Wake for Task {
    fn wake(self: StdArc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &StdArc<Self>) {
        self.life.with(|_| ());
        *self.woken.lock().unwrap() = true;
        self.wake.notify_one();
    }
}

/// What a sender does, with two wakers to wait by.
type SenderProgram = fn(Sender<Token>, Token, [&StdArc<Task>; 2]) -> Result<(), Option<Token>>;

const SENDERS: &[(&str, SenderProgram)] = &[
    ("send", |sender, token, _| sender.send(token).map_err(Some)),
    ("drop", |_sender, _token, _| Err(None)),
    ("is_closed, send", |sender, token, _| {
        let closed = sender.is_closed();
        let result = sender.send(token);
        assert!(!closed || result.is_err());
        result.map_err(Some)
    }),
    ("poll_closed, send", |mut sender, token, [task, _]| {
        let closed = poll_closed(&mut sender, task);
        let result = sender.send(token);
        assert!(closed.is_pending() || result.is_err());
        result.map_err(Some)
    }),
    ("poll_closed, drop", |mut sender, _token, [task, _]| {
        let _ = poll_closed(&mut sender, task);
        Err(None)
    }),
    (
        "poll_closed, by another too, send",
        |mut sender, token, [task, other]| {
            let _ = poll_closed(&mut sender, task);
            let _ = poll_closed(&mut sender, other);
            sender.send(token).map_err(Some)
        },
    ),
];

/// Senders that do not end before the receiver does.
const WAITING_SENDERS: &[(&str, SenderProgram)] = &[
    ("closed.await, send", |mut sender, token, [task, _]| {
        task.run(sender.closed());
        assert!(sender.is_closed());
        let result = sender.send(token);
        assert!(result.is_err());
        result.map_err(Some)
    }),
    (
        "poll_closed, closed.await by another",
        |mut sender, _token, [task, other]| {
            let _ = poll_closed(&mut sender, other);
            task.run(sender.closed());
            Err(None)
        },
    ),
];

/// What a receiver does, with two wakers to wait by, and the token that it got.
type ReceiverProgram = fn(Receiver<Token>, [&StdArc<Task>; 2]) -> Option<Token>;

const RECEIVERS: &[(&str, ReceiverProgram)] = &[
    ("drop", |_receiver, _| None),
    ("poll, drop", |mut receiver, [task, _]| {
        taken(task.poll(&mut receiver))
    }),
    (
        "poll, poll by another, drop",
        |mut receiver, [task, other]| match task.poll(&mut receiver) {
            Poll::Ready(result) => result.ok(),
            Poll::Pending => taken(other.poll(&mut receiver)),
        },
    ),
    ("try_recv, drop", |mut receiver, _| receiver.try_recv().ok()),
    ("is_empty, try_recv", |mut receiver, _| {
        let empty = receiver.is_empty();
        let result = receiver.try_recv();
        assert!(empty || result.is_ok());
        result.ok()
    }),
    ("close, try_recv", |mut receiver, _| {
        receiver.close();
        after_close(receiver)
    }),
    ("close, recv", |mut receiver, [task, _]| {
        receiver.close();
        task.run(receiver).ok()
    }),
    ("close, drop", |mut receiver, _| {
        receiver.close();
        None
    }),
    (
        "poll, close, try_recv",
        |mut receiver, [task, _]| match task.poll(&mut receiver) {
            Poll::Ready(result) => result.ok(),
            Poll::Pending => {
                receiver.close();
                after_close(receiver)
            }
        },
    ),
];

/// Receivers that do not end before the sender does.
const WAITING_RECEIVERS: &[(&str, ReceiverProgram)] = &[
    ("recv", |receiver, [task, _]| task.run(receiver).ok()),
    ("poll, recv", |mut receiver, [task, _]| {
        match task.poll(&mut receiver) {
            Poll::Ready(result) => result.ok(),
            Poll::Pending => task.run(receiver).ok(),
        }
    }),
    (
        "poll by another, recv",
        |mut receiver, [task, other]| match other.poll(&mut receiver) {
            Poll::Ready(result) => result.ok(),
            Poll::Pending => task.run(receiver).ok(),
        },
    ),
    (
        "poll, poll by another, recv",
        |mut receiver, [task, other]| {
            for task in [task, other] {
                if let Poll::Ready(result) = task.poll(&mut receiver) {
                    return result.ok();
                }
            }
            task.run(receiver).ok()
        },
    ),
    (
        "poll, try_recv, recv",
        |mut receiver, [task, _]| match task.poll(&mut receiver) {
            Poll::Ready(result) => result.ok(),
            Poll::Pending => match receiver.try_recv() {
                Err(TryRecvError::Empty) => task.run(receiver).ok(),
                result => result.ok(),
            },
        },
    ),
];

fn poll_closed(sender: &mut Sender<Token>, task: &StdArc<Task>) -> Poll<()> {
    let waker = Waker::from(task.clone());
    sender.poll_closed(&mut Context::from_waker(&waker))
}

fn taken<E>(poll: Poll<Result<Token, E>>) -> Option<Token> {
    match poll {
        Poll::Ready(result) => result.ok(),
        Poll::Pending => None,
    }
}

/// After closing there is a value or there will never be one.
fn after_close(mut receiver: Receiver<Token>) -> Option<Token> {
    let result = receiver.try_recv();
    assert!(!matches!(result, Err(TryRecvError::Empty)));
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Closed)));
    result.ok()
}

/// Programs with this in their name replace a waker by another's. Their interleavings are too many, and are run with so
/// many preemptions (`LOOM_MAX_PREEMPTIONS` may ask for more); those of all others are run to the last.
const REPLACES: &str = "another";
const PREEMPTIONS: usize = 5;

/// One sender against one receiver: the token is received, or handed back, or dropped, once; and no waker stays.
fn race(preemptions: Option<usize>, send: SenderProgram, receive: ReceiverProgram) {
    let builder = move || {
        let mut builder = loom::model::Builder::new();
        let asked = builder.preemption_bound.unwrap_or(0);
        builder.preemption_bound = preemptions.map(|n| n.max(asked));
        builder
    };
    race_in(builder, move || {
        let drops = StdArc::new(StdAtomicUsize::new(0));
        let (sender, receiver) = channel();
        let token = Token::new(&drops);
        let there = spawn(move || {
            let tasks = [Task::new(), Task::new()];
            let result = send(sender, token, [&tasks[0], &tasks[1]]);
            let sent = result.is_ok();
            if let Err(Some(token)) = result {
                token.check();
            }
            (tasks, sent)
        });
        let tasks = [Task::new(), Task::new()];
        let received = receive(receiver, [&tasks[0], &tasks[1]]);
        let got = received.map(Token::check).is_some();
        let (their_tasks, sent) = there.join().unwrap();
        assert!(sent || !got, "received what was not sent");
        assert_eq!(drops.load(Relaxed), 1);
        for task in tasks.iter().chain(&their_tasks) {
            assert_eq!(StdArc::strong_count(task), 1, "a waker was leaked");
            task.life.with_mut(|_| ());
        }
    });
}

fn race_all(senders: &[(&str, SenderProgram)], receivers: &[(&str, ReceiverProgram)]) {
    for (sender, send) in senders {
        for (receiver, receive) in receivers {
            println!("{sender} | {receiver}");
            let long = sender.contains(REPLACES) || receiver.contains(REPLACES);
            race(long.then_some(PREEMPTIONS), *send, *receive);
        }
    }
}

#[test]
fn nobody_needs_the_other_to_end() {
    race_all(SENDERS, RECEIVERS);
}

#[test]
fn receivers_that_wait_are_woken() {
    race_all(SENDERS, WAITING_RECEIVERS);
}

#[test]
fn senders_that_wait_are_woken() {
    race_all(WAITING_SENDERS, RECEIVERS);
}
