//! The first stage: directories to batches of entries, and to further directories.
//!
//! An item is one directory. What is found in it becomes work in [`commit`], all at once: a walker that dies before has found
//! nothing, and the directory is listed again; one that dies after it has batches in hand, whose leases go back by themselves.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aqueduct_supervision::{ChildContext, Failure};

use crate::desk::Lease;
use crate::faults::{Key, Place, Site, Stage};
use crate::shop::{Batch, Directory, Shop, on_thread};
use crate::walk::{Found, list};

/// A batch has files of so many bytes, if it is not one that is larger, and no more than so many entries.
const BATCH_BYTES: usize = 1024 * 1024;
const BATCH_LEN: usize = 64;

/// What is in a directory.
#[derive(Debug)]
struct Listed {
    batches: Vec<Batch>,
    below: Vec<Directory>,
}

pub(crate) async fn run(cx: ChildContext, shop: Arc<Shop>) -> Result<(), Failure> {
    let me = cx.child();
    while let Some(lease) = cx.scope().run(shop.next_directory()).await? {
        lease.hold(&me);
        let (item, handing) = (lease.work().key, lease.handing());
        let site = |place| Site {
            stage: Stage::Walker,
            place,
            item,
            handing,
        };
        shop.faults.strike(site(Place::Before)).await?;
        let listed = {
            let (shop, directory) = (shop.clone(), lease.work().clone());
            on_thread("list", move || listed(&shop, &directory, handing)).await
        };
        let batches = commit(&shop, lease, listed);
        shop.faults.strike(site(Place::After)).await?;
        for batch in batches {
            if shop.to_read.0.send(batch).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What was found becomes work, and the directory is done. Nothing in here waits or fails.
fn commit(shop: &Shop, directory: Lease<Directory>, listed: Listed) -> Vec<Lease<Batch>> {
    for below in listed.below {
        shop.directories.put(shop.directories.add(below));
    }
    let batches = listed.batches.into_iter();
    let batches = batches.map(|batch| shop.batches.add(batch)).collect();
    directory.done();
    batches
}

/// Lists a directory. Blocks.
fn listed(shop: &Shop, directory: &Directory, handing: u32) -> Listed {
    let (mut entries, mut below) = (Vec::new(), Vec::new());
    let _ = list(&shop.roots, &directory.path, &mut below, &mut |found| {
        if entries.is_empty() {
            shop.faults
                .strike_amid(Stage::Walker, directory.key, handing);
        }
        entries.push(found);
        ControlFlow::Continue(())
    });
    let to_list = |path: PathBuf| Directory {
        key: directory.key.named(path.file_name()),
        path,
    };
    Listed {
        batches: batches(entries, directory.key),
        below: below.into_iter().map(to_list).collect(),
    }
}

/// Parts entries. In the order of their names, so that batches are the same in each run.
fn batches(mut entries: Vec<Found>, of: Key) -> Vec<Batch> {
    entries.sort_unstable_by(|a, b| path(a).cmp(&path(b)));
    let mut batches: Vec<Batch> = Vec::new();
    let mut weight = usize::MAX;
    for entry in entries {
        weight = weight.saturating_add(entry.weight());
        match batches.last_mut() {
            Some(batch) if weight <= BATCH_BYTES && batch.entries.len() < BATCH_LEN => {
                batch.entries.push(entry);
            }
            _ => {
                weight = entry.weight();
                batches.push(Batch {
                    key: of.numbered(batches.len()),
                    entries: vec![entry],
                });
            }
        }
    }
    batches
}

fn path(found: &Found) -> Option<&Path> {
    match found {
        Found::File(path, _) => Some(path),
        Found::Skipped(_) | Found::LeftOut => None,
    }
}

#[cfg(test)]
mod tests;
