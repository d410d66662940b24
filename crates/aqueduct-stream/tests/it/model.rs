//! Pipelines of operators, made at random, against iterators: what comes out is the same, however the items come in chunks,
//! whenever the source waits, and however they are asked for.
//!
//! An operator takes part by a line in [`OPERATORS`]: what it is as a stream, and what it is of a `Vec`. Only those whose
//! output is determined by their input's order are here; what time does to the others, the timelines say.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_channel::Overflow;
use aqueduct_resilience::Backoff;
use aqueduct_stream::{Boxed, Flow, Outlet, Pull, Source, empty, from_stream, iter, once, retry};
use futures_util::StreamExt;
use proptest::prelude::*;

type Item = u32;
type Stream = Flow<Boxed<'static, Item>>;

/// An operator with a parameter: the stream's, and the model's.
struct Operator {
    name: &'static str,
    stream: fn(Stream, Item) -> Stream,
    model: fn(Vec<Item>, Item) -> Vec<Item>,
}

macro_rules! operators {
    ($($name:literal: |$s:ident, $n:pat_param| $stream:expr, |$v:ident, $m:pat_param| $model:expr;)*) => {
        &[$(Operator {
            name: $name,
            stream: |$s, $n| $stream.boxed(),
            model: |$v, $m| $model.collect(),
        }),*]
    };
}

/// What two streams are made of where an operator takes two: as many items as the parameter says.
fn other(n: Item) -> std::ops::Range<Item> {
    1000..1000 + n
}

const HOUR: Duration = Duration::from_secs(3600);

fn sum(items: &[Item]) -> Item {
    items.iter().sum::<Item>() % 100
}

fn is_odd(item: &Item) -> bool {
    item % 2 == 1
}

/// An error for every multiple of five.
fn result(item: Item) -> Result<Item, Item> {
    if item.is_multiple_of(5) {
        Err(item)
    } else {
        Ok(item)
    }
}

fn either(item: Result<Item, Item>) -> Item {
    item.unwrap_or_else(|error| error + 7)
}

/// Waits once.
async fn later<T>(item: T) -> T {
    tokio::task::yield_now().await;
    item
}

