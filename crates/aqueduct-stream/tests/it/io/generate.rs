//! Streams of async closures.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use aqueduct_stream::{CHUNK, Flow, Yielder, from_fn, generate, iter, try_generate, unfold};
use futures_util::FutureExt;
use tokio::task::yield_now;

use crate::kit::{TICK, marble::paused, play};

#[test]
fn a_chunk_is_what_is_yielded_without_waiting() {
    let played = paused(async {
        let flow = generate(async |mut yielder: Yielder<char>| {
            yielder.give('a').await;
            tokio::time::sleep(TICK).await;
            yielder.give('b').await;
            yielder.give('c').await;
            tokio::time::sleep(TICK * 2).await;
            yielder.give('d').await;
            tokio::time::sleep(TICK).await;
        });
        play(flow).await
    });
    assert_eq!(played, "a(bc)-d|");
    assert_eq!(
        paused(play(generate(async |_: Yielder<char>| {}))),
        "|",
        "one that yields nothing"
    );
}

#[test]
fn an_error_is_the_last_item() {
    for (fails, timeline) in [(true, "(ab)(c!x|)"), (false, "(ab)(c|)")] {
        let played = paused(async {
            let flow = try_generate(async move |mut yielder: Yielder<char>| {
                yielder.give('a').await;
                yielder.give('b').await;
                tokio::time::sleep(TICK).await;
                yielder.give('c').await;
                if fails { Err('x') } else { Ok(()) }
            });
            play(flow).await
        });
        assert_eq!(played, timeline);
    }
}

#[tokio::test]
async fn nothing_is_lost_however_it_is_pulled() {
    for limit in [1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 1000] {
        let flow = generate(async |mut yielder| {
            for n in 0..300 {
                yielder.give(n).await;
                if n % 7 == 0 {
                    yield_now().await;
                }
            }
        });
        let mut flow = pin!(flow);
        let mut items = Vec::new();
        loop {
            let many = std::future::poll_fn(|cx| flow.as_mut().poll_many(cx, &mut items, limit));
            if many.await == 0 {
                break;
            }
        }
        assert_eq!(items, (0..300).collect::<Vec<_>>());
    }
}

#[test]
fn the_closure_goes_no_further_than_there_is_demand() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let flow = generate(async move |mut yielder| {
        loop {
            let n = count.fetch_add(1, Ordering::SeqCst);
            yielder.give(n).await;
        }
    });
    let mut flow = pin!(flow);
    let mut cx = Context::from_waker(Waker::noop());
    for n in 0..50 {
        assert_eq!(flow.as_mut().poll_item(&mut cx), Poll::Ready(Some(n)));
        // The next one is made, and waits in the closure.
        assert_eq!(made.load(Ordering::SeqCst), n + 2);
    }
}

