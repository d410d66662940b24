//! Ends a program whose case hangs.
//!
//! A lost wake-up (of a peer's, or of ours) would leave the run waiting for ever. A thread that sleeps on a condition
//! variable costs nothing while rounds go by; a timer inside the runtime would be polled by what is measured.

use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any round takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The exit code of a run that was ended here.
const EXIT_HUNG: i32 = 3;

pub(crate) struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    /// What is being run, and since when it is too late; `None` between rounds.
    watched: Mutex<Option<(String, Instant)>>,
    changed: Condvar,
}

impl Watchdog {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared {
            watched: Mutex::new(None),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || theirs.watch());
        Watchdog { shared }
    }

    /// Runs `round`, ending the program if it does not return in time.
    pub(crate) fn guard<R>(&self, label: String, round: impl FnOnce() -> R) -> R {
        *self.shared.lock() = Some((label, Instant::now() + PATIENCE));
        self.shared.changed.notify_one();
        let result = round();
        *self.shared.lock() = None;
        result
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<(String, Instant)>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut watched = self.lock();
        loop {
            let left = match &*watched {
                Some((label, late)) => match late.checked_duration_since(Instant::now()) {
                    Some(left) => left,
                    None => bark(label),
                },
                None => PATIENCE,
            };
            let waited = self.changed.wait_timeout(watched, left);
            watched = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn bark(label: &str) -> ! {
    eprintln!("{label} hangs: no result after {} s.", PATIENCE.as_secs());
    eprintln!("The report holds the groups that were finished before it.");
    process::exit(EXIT_HUNG)
}
