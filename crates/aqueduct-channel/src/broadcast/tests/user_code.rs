//! What the user's clones and destructors may do: take long, panic, and come back to the channel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use super::*;
use crate::broadcast::{Receiver, Sender};

type Hook = Box<dyn FnMut(usize) + Send>;

/// Runs hooks, and counts itself.
#[derive(Default)]
struct Hooks {
    clone: Mutex<Option<Hook>>,
    drop: Mutex<Option<Hook>>,
    alive: AtomicUsize,
}

impl Hooks {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn message(self: &Arc<Self>, id: usize) -> Message {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Message {
            id,
            hooks: self.clone(),
        }
    }

    fn on_clone(&self, hook: impl FnMut(usize) + Send + 'static) {
        *self.clone.lock().unwrap() = Some(Box::new(hook));
    }

    fn on_drop(&self, hook: impl FnMut(usize) + Send + 'static) {
        *self.drop.lock().unwrap() = Some(Box::new(hook));
    }

    fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    /// Runs once, outside of its lock.
    fn run(hook: &Mutex<Option<Hook>>, id: usize) {
        let hook = hook.lock().unwrap().take();
        if let Some(mut hook) = hook {
            hook(id);
        }
    }
}

struct Message {
    id: usize,
    hooks: Arc<Hooks>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.id)
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        Hooks::run(&self.hooks.clone, self.id);
        self.hooks.message(self.id)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.hooks.alive.fetch_sub(1, Ordering::SeqCst);
        Hooks::run(&self.hooks.drop, self.id);
    }
}

fn ids(rx: &mut Receiver<Message>) -> Vec<usize> {
    std::iter::from_fn(|| rx.try_recv().ok())
        .map(|message| message.id)
        .collect()
}

/// While one receiver is stopped in a clone, the sender laps it many times, and another one receives all of it.
#[test]
fn a_clone_that_blocks_keeps_nobody_waiting() {
    for capacity in [1, 8, 64] {
        let hooks = Hooks::new();
        let (tx, mut slow) = channel(capacity);
        let mut other = tx.subscribe();
        let (inside, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        tx.send(hooks.message(0)).unwrap();
        let barriers = (inside.clone(), go_on.clone());
        hooks.on_clone(move |_| {
            barriers.0.wait();
            barriers.1.wait();
        });
        let slow = thread::spawn(move || {
            let message = slow.try_recv().map(|message| message.id);
            (message.ok(), slow)
        });
        inside.wait();
        assert_eq!(ids(&mut other), [0]);
        for id in 1..1000 {
            tx.send(hooks.message(id)).unwrap();
            assert_eq!(ids(&mut other), [id]);
        }
        go_on.wait();
        let (message, mut slow) = slow.join().unwrap();
        assert_eq!(message, Some(0));
        let lost = 999 - capacity as u64;
        assert_eq!(
            slow.try_recv().map(|message| message.id),
            Err(TryRecvError::Lagged(lost))
        );
        drop((tx, slow, other));
        assert_eq!(hooks.alive(), 0);
    }
}

#[test]
fn a_message_goes_as_soon_as_all_have_it() {
    let hooks = Hooks::new();
    let (tx, mut first) = channel(16);
    let mut second = tx.subscribe();
    for id in 0..10 {
        tx.send(hooks.message(id)).unwrap();
    }
    assert_eq!(ids(&mut first).len(), 10);
    assert_eq!(hooks.alive(), 10);
    drop(second.try_recv().unwrap());
    assert_eq!(hooks.alive(), 9);
    drop(second);
    assert_eq!(hooks.alive(), 0);
    // And who subscribes later is not waited for.
    let late = tx.subscribe();
    assert!(late.is_empty());
}

/// The last receiver is given the message itself.
#[test]
fn one_receiver_clones_nothing() {
    let hooks = Hooks::new();
    hooks.on_clone(|_| panic!("nobody else wants it"));
    let (tx, mut rx) = channel(4);
    tx.send(hooks.message(1)).unwrap();
    assert_eq!(ids(&mut rx), [1]);
    drop(tx);
    assert_eq!(hooks.alive(), 0);
}

#[test]
fn a_clone_that_panics_passes_its_message() {
    for position in 0..3 {
        let hooks = Hooks::new();
        // Segments of two: also the last slot of one.
        let (tx, mut rx) = channel(8);
        let mut other = tx.subscribe();
        for id in 0..3 {
            tx.send(hooks.message(id)).unwrap();
        }
        for id in 0..position {
            assert_eq!(rx.try_recv().unwrap().id, id);
        }
        hooks.on_clone(|_| panic!("a clone"));
        assert!(catch_unwind(AssertUnwindSafe(|| rx.try_recv())).is_err());
        assert_eq!(ids(&mut rx), (position + 1..3).collect::<Vec<_>>());
        assert_eq!(ids(&mut other), [0, 1, 2]);
        assert_eq!(hooks.alive(), 0);
    }
}

/// A sender waits for a receiver whose clone panics: the line is served all the same, and the next one is waited for.
#[test]
fn a_clone_that_panics_makes_room() {
    let hooks = Hooks::new();
    let (tx, mut rx) = Builder::new(1).overflow(Overflow::Wait).build();
    let mut other = tx.subscribe();
    assert!(tx.try_send(hooks.message(0)).is_ok());
    let mut sending = Box::pin(tx.send_wait(hooks.message(1)));
    assert!(poll(sending.as_mut()).is_pending());
    hooks.on_clone(|_| panic!("a clone"));
    assert!(catch_unwind(AssertUnwindSafe(|| rx.try_recv())).is_err());
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!(ids(&mut other), [0]);
    assert!(poll(sending.as_mut()).is_ready());
    assert_eq!(ids(&mut other), [1]);
}

#[test]
fn destructors_that_panic_leave_nothing_behind() {
    // By the receiver that leaves.
    let hooks = Hooks::new();
    let (tx, rx) = channel(16);
    for id in 0..9 {
        tx.send(hooks.message(id)).unwrap();
    }
    hooks.on_drop(|_| panic!("a destructor"));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(hooks.alive(), 0);
    assert!(poll(tx.closed()).is_ready());

    // By the sender, of what was lost: the message that it sends is inside.
    let (tx, mut rx) = channel(1);
    tx.send(hooks.message(0)).unwrap();
    hooks.on_drop(|id| assert_ne!(id, 0));
    assert!(catch_unwind(AssertUnwindSafe(|| tx.send(hooks.message(1)))).is_err());
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Lagged(1))));
    assert_eq!(ids(&mut rx), [1]);
    drop((tx, rx));
    assert_eq!(hooks.alive(), 0);
}

