//! The second stage: a batch of entries to counts. There are several of it.

use std::sync::Arc;

use aqueduct_cancel::CancelScope;
use aqueduct_supervision::{ChildContext, Failure};

use crate::faults::{Faults, Place, Site, Stage};
use crate::read::{FileCounter, Uncounted};
use crate::shop::{Batch, Shop, on_thread};
use crate::sum::Counted;
use crate::tally::Counts;
use crate::walk::Found;

/// Asked to stop, it counts the batch that it has to the end, and gives it on.
pub(crate) async fn run(cx: ChildContext, shop: Arc<Shop>) -> Result<(), Failure> {
    let me = cx.child();
    // Not the child's own scope, which is cancelled when it is asked to stop: this one is when it is no more.
    let dropped = CancelScope::new();
    let _guard = dropped.drop_guard_ref();
    let mut counter = FileCounter::new(dropped.clone());
    while let Some(lease) = cx.scope().run(shop.next_batch()).await? {
        lease.hold(&me);
        let (item, handing) = (lease.work().key, lease.handing());
        let site = |place| Site {
            stage: Stage::Reader,
            place,
            item,
            handing,
        };
        shop.faults.strike(site(Place::Before)).await?;
        let work = {
            let (shop, batch) = (shop.clone(), lease.work().clone());
            move || {
                let counts = count(&batch, &mut counter, &shop.faults, handing);
                (counts, counter)
            }
        };
        let (counts, back) = on_thread("count", work).await;
        counter = back;
        let Some(counts) = counts else {
            return Ok(());
        };
        shop.faults.strike(site(Place::After)).await?;
        // The tally may be busy, or dead: that is nothing to be killed for.
        lease.put_down();
        if shop.to_sum.0.send(Counted { lease, counts }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Counts a batch; nothing if who wanted it is no more. Blocks.
fn count(
    batch: &Batch,
    counter: &mut FileCounter,
    faults: &Faults,
    handing: u32,
) -> Option<Counts> {
    let mut counts = Counts::default();
    for (at, entry) in batch.entries.iter().enumerate() {
        if at == batch.entries.len() / 2 {
            faults.strike_amid(Stage::Reader, batch.key, handing);
        }
        add(entry, counter, &mut counts)?;
    }
    Some(counts)
}

/// Adds the figures of an entry to `counts`; stops where the counter is told to.
pub(crate) fn add(entry: &Found, counter: &mut FileCounter, counts: &mut Counts) -> Option<()> {
    match entry {
        Found::File(path, _) => match counter.count(path, counts) {
            Ok(_) => {}
            Err(Uncounted::Skipped(why)) => counts.skip(why),
            Err(Uncounted::Stopped) => return None,
        },
        Found::Skipped(why) => counts.skip(why.clone()),
        Found::LeftOut => counts.left_out += 1,
    }
    Some(())
}
