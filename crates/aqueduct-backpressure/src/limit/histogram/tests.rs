//! Buckets and quantiles.

use proptest::prelude::*;

use super::*;

#[test]
fn buckets_follow_one_another() {
    for bucket_number in 0..BUCKETS - 1 {
        let nanos = begin(bucket_number);
        assert_eq!(bucket(nanos), bucket_number);
        assert_eq!(bucket(begin(bucket_number + 1) - 1), bucket_number);
    }
    assert_eq!(bucket(0), 0);
    assert_eq!(bucket(u64::MAX), BUCKETS - 1);
}

#[test]
fn of_nothing_all_quantiles_are_nothing() {
    assert_eq!(Histogram::default().quantile(0.5), Duration::ZERO);
}

proptest! {
    /// A quantile lies in the bucket of the true one, which is a sixteenth wide.
    #[test]
    fn quantiles_are_near(mut nanos in proptest::collection::vec(1_024u64..10_000_000_000, 1..300), part in 0.01f64..1.0) {
        let mut histogram = Histogram::default();
        nanos.iter().for_each(|nanos| histogram.add(bucket(*nanos), 1));
        nanos.sort_unstable();
        let rank = ((part * nanos.len() as f64).ceil() as usize).max(1) - 1;
        let truth = nanos[rank] as f64;
        let found = histogram.quantile(part).as_nanos() as f64;
        prop_assert!((found / truth - 1.0).abs() < 0.07, "{found} for {truth}");
    }
}
