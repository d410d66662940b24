//! Beside other libraries.

use aqueduct_channel::{mpmc, mpsc, spsc};
use aqueduct_stream::{Flow, from_stream, iter, receive};
use futures_util::{Stream, StreamExt};

#[tokio::test]
async fn methods_of_stream_ext_are_not_in_the_way() {
    // `StreamExt` is in scope, and has `map`, `filter`, `take` and `collect` too.
    let items: Vec<i32> = iter(0..10)
        .map(|n| n * 2)
        .filter(|n| *n > 4)
        .take(3)
        .collect()
        .await;
    assert_eq!(items, [6, 8, 10]);
}

#[tokio::test]
async fn streams_go_both_ways_in_order() {
    let theirs = futures_util::stream::iter(0..200).map(|n| n + 1);
    let ours = from_stream(theirs).filter(|n| n % 3 == 0);
    let items: Vec<i32> = StreamExt::collect(ours).await;
    assert_eq!(items, (1..=200).filter(|n| n % 3 == 0).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_says_how_long_it_is() {
    assert_eq!(
        Stream::size_hint(&iter(0..10).skip(3).take(20)),
        (7, Some(7))
    );
    assert_eq!(
        Stream::size_hint(&iter(0..10).filter(|n| *n > 3)),
        (0, Some(10))
    );
    assert_eq!(
        Stream::size_hint(&iter(0..10).chain(iter(0..5))),
        (15, Some(15))
    );
}

#[tokio::test]
async fn every_kind_of_channel_is_a_source() {
    async fn sum(flow: Flow<impl aqueduct_stream::Source<Item = u32>>) -> u32 {
        flow.fold(0, |sum, n| sum + n).await
    }

    let (mut tx, rx) = spsc::channel(200);
    (0..200).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    assert_eq!(sum(rx.into()).await, 19_900);

    let (tx, rx) = mpsc::channel(200);
    (0..200).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    assert_eq!(sum(receive(rx)).await, 19_900);

    let (tx, rx) = mpsc::unbounded_channel();
    (0..200).for_each(|n| tx.send(n).unwrap());
    drop(tx);
    assert_eq!(sum(rx.into()).await, 19_900);

    let (tx, rx) = mpmc::channel(200);
    (0..200).for_each(|n| tx.try_send(n).unwrap());
    drop(tx);
    assert_eq!(sum(rx.into()).await, 19_900);

    let (tx, rx) = mpmc::unbounded_channel();
    (0..200).for_each(|n| tx.send(n).unwrap());
    drop(tx);
    assert_eq!(sum(rx.into()).await, 19_900);

    let (tx, rx) = mpmc::rendezvous();
    let sender = tokio::spawn(async move {
        for n in 0..200 {
            tx.send(n).await.unwrap();
        }
    });
    assert_eq!(sum(receive(rx)).await, 19_900);
    sender.await.unwrap();
}

#[tokio::test]
async fn a_channel_gives_up_what_is_asked_for() {
    let (mut tx, rx) = spsc::channel(100);
    (0..100).for_each(|n| tx.try_send(n).unwrap());
    let mut flow = receive(rx);
    assert_eq!(flow.by_ref().take(10).count().await, 10);
    let (mut rx, left_over) = flow.into_source().into_parts();
    assert!(left_over.is_empty());
    assert_eq!(rx.try_recv(), Ok(10));

    // Where the end comes in the middle of a chunk, the rest of it can be had.
    let mut flow = receive(rx);
    assert_eq!(flow.by_ref().take_while(|n| *n < 20).count().await, 9);
    let (mut rx, left_over) = flow.into_source().into_parts();
    assert_eq!(left_over, (21..75).collect::<Vec<_>>());
    assert_eq!(rx.try_recv(), Ok(75));
}

#[tokio::test]
async fn a_closure_is_a_source() {
    let mut next = 0;
    let flow = aqueduct_stream::repeat_with(move || {
        next += 1;
        next
    });
    let items: Vec<i32> = flow.take(3).collect().await;
    assert_eq!(items, [1, 2, 3]);
}

#[tokio::test]
async fn whoever_asks_again_and_again_yields_nevertheless() {
    // Gives an item, and says that there is no more for now: as a source may, of which the task is woken at once.
    struct Eager;

    impl aqueduct_stream::Source for Eager {
        type Item = ();

        fn poll_pull<O>(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            outlet: &mut O,
        ) -> std::task::Poll<aqueduct_stream::Pull>
        where
            O: aqueduct_stream::Outlet<()> + ?Sized,
        {
            let _ = outlet.push(());
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    }

    let mut flow = Flow::new(Eager);
    let mut pulls = 0;
    let pulling = async {
        let mut items = Vec::new();
        loop {
            pulls += flow.next_many(&mut items, 1000).await;
            items.clear();
        }
    };
    tokio::select! {
        biased;
        () = pulling => {}
        () = tokio::task::yield_now() => {}
    }
    assert!((1..1000).contains(&pulls), "{pulls} pulls without a yield");
}
