//! Items that may be errors.

use std::future::poll_fn;
use std::pin::pin;

use aqueduct_resilience::Backoff;
use aqueduct_stream::{Flow, Source, empty, iter, restart, retry};

use crate::kit::{Tracked, holds, holds_of, stream_of};

type Item = Result<Tracked, Tracked>;

/// Every third is an error.
fn results(flow: Flow<impl Source<Item = Tracked>>) -> Flow<impl Source<Item = Item>> {
    flow.map(|item| {
        if item.number % 3 == 2 {
            Err(item)
        } else {
            Ok(item)
        }
    })
}

#[test]
fn stages_of_results_hold_nothing() {
    holds(0, |s| results(s).map_ok(|item| item));
    holds(0, |s| results(s).map_err(|error| error));
    holds(0, |s| results(s).try_map(Ok));
    holds(0, |s| results(s).try_filter(|_| Ok(false)));
    holds(0, |s| results(s).take_while_ok());
    holds(0, |s| results(s).recover(Some));
    holds(0, |s| results(s).errors_to(drop));
    holds(0, |s| results(s).ok_only());
}

#[test]
fn streams_made_anew_hold_nothing() {
    holds(0, |s| results(s).recover_with(|_| empty::<Item>()));
    holds(0, |s| results(s).recover_with(|error| iter([Err(error)])));
    holds_of(0, |alive| {
        let alive = alive.clone();
        retry(Backoff::none(), 3, move || results(stream_of(&alive))).take(20)
    });
    holds_of(0, |alive| {
        let alive = alive.clone();
        restart(Backoff::none(), move || stream_of(&alive)).take(50)
    });
}

#[tokio::test]
async fn try_for_each_is_strict() {
    // Dropped after any number of polls, what was taken has been handled.
    for polls in 0..20 {
        let source = iter(0..20).then(|n| async move {
            tokio::task::yield_now().await;
            Ok::<u32, ()>(n)
        });
        // An async block cannot be moved, so it is pinned where it is.
        let mut source = pin!(source);
        let mut seen = Vec::new();
        {
            let run = Flow::new(source.as_mut()).try_for_each(|n| {
                seen.push(n);
                Ok(())
            });
            let mut run = pin!(run);
            let mut left = polls;
            poll_fn(|cx| {
                if left == 0 {
                    return std::task::Poll::Ready(());
                }
                left -= 1;
                run.as_mut().poll(cx).map(drop)
            })
            .await;
        }
        let rest: Vec<_> = Flow::new(source).try_collect().await.unwrap();
        seen.extend::<Vec<u32>>(rest);
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    }
}