const OPERATORS: &[Operator] = operators! {
    "map": |s, n| s.map(move |x| x ^ n), |v, n| v.into_iter().map(|x| x ^ n);
    "filter": |s, n| s.filter(move |x| x % 3 != n % 3), |v, n| v.into_iter().filter(|x| x % 3 != n % 3);
    "filter_map": |s, n| s.filter_map(move |x| x.checked_sub(n)), |v, n| v.into_iter().filter_map(|x| x.checked_sub(n));
    "inspect": |s, _| s.inspect(|_| ()), |v, _| v.into_iter();
    "take": |s, n| s.take(n as usize), |v, n| v.into_iter().take(n as usize);
    "skip": |s, n| s.skip(n as usize), |v, n| v.into_iter().skip(n as usize);
    "take_while": |s, n| s.take_while(move |x| x % 50 != n), |v, n| v.into_iter().take_while(|x| x % 50 != n);
    "skip_while": |s, n| s.skip_while(move |x| *x < n), |v, n| v.into_iter().skip_while(|x| *x < n);
    "map_while": |s, n| s.map_while(move |x| (x % 50 != n).then_some(x + 1)), |v, n| v.into_iter().map_while(|x| (x % 50 != n).then_some(x + 1));
    "enumerate": |s, _| s.enumerate().map(|(i, x)| i as Item + x), |v, _| v.into_iter().enumerate().map(|(i, x)| i as Item + x);
    "scan": |s, n| s.scan(n, |sum, x| { *sum = (*sum + x) % 100; Some(*sum) }), |v, n| v.into_iter().scan(n, |sum, x| { *sum = (*sum + x) % 100; Some(*sum) });
    "dedup": |s, n| s.map(move |x| x / (n + 1)).dedup(), |v, n| { let mut v: Vec<_> = v.into_iter().map(|x| x / (n + 1)).collect(); v.dedup(); v.into_iter() };
    "dedup_by_key": |s, _| s.dedup_by_key(is_odd), |v, _| { let mut v = v; v.dedup_by_key(|x| is_odd(x)); v.into_iter() };
    "chain": |s, n| s.chain(iter(other(n))), |v, n| v.into_iter().chain(other(n));
    "chain before": |s, n| iter(other(n)).chain(s), |v, n| other(n).chain(v);
    "zip": |s, n| s.zip(iter(other(n))).map(|(a, b)| a ^ b), |v, n| v.into_iter().zip(other(n)).map(|(a, b)| a ^ b);
    "zip, other first": |s, n| iter(other(n)).then(later).zip(s).map(|(a, b)| a ^ b), |v, n| other(n).zip(v).map(|(a, b)| a ^ b);
    "interleave": |s, n| s.interleave(iter(other(n)).then(later)), |v, n| interleaved(v, other(n).collect()).into_iter();
    "merge with nothing": |s, _| s.merge(empty()), |v, _| v.into_iter();
    "merge_by_priority with nothing": |s, _| empty().merge_by_priority(s), |v, _| v.into_iter();
    "merge, sorted out": |s, n| s.map(|x| (false, x)).merge(iter(other(n)).map(|x| (true, x))).filter(|(theirs, _)| !theirs).map(|(_, x)| x), |v, _| v.into_iter();
    "flat_map": |s, n| s.flat_map(move |x| iter(x..x + n % 4)), |v, n| v.into_iter().flat_map(move |x| x..x + n % 4);
    "flatten": |s, _| s.map(|x| once(x).then(later)).flatten(), |v, _| v.into_iter();
    "flat_map_iter": |s, n| s.flat_map_iter(move |x| x..x + n), |v, n| v.into_iter().flat_map(move |x| x..x + n);
    "flat_map_merge of one": |s, n| s.flat_map_merge(1, move |x| iter(x..x + n % 4).then(later)), |v, n| v.into_iter().flat_map(move |x| x..x + n % 4);
    "then": |s, n| s.then(move |x| async move { if is_odd(&x) { later(x + n).await } else { x } }), |v, n| v.into_iter().map(move |x| if is_odd(&x) { x + n } else { x });
    "cycle": |s, n| s.chain(iter(other(n % 4)).cycle().take(n as usize)), |v, n| { let again = other(n % 4).cycle().take(n as usize); v.into_iter().chain(again) };
    "combine_latest with one": |s, n| once(n).combine_latest(s).map(|(n, x)| n ^ x), |v, n| v.into_iter().map(move |x| x ^ n);
    "partition, the rest dropped": |s, n| s.partition(move |x| *x > n).0, |v, n| v.into_iter().filter(move |x| *x > n);
    "partition, merged in groups": |s, n| { let (a, b) = s.partition(move |x| *x > n); a.merge(b).filter(move |x| *x > n) }, |v, n| v.into_iter().filter(move |x| *x > n);
    "group_by one key": |s, _| s.group_by(1, |_| ()).flat_map(|(_, group)| group), |v, _| v.into_iter();
    "group_by, merged": |s, n| s.group_by(3, |x| x % 3).flat_map_merge(3, |(_, group)| group).filter(move |x| x % 3 == n % 3), |v, n| v.into_iter().filter(move |x| x % 3 == n % 3);
    "broadcast, zipped": |s, _| { let [a, b] = s.broadcast(); a.zip(b).map(|(a, b)| a + b) }, |v, _| v.into_iter().map(|x| x + x);
    "share, alone": |s, n| s.share(n as usize + 1, Overflow::DropOldest), |v, _| v.into_iter();
    "retry": |s, n| { let mut first = Some(s.map(result)); retry(Backoff::none(), 2, move || first.take().map_or_else(|| iter(other(n)).map(result).boxed(), |first| first.boxed())).map(either) }, |v, n| retried(v, n).into_iter();
    "map_ok": |s, n| s.map(result).map_ok(move |x| x + n).map(either), |v, n| v.into_iter().map(result).map(move |x| x.map(|x| x + n)).map(either);
    "map_err": |s, n| s.map(result).map_err(move |x| x + n).map(either), |v, n| v.into_iter().map(result).map(move |x| x.map_err(|x| x + n)).map(either);
    "try_map": |s, n| s.map(Ok).try_map(move |x| result(x ^ n)).map(either), |v, n| v.into_iter().map(move |x| result(x ^ n)).map(either);
    "try_filter": |s, n| s.map(result).try_filter(move |x| Ok(*x > n)).map(either), |v, n| v.into_iter().map(result).filter(move |x| x.map_or(true, |x| x > n)).map(either);
    "take_while_ok": |s, _| s.map(result).take_while_ok().map(either), |v, _| { let ok = v.iter().take_while(|x| result(**x).is_ok()).count(); v.into_iter().take(ok + 1).map(result).map(either) };
    "recover": |s, n| s.map(result).recover(move |x| (x != n).then_some(x + 1)), |v, n| v.into_iter().map(result).filter_map(move |x| x.map_or_else(|x| (x != n).then_some(x + 1), Some));
    "ok_only": |s, _| s.map(result).ok_only(), |v, _| v.into_iter().filter(|x| result(*x).is_ok());
    "recover_with": |s, n| s.map(result).recover_with(move |x| iter(x..x + n).map(Ok)).map(either), |v, n| { let ok = v.iter().take_while(|x| result(**x).is_ok()).count(); let then = v.get(ok).map_or(0..0, |x| *x..*x + n); v.into_iter().take(ok).chain(then) };
    "chunks": |s, n| s.chunks(n as usize + 1).map(|v| sum(&v)), |v, n| { let sums: Vec<_> = v.chunks(n as usize + 1).map(sum).collect(); sums.into_iter() };
    "batch, flattened": |s, n| s.batch(n as usize + 1, Duration::ZERO).flat_map_iter(|v| v), |v, _| v.into_iter();
    "batch by weight": |s, n| s.batch(1000, HOUR).with_weight(n as usize + 1, |x| *x as usize % 10).flat_map_iter(|v| v), |v, _| v.into_iter();
    "sliding": |s, n| s.sliding(n as usize % 6 + 1, n as usize / 6 + 1).map(|v| sum(&v)), |v, n| { let sums: Vec<_> = v.windows(n as usize % 6 + 1).step_by(n as usize / 6 + 1).map(sum).collect(); sums.into_iter() };
    "throttle": |s, _| s.throttle(Duration::ZERO), |v, _| v.into_iter();
    "keep_alive": |s, n| s.keep_alive(HOUR, move || n), |v, _| v.into_iter();
    "timeout": |s, _| s.timeout(HOUR).ok_only(), |v, _| v.into_iter();
    "take_until": |s, _| s.take_until(std::future::pending::<()>()), |v, _| v.into_iter();
    "skip_until": |s, _| s.skip_until(async {}), |v, _| v.into_iter();
    "par_map": |s, n| s.par_map(n as usize % 4 + 1, move |x| later(x ^ n)), |v, n| v.into_iter().map(move |x| x ^ n);
    "par_map_unordered by one": |s, n| s.par_map_unordered(1, move |x| later(x ^ n)), |v, n| v.into_iter().map(move |x| x ^ n);
    "par_map_by_key, one key": |s, n| s.par_map_by_key(3, |_| 0, move |x| later(x ^ n)), |v, n| v.into_iter().map(move |x| x ^ n);
    "spawned": |s, n| s.spawned(n as usize + 1), |v, _| v.into_iter();
    "prefetch": |s, n| s.prefetch(n as usize + 1), |v, _| v.into_iter();
    "boxed": |s, _| s, |v, _| v.into_iter();
    "as a futures::Stream": |s, n| from_stream(StreamExt::map(s, move |x| x ^ n)), |v, n| v.into_iter().map(move |x| x ^ n);
};

