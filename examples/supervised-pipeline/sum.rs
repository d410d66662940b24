//! The last stage: counts of batches to the sum of all.
//!
//! The sum is not the child's: it is outside, beside the set of those batches that are in it. In a program that has to survive
//! the death of its process both would be in a database, and [`commit`] one transaction there; here they are behind a lock.
//! That a batch comes twice (who added it up died before he could say so) changes nothing then.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use aqueduct_supervision::{ChildContext, ChildRef, Failure};

use crate::book::Id;
use crate::desk::Lease;
use crate::faults::{Place, Site, Stage};
use crate::shop::{Batch, Shop};
use crate::tally::Counts;

/// The sum, and what is in it.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) counts: Counts,
    counted: HashSet<Id>,
    /// How many times a batch came that was in it.
    pub(crate) twice: u64,
}

/// What was made of a batch, and the right to add it up.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) lease: Lease<Batch>,
    pub(crate) counts: Counts,
}

/// How many are added up at once, if so many are there.
const GATHERED_MAX: usize = 8;

/// Asked to stop, it adds up what was counted until then. Readers have stopped by that time.
pub(crate) async fn run(cx: ChildContext, shop: Arc<Shop>) -> Result<(), Failure> {
    let me = cx.child();
    loop {
        let first = match cx.scope().run(shop.next_counted()).await {
            Ok(Some(first)) => first,
            Ok(None) => return Ok(()),
            Err(stopped) => match shop.to_sum.1.try_recv() {
                Ok(left) => left,
                Err(_) => return Err(stopped.into()),
            },
        };
        let mut gathered = vec![first];
        while gathered.len() < GATHERED_MAX
            && let Ok(next) = shop.to_sum.1.try_recv()
        {
            gathered.push(next);
        }
        add_up(&me, &shop, gathered).await?;
    }
}

async fn add_up(me: &ChildRef, shop: &Shop, gathered: Vec<Counted>) -> Result<(), Failure> {
    for Counted { lease, .. } in &gathered {
        lease.hold(me);
        shop.faults.strike(site(lease, Place::Before)).await?;
    }
    // With all of them in hand.
    for Counted { lease, .. } in &gathered {
        shop.faults.strike(site(lease, Place::Amid)).await?;
    }
    let added = commit(&shop.sum, gathered);
    // All are in the sum, and the book has not heard of it.
    for lease in &added {
        shop.faults.strike(site(lease, Place::After)).await?;
    }
    for lease in added {
        lease.done();
    }
    Ok(())
}

/// Adds up what is not in the sum yet. Nothing in here waits or fails.
fn commit(sum: &Mutex<Sum>, gathered: Vec<Counted>) -> Vec<Lease<Batch>> {
    let mut sum = sum.lock().expect("nobody panics while he adds");
    let mut added = Vec::with_capacity(gathered.len());
    for Counted { lease, counts } in gathered {
        if sum.counted.insert(lease.id()) {
            sum.counts.merge(counts);
        } else {
            sum.twice += 1;
        }
        added.push(lease);
    }
    added
}

fn site(lease: &Lease<Batch>, place: Place) -> Site {
    Site {
        stage: Stage::Tally,
        place,
        item: lease.work().key,
        handing: lease.handing(),
    }
}

#[cfg(test)]
mod tests;
