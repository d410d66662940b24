//! Small numbers for threads, by which each finds a part of its own in what is divided among them.

#[cfg(not(aqueduct_loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// This thread's number. Threads that are made one after another have numbers that follow one another, so that those of
/// one runtime share nothing as long as there are as many parts.
///
/// None in a thread that goes away and has lost its own by then, as may be where thread-locals have destructors.
#[cfg(not(aqueduct_loom))]
#[inline]
pub fn try_number() -> Option<usize> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.try_with(|number| *number).ok()
}

/// As [`try_number`], for who needs some number and not one that is its own: a thread that goes away takes any.
#[inline]
pub fn number() -> usize {
    try_number().unwrap_or(0)
}

/// This thread's number in a model, where it must be the same in every execution.
#[cfg(aqueduct_loom)]
pub fn try_number() -> Option<usize> {
    let name = format!("{:?}", loom::thread::current().id());
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
