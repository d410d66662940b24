//! What goes wrong on purpose, and where.
//!
//! Whether something goes wrong is a function of the seed, the stage, the place, the item, and how many times the item was
//! handed out; of nothing else. So each item meets the same at its first handing out in every run, in whatever order items
//! come; and what has failed once need not fail again. (How often an item is handed out is not the same in every run: that
//! depends on who has it in hand when another item kills him.)
//!
//! | place | what may happen there |
//! |---|---|
//! | before the work, with the item in hand | a panic, an error, or a stall: it waits for ever, and does not listen |
//! | amid the work, for walker and readers on a thread | a panic |
//! | after it: the work is done, and nobody knows yet | a panic, an error |

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::future::pending;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Walker,
    Reader,
    Tally,
}

/// Where in its work on an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Before,
    Amid,
    After,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    Panic,
    Error,
    Stall,
}

/// An item, by what does not change from run to run: names, and no numbers that depend on who was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u64);

/// All that decides whether something goes wrong.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct Site {
    pub(crate) stage: Stage,
    pub(crate) place: Place,
    pub(crate) item: Key,
    pub(crate) handing: u32,
}

/// What goes wrong in a run, and how often it did.
#[derive(Debug)]
pub(crate) struct Faults {
    rate: f64,
    seed: u64,
    panics: AtomicU64,
    errors: AtomicU64,
    stalls: AtomicU64,
}

/// How many times what went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Struck {
    pub(crate) panics: u64,
    pub(crate) errors: u64,
    pub(crate) stalls: u64,
}

/// An error that was injected.
#[derive(Debug)]
pub(crate) struct Injected(Site);

const INJECTED: &str = "injected";

impl Faults {
    /// Something goes wrong at so many of the places that are passed, from 0 to 1.
    pub(crate) fn new(rate: f64, seed: u64) -> Self {
        Self {
            rate,
            seed,
            panics: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            stalls: AtomicU64::new(0),
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    pub(crate) fn struck(&self) -> Struck {
        Struck {
            panics: self.panics.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            stalls: self.stalls.load(Ordering::Relaxed),
        }
    }

    /// What goes wrong at this site.
    fn draw(&self, site: Site) -> Option<Fault> {
        let bits = hash(&(self.seed, site));
        let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        if fraction >= self.rate {
            return None;
        }
        // The low bits, which have no part in the fraction.
        let fault = match (site.place, bits % 8) {
            (Place::Amid, _) => Fault::Panic,
            (Place::Before, 0) => Fault::Stall,
            (_, 0..=2) => Fault::Error,
            _ => Fault::Panic,
        };
        Some(fault)
    }

    /// Lets go wrong what does here. A stall is never over: only who drops this ends it.
    pub(crate) async fn strike(&self, site: Site) -> Result<(), Injected> {
        match self.draw(site) {
            None => Ok(()),
            Some(Fault::Panic) => self.panic(site),
            Some(Fault::Error) => {
                self.errors.fetch_add(1, Ordering::Relaxed);
                Err(Injected(site))
            }
            Some(Fault::Stall) => {
                self.stalls.fetch_add(1, Ordering::Relaxed);
                pending().await
            }
        }
    }

    /// The same amid the work, where it is a panic or nothing.
    pub(crate) fn strike_amid(&self, stage: Stage, item: Key, handing: u32) {
        let site = Site {
            stage,
            place: Place::Amid,
            item,
            handing,
        };
        if self.draw(site).is_some() {
            self.panic(site);
        }
    }

    fn panic(&self, site: Site) -> ! {
        self.panics.fetch_add(1, Ordering::Relaxed);
        panic!("{}", Injected(site));
    }
}

impl Key {
    /// Of a root: the how manieth it is.
    pub(crate) fn root(number: usize) -> Self {
        Self(hash(&number))
    }

    /// Of what is inside of an item and has a name.
    pub(crate) fn named(self, name: Option<&OsStr>) -> Self {
        Self(hash(&(self.0, name)))
    }

    /// Of what is inside of an item and has a number.
    pub(crate) fn numbered(self, number: usize) -> Self {
        Self(hash(&(self.0, number)))
    }
}

/// The standard library's hash, without the random seed that its maps give it.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Keeps panics that were injected from being printed: they are expected, and told as events. Others are printed as ever.
///
/// To be called before there is a supervisor, which adds its own to the hook that it finds.
pub(crate) fn keep_quiet() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let message = info.payload().downcast_ref::<String>();
        if !message.is_some_and(|message| message.starts_with(INJECTED)) {
            print(info);
        }
    }));
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.0.place {
            Place::Before => "before",
            Place::Amid => "amid",
            Place::After => "after",
        };
        let stage = self.0.stage;
        write!(
            f,
            "{INJECTED} {place} the work of the {stage} on an item, handing out {}",
            self.0.handing
        )
    }
}

impl Error for Injected {}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Walker => "walker",
            Self::Reader => "reader",
            Self::Tally => "tally",
        })
    }
}

#[cfg(test)]
mod tests;