/// What comes of a first stream, and after an error of another, each time from its beginning.
fn retried(first: Vec<Item>, n: Item) -> Vec<Item> {
    let mut all = Vec::new();
    // Of the second all are the same: the one that fails without an item before is the last.
    let second = || other(n).collect();
    let mut tries = 0;
    let mut items: Vec<Item> = first;
    loop {
        let ok = items.iter().take_while(|x| result(**x).is_ok()).count();
        if ok > 0 {
            tries = 0;
        }
        tries += 1;
        all.extend(&items[..ok]);
        let Some(error) = items.get(ok) else {
            return all;
        };
        if tries == 2 {
            all.push(either(Err(*error)));
            return all;
        }
        items = second();
    }
}

fn interleaved(left: Vec<Item>, right: Vec<Item>) -> Vec<Item> {
    let (mut left, mut right) = (VecDeque::from(left), VecDeque::from(right));
    let mut all = Vec::new();
    while !left.is_empty() || !right.is_empty() {
        all.extend(left.pop_front());
        all.extend(right.pop_front());
    }
    all
}

/// A source that gives its items in chunks of these lengths; 0 is a wait, and a last chunk has the rest.
struct Script {
    items: VecDeque<Item>,
    chunks: VecDeque<usize>,
    /// Whether it says `Pending` with the last item of a chunk instead of after it.
    hasty: bool,
}

