//! What the tests of this crate share.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

type Hook = Box<dyn FnMut() + Send>;

/// A waker that counts what is done with it, and runs hooks.
#[derive(Default)]
pub(crate) struct Probe {
    clones: AtomicUsize,
    wakes: AtomicUsize,
    hooks: Mutex<Hooks>,
}

#[derive(Default)]
struct Hooks {
    wake: Option<Hook>,
    clone: Option<Hook>,
    drop: Option<Hook>,
}

impl Probe {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        // SAFETY: the table below treats its data as an `Arc<Probe>`, which is Send and Sync.
        unsafe { Waker::from_raw(RawWaker::new(Arc::into_raw(self.clone()).cast(), &TABLE)) }
    }

    /// How often a waker was cloned.
    pub(crate) fn clones(&self) -> usize {
        self.clones.load(Ordering::SeqCst)
    }

    /// How often a waker was called, by value or by reference.
    pub(crate) fn wakes(&self) -> usize {
        self.wakes.load(Ordering::SeqCst)
    }

    /// How many wakers there are: made or cloned, and neither dropped nor called by value.
    pub(crate) fn alive(self: &Arc<Self>) -> usize {
        Arc::strong_count(self) - 1
    }

    /// Runs on each wake, but not within itself, until it panics.
    pub(crate) fn on_wake(&self, hook: impl FnMut() + Send + 'static) {
        self.hooks.lock().unwrap().wake = Some(Box::new(hook));
    }

    /// Runs once, on the next clone.
    pub(crate) fn on_clone(&self, hook: impl FnMut() + Send + 'static) {
        self.hooks.lock().unwrap().clone = Some(Box::new(hook));
    }

    /// Runs once, on the next drop.
    pub(crate) fn on_drop(&self, hook: impl FnMut() + Send + 'static) {
        self.hooks.lock().unwrap().drop = Some(Box::new(hook));
    }

    /// Lets go of the hooks, and so of what they hold.
    pub(crate) fn clear(&self) {
        // They may hold wakers, whose drop takes the lock.
        let hooks = std::mem::take(&mut *self.hooks.lock().unwrap());
        drop(hooks);
    }

    fn woken(&self) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        // Taken out while it runs, so that it may wake again; gone if it panics.
        let hook = self.hooks.lock().unwrap().wake.take();
        if let Some(mut hook) = hook {
            hook();
            self.hooks.lock().unwrap().wake.get_or_insert(hook);
        }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: the data is an `Arc<Probe>` that the waker holds.
        let probe = unsafe { &*data.cast::<Probe>() };
        probe.clones.fetch_add(1, Ordering::SeqCst);
        let hook = probe.hooks.lock().unwrap().clone.take();
        if let Some(mut hook) = hook {
            hook();
        }
        // SAFETY: as above. After the hook, which may panic.
        unsafe { Arc::increment_strong_count(data.cast::<Probe>()) };
        RawWaker::new(data, &TABLE)
    },
    |data| {
        // SAFETY: as above, and this waker is used up.
        let probe = unsafe { Arc::from_raw(data.cast::<Probe>()) };
        probe.woken();
    },
    |data| {
        // SAFETY: as above.
        unsafe { &*data.cast::<Probe>() }.woken();
    },
    |data| {
        // SAFETY: as above, and this waker is used up.
        let probe = unsafe { Arc::from_raw(data.cast::<Probe>()) };
        let hook = probe.hooks.lock().unwrap().drop.take();
        if let Some(mut hook) = hook {
            hook();
        }
    },
);

/// How long a wake may take before a test says that it was lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a future on this thread, and panics if nobody wakes it for too long.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let unparker = Arc::new(Unparker {
        thread: thread::current(),
        woken: AtomicUsize::new(0),
    });
    let waker = Waker::from(unparker.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let asleep_since = Instant::now();
        while unparker.woken.swap(0, Ordering::SeqCst) == 0 {
            assert!(asleep_since.elapsed() < PATIENCE, "a wake was lost");
            thread::park_timeout(PATIENCE);
        }
    }
}

/// Runs a future on this thread, which never sleeps: for tests that want many polls a second.
pub(crate) fn spin_on<F: Future>(future: F) -> F::Output {
    struct Flag(AtomicUsize);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(1, Ordering::Relaxed);
        }
    }
    let flag = Arc::new(Flag(AtomicUsize::new(0)));
    let waker = Waker::from(flag.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        spin_until(|| flag.0.swap(0, Ordering::Relaxed) == 1);
    }
}

/// For tests of two threads that spin: one at a time.
pub(crate) fn two_cores() -> impl Drop {
    static CORES: Mutex<()> = Mutex::new(());
    CORES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spins until something is true, and panics if that takes too long.
pub(crate) fn spin_until(mut is_true: impl FnMut() -> bool) {
    let mut spins = 0u32;
    let mut since = None;
    while !is_true() {
        spins += 1;
        std::hint::spin_loop();
        if spins.is_multiple_of(256) {
            let since = since.get_or_insert_with(Instant::now);
            assert!(since.elapsed() < PATIENCE, "a wake was lost");
            thread::yield_now();
        }
    }
}

struct Unparker {
    thread: Thread,
    woken: AtomicUsize,
}

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.woken.store(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// A small generator of random numbers (xorshift), so that a failure can be had again from its seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