/// Hooks that use the channel they are in: nothing of the user's runs under a lock.
#[test]
fn clones_and_destructors_come_back() {
    fn use_all(tx: &Sender<Message>) {
        drop(tx.subscribe());
        assert!(tx.len() <= 4);
        let _ = tx.send(Hooks::new().message(100));
        let _ = (tx.receiver_count(), tx.stats());
    }
    let hooks = Hooks::new();
    let (tx, mut rx) = channel(4);
    let mut other = tx.subscribe();
    for id in 0..2 {
        tx.send(hooks.message(id)).unwrap();
    }
    let weak = tx.downgrade();
    hooks.on_clone(move |_| use_all(&weak.upgrade().unwrap()));
    assert_eq!(rx.try_recv().unwrap().id, 0);
    let weak = tx.downgrade();
    hooks.on_drop(move |_| use_all(&weak.upgrade().unwrap()));
    drop(ids(&mut other));
    for id in 2..9 {
        let weak = tx.downgrade();
        hooks.on_drop(move |_| use_all(&weak.upgrade().unwrap()));
        tx.send(hooks.message(id)).unwrap();
    }
    hooks.drop.lock().unwrap().take();
    drop((tx, rx, other));
    assert_eq!(hooks.alive(), 0);
}

/// Receivers on threads of their own clone the same messages at once, and come and go.
#[test]
fn many_threads() {
    let hooks = Hooks::new();
    let (tx, rx) = channel::<Message>(32);
    let (results, all) = mpsc::channel();
    let mut threads = Vec::new();
    for _ in 0..3 {
        let (mut rx, results) = (rx.resubscribe(), results.clone());
        threads.push(thread::spawn(move || {
            let (mut passed, mut last) = (0, None);
            loop {
                match rx.blocking_recv() {
                    Ok(message) => {
                        assert!(last.is_none_or(|last| last < message.id));
                        last = Some(message.id);
                        passed += 1;
                    }
                    Err(RecvError::Lagged(lost)) => passed += lost,
                    Err(RecvError::Closed) => break,
                }
                if passed % 100 == 0 {
                    drop(rx.resubscribe());
                }
            }
            results.send(passed).unwrap();
        }));
    }
    drop(rx);
    for id in 0..20_000 {
        tx.send(hooks.message(id)).unwrap();
    }
    drop(tx);
    for thread in threads {
        thread.join().unwrap();
    }
    drop(results);
    assert_eq!(all.iter().collect::<Vec<_>>(), [20_000; 3]);
    assert_eq!(hooks.alive(), 0);
}
