//! Bugs that were here once, each by the smallest program that showed it.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc as std_mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use aqueduct_channel::error::TryRecvError;
use aqueduct_channel::{MemorySpill, Overflow, Spill, mpmc, mpsc};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs on a thread of its own, and gives up on it after a while.
fn within_seconds<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, result) = std_mpsc::channel();
    std::thread::spawn(move || done.send(run()));
    result
        .recv_timeout(Duration::from_secs(10))
        .expect("it hangs")
}

#[test]
fn reserving_nothing_does_not_get_in_line() {
    let (tx, mut rx) = mpsc::Builder::new(1).fair().build();
    tx.try_send(0).unwrap();
    let mut first = Box::pin(tx.send(1));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(pin!(tx.reserve_many(0))).is_ready());
    assert!(tx.try_reserve_many(0).is_ok());
    let mut second = Box::pin(tx.send(2));
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(poll(first.as_mut()).is_ready());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(poll(second.as_mut()).is_ready());
}

#[test]
fn forcing_into_a_spilling_channel_ends() {
    let (forced, inside) = within_seconds(|| {
        let (tx, rx) = mpmc::Builder::new(1).spill(MemorySpill::new(4)).build();
        tx.try_send(0).unwrap();
        tx.try_send(1).unwrap();
        (tx.force_send(2), rx.len())
    });
    assert_eq!(forced, Ok(None));
    assert_eq!(
        inside, 3,
        "it was spilled as well, and nothing evicted for it"
    );
}

#[test]
fn forcing_past_a_line_evicts_one() {
    for fair in [false, true] {
        let builder = mpmc::Builder::new(4);
        let (tx, rx) = if fair {
            builder.fair().build()
        } else {
            builder.build()
        };
        for n in 0..4 {
            tx.try_send(n).unwrap();
        }
        let mut line: Vec<_> = (10..20).map(|n| Box::pin(tx.send(n))).collect();
        assert!(line.iter_mut().all(|send| poll(send.as_mut()).is_pending()));
        assert_eq!(tx.force_send(99), Ok(Some(0)));
        assert_eq!((rx.len(), tx.stats().dropped), (4, 0));
    }
}

#[test]
fn dropping_the_oldest_never_waits() {
    let (tx, rx) = mpmc::Builder::new(1).overflow(Overflow::DropOldest).build();
    let mut receive = Box::pin(rx.recv());
    assert!(poll(receive.as_mut()).is_pending());
    assert_eq!(tx.try_send(1), Ok(()));
    // The one message inside belongs to the receiver that is being woken for it.
    assert_eq!(tx.try_send(2), Ok(()));
    assert_eq!(poll(receive.as_mut()), Poll::Ready(Some(1)));
    assert_eq!(tx.stats().dropped, 1);
}

#[test]
fn a_leaked_permit_does_not_keep_the_receiver_from_the_end() {
    let (tx, mut rx) = mpsc::channel::<u8>(4);
    std::mem::forget(tx.try_reserve().unwrap());
    drop(tx);
    assert_eq!(poll(pin!(rx.recv())), Poll::Ready(None));
}

#[test]
fn a_send_polled_after_it_was_ready_claims_nothing() {
    let then = within_seconds(|| {
        let (tx, mut rx) = mpsc::channel::<u8>(4);
        let mut send = Box::pin(tx.send(1));
        assert!(poll(send.as_mut()).is_ready());
        let again = std::panic::AssertUnwindSafe(|| poll(send.as_mut()));
        assert!(std::panic::catch_unwind(again).is_err());
        assert_eq!(rx.try_recv(), Ok(1));
        rx.try_recv()
    });
    assert_eq!(then, Err(TryRecvError::Empty));
}

#[test]
fn a_closed_channel_still_gives_batches() {
    let (tx, rx) = mpmc::channel(8);
    for n in 0..5 {
        tx.try_send(n).unwrap();
    }
    drop(tx);
    let mut batch = Vec::new();
    assert_eq!(poll(pin!(rx.recv_many(&mut batch, 10))), Poll::Ready(5));
}

struct Bomb(u8, Arc<Mutex<Vec<u8>>>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
        assert_ne!(self.0, 0, "the first message panics as it is dropped");
    }
}

#[test]
fn a_message_that_panics_does_not_keep_the_others() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (tx, rx) = mpsc::channel(8);
    for n in 0..4 {
        // The first one panics under the guard of nobody: its destructor takes the lock for the push only.
        assert!(tx.try_send(Bomb(n, log.clone())).is_ok());
    }
    assert!(std::panic::catch_unwind(|| drop(rx)).is_err());
    let log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    assert_eq!(*log, [0, 1, 2, 3]);
}

struct CountedWaker;

