//! Models of the ring with many senders, by topic, through the public handles: `mpsc` for one receiver, `mpmc` for
//! many. Each says which claim of `ring.rs` it guards, and names changes that make it fail.

mod cancel;
mod close;
mod delivery;
mod fair;
mod overflow;
mod permits;

use std::future::poll_fn;

use ::loom::thread::JoinHandle;
use aqueduct_core::model::{block_on, race_bounded as check, spawn, spawn_both};

use crate::model::{Census, Message, poll_once};
use crate::{mpmc, mpsc};

/// Two threads, each of which waits for the other.
const PREEMPTIONS: usize = 2;
/// The same with many steps.
const FEWER: usize = 1;
/// Two threads one of which does not wait, or three that only try.
const MORE: usize = 3;

/// Receives to the end, and says what came.
fn drain(rx: &mut mpsc::Receiver<Message>) -> Vec<usize> {
    block_on(async {
        let mut ids = Vec::new();
        while let Some(message) = rx.recv().await {
            ids.push(message.id);
        }
        ids
    })
}

/// As [`drain`], where there may be other receivers.
fn drain_shared(rx: &mpmc::Receiver<Message>) -> Vec<usize> {
    block_on(async {
        let mut ids = Vec::new();
        while let Some(message) = rx.recv().await {
            ids.push(message.id);
        }
        ids
    })
}

fn sorted(parts: impl IntoIterator<Item = Vec<usize>>) -> Vec<usize> {
    let mut all = parts.into_iter().flatten().collect::<Vec<_>>();
    all.sort_unstable();
    all
}
