//! Many channels at once on real threads: tasks of both runtimes, threads that block, futures dropped at every poll.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::yield_now;

use super::super::{Receiver, Sender, channel};

/// What became of the tokens.
#[derive(Default)]
struct Ledger {
    created: AtomicUsize,
    dropped: AtomicUsize,
    sent: AtomicUsize,
    refused: AtomicUsize,
    unsent: AtomicUsize,
    received: AtomicUsize,
    lost: AtomicUsize,
}

impl Ledger {
    fn note(counter: &AtomicUsize) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn read(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::Relaxed)
    }
}

/// A payload too large to be moved in one go, so that a torn one would show.
struct Token {
    words: [usize; 6],
    taken: bool,
    ledger: Arc<Ledger>,
}

impl Token {
    fn new(ledger: &Arc<Ledger>, seed: usize) -> Self {
        Ledger::note(&ledger.created);
        Self {
            words: [seed; 6],
            taken: false,
            ledger: ledger.clone(),
        }
    }

    /// Says where the token came to: it is not lost.
    fn taken(mut self, counter: fn(&Ledger) -> &AtomicUsize) {
        assert_eq!(self.words, [self.words[0]; 6]);
        self.taken = true;
        Ledger::note(counter(&self.ledger));
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        Ledger::note(&self.ledger.dropped);
        if !self.taken {
            Ledger::note(&self.ledger.lost);
        }
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// Polls `future` so many times, and gives it up then.
async fn poll_times<F: Future + Unpin>(future: &mut F, times: usize) -> Option<F::Output> {
    for _ in 0..times {
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

async fn send(plan: usize, mut sender: Sender<Token>, token: Token) {
    turns(plan / 7 % 3).await;
    match plan % 7 {
        0 => return token.taken(|ledger| &ledger.unsent),
        1 => sender.closed().await,
        // The future of `closed` is dropped after some polls, and the sender goes on.
        dropped_after @ 2..=4 => {
            let closed = Box::pin(sender.closed());
            let closed = poll_times(&mut { closed }, dropped_after - 1).await;
            assert!(closed.is_none() || sender.is_closed());
        }
        _ => {}
    }
    let ledger = token.ledger.clone();
    match sender.send(token) {
        Ok(()) => Ledger::note(&ledger.sent),
        Err(token) => token.taken(|ledger| &ledger.refused),
    }
}

async fn receive(plan: usize, sender_waits: bool, mut receiver: Receiver<Token>) {
    turns(plan / 7 % 3).await;
    let received = match plan % 7 {
        _ if sender_waits => poll_times(&mut receiver, plan % 3)
            .await
            .and_then(Result::ok),
        0 => receiver.await.ok(),
        1 => tokio::task::spawn_blocking(|| receiver.blocking_recv())
            .await
            .unwrap()
            .ok(),
        2 => {
            receiver.close();
            receiver.try_recv().ok()
        }
        3 => loop {
            match receiver.try_recv() {
                Ok(token) => break Some(token),
                Err(super::super::error::TryRecvError::Closed) => break None,
                Err(super::super::error::TryRecvError::Empty) => yield_now().await,
            }
        },
        // Waits in one task, then in another.
        4 => match poll_times(&mut receiver, 1).await {
            Some(result) => result.ok(),
            None => tokio::spawn(receiver).await.unwrap().ok(),
        },
        dropped_after => poll_times(&mut receiver, dropped_after - 4)
            .await
            .and_then(Result::ok),
    };
    if let Some(token) = received {
        token.taken(|ledger| &ledger.received);
    }
}

/// Runs each plan of a sender against each of a receiver, the halves on `here` and `there`, and reckons up.
fn reckon(here: &Handle, there: &Handle, rounds: usize) {
    let ledger = Arc::new(Ledger::default());
    let mut tasks = Vec::new();
    for round in 0..rounds {
        for plan in 0..21 * 21 {
            let (sender_plan, receiver_plan) = (plan % 21, plan / 21);
            let (sender, receiver) = channel();
            let token = Token::new(&ledger, round + plan);
            let sender_waits = sender_plan % 7 == 1;
            tasks.push(here.spawn(send(sender_plan, sender, token)));
            tasks.push(there.spawn(receive(receiver_plan, sender_waits, receiver)));
        }
    }
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    let all = async { tokio::time::timeout(Duration::from_secs(60), all).await };
    here.block_on(all).expect("somebody was left asleep");

    let [created, dropped, sent, refused, unsent, received, lost] = [
        &ledger.created,
        &ledger.dropped,
        &ledger.sent,
        &ledger.refused,
        &ledger.unsent,
        &ledger.received,
        &ledger.lost,
    ]
    .map(Ledger::read);
    assert_eq!(created, dropped);
    assert_eq!(created, sent + refused + unsent);
    assert_eq!(
        sent,
        received + lost,
        "lost are those that a dropped receiver dropped"
    );
    assert!(received > 0 && refused > 0 && unsent > 0);
}

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn on_a_runtime_of_threads() {
    let runtime = multi();
    reckon(runtime.handle(), runtime.handle(), 20);
}

#[test]
fn between_two_runtimes() {
    let (here, there) = (multi(), multi());
    reckon(here.handle(), there.handle(), 20);
}

#[test]
fn on_a_runtime_of_one_thread() {
    let runtime = single();
    let handle = runtime.handle().clone();
    // A `Handle` does not drive a runtime of one thread, so a thread of its own does.
    let (stop, stopped) = channel::<()>();
    let driver = std::thread::spawn(move || runtime.block_on(stopped));
    reckon(&handle, &handle, 5);
    stop.send(()).unwrap();
    driver.join().unwrap().unwrap();
}

/// A sender that was refused and a receiver that closed at the same moment must not both touch the value: the race
/// of RUSTSEC-2021-0124.
#[test]
fn close_against_send() {
    for round in 0..3_000 {
        let (sender, mut receiver) = channel();
        let there = std::thread::spawn(move || sender.send(vec![round; 4]));
        receiver.close();
        let received = receiver.try_recv();
        match there.join().unwrap() {
            Ok(()) => assert_eq!(received, Ok(vec![round; 4])),
            Err(back) => {
                assert_eq!(back, vec![round; 4]);
                assert!(received.is_err());
            }
        }
    }
}

/// Two threads and no runtime: one blocks, the other answers, at the same moment or a little later.
#[test]
fn blocking_against_send() {
    for round in 0..2_000u64 {
        let (sender, receiver) = channel();
        let there = std::thread::spawn(move || receiver.blocking_recv());
        for _ in 0..round % 64 {
            std::hint::spin_loop();
        }
        if round % 5 == 0 {
            drop(sender);
            assert!(there.join().unwrap().is_err());
        } else {
            sender.send(round).unwrap();
            assert_eq!(there.join().unwrap(), Ok(round));
        }
    }
}
