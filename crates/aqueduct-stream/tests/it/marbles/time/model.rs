//! What gathers items, beside what plain loops over a slice do.

use std::time::Duration;

use aqueduct_stream::{Flow, Source, from_stream, iter};
use futures_util::stream;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::kit::paused;

/// All that comes, asked for a few at a time.
fn all<S: Source + Unpin>(mut flow: Flow<S>, limit: usize) -> Vec<S::Item> {
    paused(async {
        let mut items = Vec::new();
        while flow.next_many(&mut items, limit).await > 0 {}
        items
    })
}

/// Items with pauses of a few milliseconds, here and there.
fn with_pauses(items: Vec<(usize, bool)>) -> Flow<impl Source<Item = usize> + Unpin> {
    let stream = stream::unfold(items.into_iter(), async |mut items| {
        let (item, waits) = items.next()?;
        if waits {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        Some((item, items))
    });
    from_stream(Box::pin(stream))
}

/// Batches by count and weight.
fn by_weight(items: &[usize], size: usize, weight_max: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for item in items {
        let sum = |batch: &[usize]| batch.iter().sum::<usize>();
        match batches.last_mut() {
            Some(last)
                if last.len() < size
                    && sum(last) < weight_max
                    && sum(last) + item <= weight_max =>
            {
                last.push(*item);
            }
            _ => batches.push(vec![*item]),
        }
    }
    batches
}

proptest! {
    #[test]
    fn chunks_are_a_slices(len in 0..300_usize, size in 1..80_usize, limit in 1..5_usize) {
        let items: Vec<usize> = (0..len).collect();
        let batches = all(iter(items.clone()).chunks(size), limit);
        prop_assert_eq!(batches, items.chunks(size).map(<[_]>::to_vec).collect::<Vec<_>>());
    }

    #[test]
    fn windows_are_a_slices(
        len in 0..200_usize,
        size in 1..20_usize,
        step in 1..30_usize,
        limit in 1..5_usize,
    ) {
        let items: Vec<usize> = (0..len).collect();
        let windows = all(iter(items.clone()).sliding(size, step), limit);
        let slices = items.windows(size).step_by(step).map(<[_]>::to_vec);
        prop_assert_eq!(windows, slices.collect::<Vec<_>>());
    }

    #[test]
    fn weights_are_added_up(
        items in vec(0..20_usize, 0..200),
        size in 1..10_usize,
        weight_max in 0..30_usize,
        limit in 1..5_usize,
    ) {
        let flow = iter(items.clone()).batch(size, Duration::MAX);
        let batches = all(flow.with_weight(weight_max, |item| *item), limit);
        prop_assert_eq!(batches, by_weight(&items, size, weight_max));
    }

    /// However time cuts them, nothing is lost or turned round, and no limit is passed.
    #[test]
    fn nothing_is_lost_to_time(
        items in vec((0..20_usize, any::<bool>()), 0..60),
        size in 1..10_usize,
        millis in 0..12_u64,
        limit in 1..5_usize,
    ) {
        let sent: Vec<usize> = items.iter().map(|(item, _)| *item).collect();
        let wait = Duration::from_millis(millis);
        let flow = || with_pauses(items.clone());
        let gathered = [
            all(flow().batch(size, wait), limit),
            all(flow().session(wait, size), limit),
            all(flow().window(wait + Duration::from_millis(1), size), limit),
            all(flow().batch(size, wait).with_weight(25, |item| *item), limit),
        ];
        for batches in gathered {
            prop_assert!(batches.iter().all(|batch| (1..=size).contains(&batch.len())));
            prop_assert_eq!(&batches.concat(), &sent);
        }
        prop_assert_eq!(all(flow().delay(wait, size), limit), sent);
    }
}
