//! What is lost when the end of a stream is dropped, after every number of polls: what has left the source, and was not seen.

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Waker};

use aqueduct_stream::{Boxed, Flow, iter};
use tokio::task::yield_now;

type Numbers = Flow<Boxed<'static, usize>>;

/// 20 of them, with a pause before every fifth.
fn numbers() -> Numbers {
    let numbers = iter(0..20).then(|n| async move {
        if n % 5 == 0 {
            yield_now().await;
        }
        n
    });
    numbers.boxed()
}

/// Asserts that so many items are lost at most, and at some time.
async fn loses(bound: usize, end: impl AsyncFn(Flow<&mut Numbers>, &RefCell<Vec<usize>>)) {
    let mut most = 0;
    for polls in 0..60 {
        let mut items = numbers();
        let seen = RefCell::default();
        {
            let mut end = pin!(end(items.by_ref(), &seen));
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if end.as_mut().poll(&mut cx).is_ready() {
                    break;
                }
            }
        }
        let rest = items.count().await;
        let lost = 20 - seen.borrow().len() - rest;
        assert!(lost <= bound, "{lost} are lost after {polls} polls");
        most = most.max(lost);
    }
    assert_eq!(most, bound, "less is lost than is stated");
}

#[tokio::test]
async fn strict_ends_lose_nothing() {
    loses(0, async |s, seen| {
        s.for_each(|n| seen.borrow_mut().push(n)).await;
    })
    .await;
    loses(0, async |s, seen| {
        let see = |n| {
            seen.borrow_mut().push(n);
            Ok::<_, ()>(())
        };
        s.map(Ok)
            .try_for_each(see)
            .await
            .expect("there is no error");
    })
    .await;
}

#[tokio::test]
async fn ends_that_wait_lose_what_they_wait_for() {
    loses(1, async |s, seen| {
        s.for_each_async(|n| async move {
            yield_now().await;
            seen.borrow_mut().push(n);
        })
        .await;
    })
    .await;
    loses(1, async |s, seen| {
        let see = |n| async move {
            yield_now().await;
            seen.borrow_mut().push(n);
            Ok::<_, ()>(())
        };
        let seen_all = s.map(Ok).try_for_each_async(see).await;
        seen_all.expect("there is no error");
    })
    .await;
}

/// All that has come, but the last five, which come with the end.
#[tokio::test]
async fn ends_that_make_a_value_lose_all_of_it() {
    fn add(mut all: Vec<usize>, n: usize) -> Vec<usize> {
        all.push(n);
        all
    }
    loses(15, async |s, seen| {
        let all = s.fold(Vec::new(), add).await;
        seen.replace(all);
    })
    .await;
    loses(15, async |s, seen| {
        let all = s
            .map(Ok::<_, ()>)
            .try_fold(Vec::new(), |all, n| Ok(add(all, n)));
        seen.replace(all.await.expect("there is no error"));
    })
    .await;
    loses(15, async |s, seen| {
        let all = s.collect().await;
        seen.replace(all);
    })
    .await;
    loses(15, async |s, seen| {
        let all = s.map(Ok::<_, ()>).try_collect().await;
        seen.replace(all.expect("there is no error"));
    })
    .await;
    loses(15, async |s, seen| {
        let count = s.count().await;
        seen.replace((0..count).collect());
    })
    .await;
}
