//! The groups of the report, one file a family.

mod actors;
mod actors_idle;
mod batch;
mod broadcast;
mod bytes;
mod cancel;
mod guard;
mod latency;
mod million;
mod mpmc;
mod mpsc;
mod nested;
mod oneshot;
mod payload;
mod permit;
mod pingpong;
mod pump;
mod ratelimit;
mod rendezvous;
mod spawn_join;
mod spmc;
mod spsc;
mod stream_batch;
mod streams;
mod supervisors;
mod try_pair;
mod unbounded;
mod writers;

use crate::harness::Bench;

/// Every bench there is, in the order of the report.
pub(crate) fn all() -> Vec<Bench> {
    let families = [
        spsc::benches(),
        batch::benches(),
        payload::benches(),
        mpsc::benches(),
        unbounded::benches(),
        spmc::benches(),
        mpmc::benches(),
        rendezvous::benches(),
        broadcast::benches(),
        oneshot::benches(),
        pingpong::benches(),
        latency::benches(),
        try_pair::benches(),
        bytes::benches(),
        spawn_join::benches(),
        cancel::benches(),
        guard::benches(),
        million::benches(),
        nested::benches(),
        permit::benches(),
        ratelimit::benches(),
        streams::benches(),
        stream_batch::benches(),
        writers::benches(),
        actors::benches(),
        actors_idle::benches(),
        supervisors::benches(),
    ];
    families.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