impl std::task::Wake for CountedWaker {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_receiver_that_is_gone_does_not_hold_on_to_its_task() {
    let task = Arc::new(CountedWaker);
    let waker = Waker::from(task.clone());
    let (tx, mut rx) = mpsc::channel::<u8>(1);
    let (unbounded_tx, mut unbounded_rx) = mpsc::unbounded_channel::<u8>();
    let (spsc_tx, mut spsc_rx) = aqueduct_channel::spsc::channel::<u8>(1);
    let mut cx = Context::from_waker(&waker);
    assert!(rx.poll_recv(&mut cx).is_pending());
    assert!(unbounded_rx.poll_recv(&mut cx).is_pending());
    assert!(spsc_rx.poll_recv(&mut cx).is_pending());
    drop((rx, unbounded_rx, spsc_rx, waker));
    assert_eq!(Arc::strong_count(&task), 1);
    drop((tx, unbounded_tx, spsc_tx));
}

/// A second queue whose `push` waits to be let on.
struct Slow {
    values: Vec<u8>,
    entered: std_mpsc::Sender<()>,
    go: std_mpsc::Receiver<()>,
}

impl Spill<u8> for Slow {
    fn push(&mut self, value: u8) -> Result<(), u8> {
        self.entered.send(()).unwrap();
        let _ = self.go.recv_timeout(Duration::from_millis(300));
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Option<u8> {
        (!self.values.is_empty()).then(|| self.values.remove(0))
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}

#[test]
fn a_spill_in_the_making_is_received_after_close() {
    let (entered, has_entered) = std_mpsc::channel();
    let (let_go, go) = std_mpsc::channel();
    let slow = Slow {
        values: Vec::new(),
        entered,
        go,
    };
    let (tx, mut rx) = mpsc::Builder::new(1).spill(slow).build();
    let receiver = std::thread::spawn(move || {
        has_entered.recv().unwrap();
        rx.close();
        let mut received = Vec::new();
        while let Some(value) = rx.blocking_recv() {
            received.push(value);
        }
        drop(let_go);
        received
    });
    assert_eq!(tx.try_send(1), Ok(()));
    let spilled = tx.try_send(2);
    let received = receiver.join().unwrap();
    assert_eq!(
        received.contains(&2),
        spilled.is_ok(),
        "received {received:?}, the send said {spilled:?}"
    );
}

/// Two receivers sleep, two senders send one message each, slowly: each receiver gets one.
#[test]
fn a_sender_that_lags_does_not_leave_a_receiver_asleep() {
    type Large = Box<[u8; 1 << 12]>;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        let (tx, rx) = mpmc::unbounded_channel::<[Large; 8]>();
        let received = Arc::new(AtomicUsize::new(0));
        let (gate, mut threads) = (Arc::new(Barrier::new(2)), Vec::new());
        for _ in 0..2 {
            let (rx, received) = (rx.clone(), received.clone());
            threads.push(std::thread::spawn(move || {
                received.fetch_add(rx.blocking_recv().map_or(0, |_| 1), Ordering::SeqCst);
            }));
        }
        while tx.stats().receivers_waiting < 2 {
            std::thread::yield_now();
        }
        for _ in 0..2 {
            let (tx, gate) = (tx.clone(), gate.clone());
            threads.push(std::thread::spawn(move || {
                gate.wait();
                assert!(
                    tx.send(std::array::from_fn(|_| Box::new([1; 1 << 12])))
                        .is_ok()
                );
            }));
        }
        let patience = Instant::now();
        while received.load(Ordering::SeqCst) < 2 {
            assert!(
                patience.elapsed() < Duration::from_secs(10),
                "a receiver sleeps beside a message"
            );
            std::thread::yield_now();
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    }
}

/// What a receiver was promised that is polled, only its next poll could get: a `try_recv` found nothing, with a message inside.
#[test]
fn a_receiver_that_gives_up_its_place_finds_what_it_was_promised() {
    let (tx, mut rx) = mpmc::channel(2);
    assert!(!rx.abort_recv());
    let mut task = Context::from_waker(Waker::noop());
    assert!(rx.poll_recv(&mut task).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!((rx.len(), rx.try_recv()), (1, Err(TryRecvError::Empty)));
    assert!(rx.abort_recv());
    assert_eq!(rx.try_recv(), Ok(1));
    // Also another one, that is in line behind it.
    assert!(rx.poll_recv(&mut task).is_pending());
    let mut other = rx.clone();
    assert!(other.poll_recv(&mut task).is_pending());
    tx.try_send(2).unwrap();
    assert!(rx.abort_recv());
    assert_eq!(other.poll_recv(&mut task), Poll::Ready(Some(2)));
    assert!(rx.poll_recv(&mut task).is_pending());
}