#[tokio::test]
async fn a_chunk_that_is_broken_off_keeps_its_rest() {
    let flow = generate(async |mut yielder| {
        for n in 0..10 {
            yielder.give(n).await;
        }
    });
    let mut flow = Box::pin(flow);
    let head: Vec<i32> = Flow::new(flow.as_mut())
        .take_while(|n| *n < 3)
        .collect()
        .await;
    assert_eq!(head, [0, 1, 2]);
    let rest: Vec<i32> = Flow::new(flow.as_mut()).collect().await;
    assert_eq!(rest, [4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn a_yielder_works_from_another_task() {
    let flow = generate(async |mut yielder: Yielder<u32>| {
        let task = tokio::spawn(async move {
            for n in 0..500 {
                yielder.give(n).await;
                if n % 11 == 0 {
                    yield_now().await;
                }
            }
        });
        task.await.unwrap();
    });
    assert_eq!(flow.collect::<Vec<_>>().await, (0..500).collect::<Vec<_>>());

    // It is not stopped by a stream that has gone.
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let flow = generate(async |yielder: Yielder<u32>| {
        let _ = sender.send(yielder);
        std::future::pending::<()>().await;
    });
    {
        let mut flow = pin!(flow);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(flow.as_mut().poll_item(&mut cx).is_pending());
    }
    receiver.await.unwrap().give(1).await;
}

/// While a chunk is on its way, a part of it in the hands of who passes it on, there is no more room than before.
#[test]
fn a_yielder_on_another_task_never_passes_its_room() {
    let mut cx = Context::from_waker(Waker::noop());
    for limit in [1, 4, CHUNK] {
        let hand_over = Arc::new(Mutex::new(None));
        let place = Arc::clone(&hand_over);
        let flow = generate(async move |yielder: Yielder<usize>| {
            *place.lock().unwrap() = Some(yielder);
            std::future::pending::<()>().await;
        });
        let mut given = 0;
        // As another task would, at the worst moment: as often as there is room.
        let mut give_all = || {
            let mut yielder = hand_over.lock().unwrap();
            let Some(yielder) = yielder.as_mut() else {
                return 0;
            };
            let mut cx = Context::from_waker(Waker::noop());
            while pin!(yielder.give(given)).poll(&mut cx).is_ready() {
                given += 1;
            }
            given
        };
        let mut flow = pin!(flow);
        let mut items = Vec::new();
        assert!(
            flow.as_mut()
                .poll_many(&mut cx, &mut items, limit)
                .is_pending()
        );
        assert_eq!(give_all(), limit);
        let mut passed = 0;
        let mut looked = Flow::new(flow.as_mut()).map(|item| {
            passed += 1;
            // The one that is being passed is not inside any more; who gives does not know of it yet.
            let inside = give_all() - passed;
            assert!(inside <= limit, "{inside} are inside where {limit} may be");
            item
        });
        let mut looked = Pin::new(&mut looked);
        for n in 0..3 * limit {
            let mut next = || looked.as_mut().poll_item(&mut cx);
            // The pull that finds nothing makes room again.
            if next() != Poll::Ready(Some(n)) {
                break;
            }
        }
        assert!(passed >= limit);
    }
}

/// What is behind it stays, and the room with it.
#[tokio::test]
async fn a_panic_below_leaves_the_rest_of_a_chunk() {
    let flow = generate(async |mut yielder| {
        for n in 0..10 {
            yielder.give(n).await;
        }
    });
    let mut flow = Box::pin(flow);
    let panicking = Flow::new(flow.as_mut()).map(|n| assert_ne!(n, 3));
    let panicked = AssertUnwindSafe(panicking.count()).catch_unwind().await;
    assert!(panicked.is_err());
    let rest: Vec<i32> = Flow::new(flow.as_mut()).collect().await;
    assert_eq!(rest, [4, 5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn it_is_waited_on_beside_others_in_the_closure() {
    // A future inside has a waker of its own, which has to be woken for room.
    let flow = generate(async |mut yielder| {
        let mut all = futures_util::stream::FuturesUnordered::new();
        all.push(async move {
            for n in 0..200 {
                yielder.give(n).await;
            }
        });
        use futures_util::StreamExt;
        while all.next().await.is_some() {}
    });
    assert_eq!(flow.collect::<Vec<_>>().await, (0..200).collect::<Vec<_>>());
}

/// Beside the stream in one task, it has the task's waker, as the closure has, and is not polled with that.
#[tokio::test]
async fn a_yielder_works_beside_its_stream_in_a_task() {
    for (returns, given) in [(false, vec![0, 1, 2]), (true, vec![])] {
        let mut place = None;
        let flow = generate(|yielder: Yielder<u32>| {
            place = Some(yielder);
            async move {
                if !returns {
                    std::future::pending::<()>().await;
                }
            }
        });
        let mut yielder = place.unwrap();
        let both = async {
            tokio::join!(
                async {
                    for n in 0..3 {
                        yielder.give(n).await;
                    }
                },
                flow.take(3).collect::<Vec<_>>()
            )
        };
        let both = tokio::time::timeout(std::time::Duration::from_secs(5), both);
        let ((), all) = both.await.expect("who gives is woken");
        assert_eq!(all, given);
    }
}

#[tokio::test]
async fn dropped_at_any_poll_it_drops_the_closure_and_what_it_holds() {
    for polls in 0..30 {
        let alive = Arc::new(());
        let item = Arc::clone(&alive);
        {
            let flow = generate(async move |mut yielder| {
                for n in 0..10 {
                    yielder.give(Arc::clone(&item)).await;
                    if n % 3 == 0 {
                        yield_now().await;
                    }
                }
            });
            let mut flow = pin!(flow);
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                let mut items = Vec::new();
                if flow.as_mut().poll_many(&mut cx, &mut items, 4) == Poll::Ready(0) {
                    break;
                }
                // The closure's own, and the one it may be giving: nothing is in between.
                drop(items);
                assert!(Arc::strong_count(&alive) <= 3);
            }
        }
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[tokio::test]
async fn closures_and_states() {
    let mut n = 0;
    let numbers = from_fn(move || {
        n += 1;
        (n <= 100).then_some(n)
    });
    assert_eq!(numbers.count().await, 100);

    let powers = unfold(1_u32, async |n| {
        yield_now().await;
        Some((n, n.checked_mul(10)?))
    });
    let powers: Vec<u32> = powers.collect().await;
    assert_eq!(powers.first().zip(powers.last()), Some((&1, &100_000_000)));
    assert_eq!(unfold((), async |()| None::<(u32, ())>).count().await, 0);
}

#[test]
fn generators_can_be_spawned() {
    fn spawnable<F: Future + Send + 'static>(_: F) {}
    let text = String::from("x");
    spawnable(async {
        generate(async move |mut yielder: Yielder<String>| {
            for n in 0..3 {
                yielder.give(format!("{text}{n}")).await;
                yield_now().await;
            }
        })
        .map(|text| text.len())
        .for_each(drop)
        .await;
    });
    spawnable(unfold(1, async |n| Some((n, n + 1))).take(3).count());
    spawnable(try_generate(async |_: Yielder<u32>| Err::<(), _>("no")).count());
    assert_eq!(
        format!("{:?}", iter([1])),
        "Flow(Iter { items: IntoIter([1]) })"
    );
}
