//! Latencies by size: sixteen buckets to each doubling, from a microsecond to twenty minutes.

use std::time::Duration;

/// A bucket is a sixteenth of a doubling wide.
const SUB_BITS: u32 = 4;
const SUB: u64 = 1 << SUB_BITS;

/// What is below 2^10 ns is in the first bucket.
const LEAST_BITS: u32 = 10;

/// What is 2^40 ns or more is in the last.
const DOUBLINGS: u32 = 30;

/// How many buckets there are. Models have no use for more than two.
pub(super) const BUCKETS: usize = if cfg!(aqueduct_loom) {
    2
} else {
    (DOUBLINGS as usize) << SUB_BITS
};

/// Where a latency belongs.
#[inline(always)]
pub(super) fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1 << LEAST_BITS);
    let doubling = nanos.ilog2();
    let sub = (nanos >> (doubling - SUB_BITS)) & (SUB - 1);
    let bucket = ((doubling - LEAST_BITS) << SUB_BITS) as usize | sub as usize;
    bucket.min(BUCKETS - 1)
}

/// Where a bucket begins, in nanoseconds.
fn begin(bucket: usize) -> u64 {
    let doubling = (bucket as u32 >> SUB_BITS) + LEAST_BITS;
    let sub = bucket as u64 & (SUB - 1);
    (SUB + sub) << (doubling - SUB_BITS)
}

#[derive(Debug)]
pub(super) struct Histogram {
    counts: Box<[u64]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS].into(),
            total: 0,
        }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, bucket: usize, count: u32) {
        self.counts[bucket] += u64::from(count);
        self.total += u64::from(count);
    }

    /// The latency that this part is no longer than, as if those in a bucket lay evenly.
    pub(super) fn quantile(&self, part: f64) -> Duration {
        let rank = part * self.total as f64;
        let mut below = 0.0;
        for (bucket, count) in self.counts.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && below + count >= rank {
                let (from, to) = (begin(bucket) as f64, begin(bucket + 1) as f64);
                let nanos = from + (to - from) * (rank - below) / count;
                return Duration::from_nanos(nanos as u64);
            }
            below += count;
        }
        Duration::ZERO
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
