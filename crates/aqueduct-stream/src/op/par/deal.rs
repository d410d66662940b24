//! Items dealt to workers that have a queue each.

use std::pin::pin;

use aqueduct_channel::spsc;

use crate::feed::pull_chunk;
use crate::flow::Flow;
use crate::source::{CHUNK, Source};

/// Jobs that wait for a worker beside the one that it handles.
pub(super) const WAITING: usize = 2;

/// Deals to each queue in turn. Pulls no more than there is room for where it is dealt to.
pub(super) async fn in_turn<S: Source>(source: Flow<S>, mut queues: Vec<spsc::Sender<S::Item>>) {
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    let mut turn = 0;
    loop {
        // The permit is given back: this is the only sender, so the room stays.
        if queues[turn].reserve().await.is_err() {
            return;
        }
        let (before, from) = queues.split_at(turn);
        let in_order = from.iter().chain(before).take(CHUNK);
        let room = in_order.take_while(|queue| queue.capacity() > 0).count();
        // What has room by now was not looked at where the first was waited for.
        let pulled = pull_chunk(source.as_mut(), &mut chunk, room.max(1)).await;
        for item in chunk.drain(..) {
            if queues[turn].try_send(item).is_err() {
                return;
            }
            turn = (turn + 1) % queues.len();
        }
        if !pulled.goes_on() {
            return;
        }
    }
}

/// Deals to the queue that `choose` says, waiting for room there.
pub(super) async fn by_choice<S, C>(
    source: Flow<S>,
    mut queues: Vec<spsc::Sender<S::Item>>,
    mut choose: C,
) where
    S: Source,
    C: FnMut(&S::Item, usize) -> usize,
{
    let mut source = pin!(source);
    let mut chunk = Vec::new();
    loop {
        let room = queues.len().min(CHUNK);
        let pulled = pull_chunk(source.as_mut(), &mut chunk, room).await;
        for item in chunk.drain(..) {
            let chosen = choose(&item, queues.len());
            if queues[chosen].send(item).await.is_err() {
                return;
            }
        }
        if !pulled.goes_on() {
            return;
        }
    }
}