impl Source for Script {
    type Item = Item;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Item> + ?Sized,
    {
        let room = outlet.room().min(aqueduct_stream::CHUNK);
        assert!(room > 0, "a pull began without room");
        let chunk = self.chunks.pop_front().unwrap_or(usize::MAX);
        if chunk == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        for _ in 0..chunk.min(room) {
            let Some(item) = self.items.pop_front() else {
                return Poll::Ready(Pull::End);
            };
            if outlet.push(item).is_break() {
                break;
            }
        }
        if self.hasty && self.chunks.front() == Some(&0) {
            self.chunks.pop_front();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Pull::More)
    }
}

/// How the items are asked for.
#[derive(Clone, Debug)]
enum Consumer {
    Collect,
    Next,
    NextMany(Vec<usize>),
    FuturesStream,
    Spawned(usize),
}

fn consumer() -> impl Strategy<Value = Consumer> {
    prop_oneof![
        Just(Consumer::Collect),
        Just(Consumer::Next),
        prop::collection::vec(1..100_usize, 1..8).prop_map(Consumer::NextMany),
        Just(Consumer::FuturesStream),
        (1..80_usize).prop_map(Consumer::Spawned),
    ]
}

async fn consume(mut flow: Stream, consumer: Consumer) -> Vec<Item> {
    let mut items = Vec::new();
    match consumer {
        Consumer::Collect => items = flow.collect().await,
        Consumer::Next => {
            while let Some(item) = flow.next().await {
                items.push(item);
            }
        }
        Consumer::NextMany(limits) => {
            for limit in limits.into_iter().cycle() {
                if flow.next_many(&mut items, limit).await == 0 {
                    break;
                }
            }
        }
        Consumer::FuturesStream => {
            let mut flow = pin!(flow);
            while let Some(item) = StreamExt::next(&mut flow).await {
                items.push(item);
            }
        }
        Consumer::Spawned(capacity) => items = flow.spawned(capacity).collect().await,
    }
    items
}

/// One in the pipeline: which operator, and its parameter.
type Step = (usize, Item);

fn names(pipeline: &[Step]) -> Vec<(&'static str, Item)> {
    let name = |&(operator, n): &Step| (OPERATORS[operator].name, n);
    pipeline.iter().map(name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn pipelines_give_what_iterators_give(
        items in prop::collection::vec(0..200_u32, 0..300),
        chunks in prop::collection::vec(prop_oneof![Just(0_usize), 1..80_usize], 0..60),
        hasty in any::<bool>(),
        pipeline in prop::collection::vec((0..OPERATORS.len(), 0..40_u32), 0..7),
        consumer in consumer(),
    ) {
        let source = Script { items: items.clone().into(), chunks: chunks.into(), hasty };
        let mut flow = Flow::new(source).boxed();
        let mut expected = items;
        for &(operator, n) in &pipeline {
            let Operator { stream, model, .. } = OPERATORS[operator];
            flow = stream(flow, n);
            expected = model(expected, n);
            // The operators that make many of one are not to make millions.
            expected.truncate(ITEMS_MAX);
            flow = flow.take(ITEMS_MAX).boxed();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let got = runtime.block_on(consume(flow, consumer));
        prop_assert_eq!(got, expected, "of {:?}", names(&pipeline));
    }
}

const ITEMS_MAX: usize = 2000;

/// The property takes its operators at random, few at a time: here is each of them alone, so that none is left out.
#[tokio::test]
async fn each_operator_gives_what_its_iterator_gives() {
    for Operator {
        name,
        stream,
        model,
    } in OPERATORS
    {
        for n in [0, 1, 2, 5, 39] {
            let items: Vec<Item> = (0..150).map(|x| x * 7 % 100).collect();
            let source = Script {
                items: items.clone().into(),
                chunks: [3, 0, 0, 1, 70, 0].into(),
                hasty: n % 2 == 1,
            };
            let got = consume(stream(Flow::new(source).boxed(), n), Consumer::Collect).await;
            assert_eq!(got, model(items, n), "{name} of {n}");
        }
    }
}

/// Found by the above: a batch said how much room it had when the pull began, and not how much was left.
#[tokio::test]
async fn what_pushes_many_for_one_heeds_the_room_that_is_left() {
    let batches = iter([25]).flat_map_iter(|n| 0..n).chunks(2);
    let batches: Vec<Vec<u32>> = batches.collect().await;
    let numbers: Vec<u32> = (0..25).collect();
    let all: Vec<Vec<u32>> = numbers.chunks(2).map(<[u32]>::to_vec).collect();
    assert_eq!(batches, all);
}
