//! Of what was left behind: messages where an actor ended, streams, halves of links.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use aqueduct_actor::{Actor, Cx, Mailbox, Reply, actor, actor_with, pool};
use aqueduct_channel::{Overflow, mpsc};
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::watch::{Lifeline, Linkable, Watch};
use aqueduct_supervision::{Shutdown, Supervisor};
use futures_util::stream;
use tokio::time::timeout;

use super::{Do, Doer, LONG, Starts, act};
use crate::support::{Census, Did, Msg, Puppet, log};

/// One of several streams was taken out in the middle of a look at all of them, and the last one came to its place, where
/// the look had been already.
#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_has_no_other_one_skipped() {
    let pairs = (0..4).flat_map(|ends| (0..4).map(move |has| (ends, has)));
    for (ends, has) in pairs.filter(|(ends, has)| ends != has) {
        let (seen, _signals) = mpsc::unbounded_channel();
        let doer = actor(Doer(seen)).spawn();
        let (told, mut items) = mpsc::unbounded_channel();
        doer.tell(act(move |cx| {
            for one in 0..4 {
                let told = told.clone();
                let map = move |()| {
                    let told = told.clone();
                    act(move |_| told.send(()).expect("it is waited for"))
                };
                match one {
                    _ if one == ends => cx.attach(stream::empty(), map),
                    _ if one == has => cx.attach(stream::iter([()]), map),
                    _ => cx.attach(stream::pending(), map),
                }
            }
        }))
        .await
        .unwrap();
        let item = timeout(LONG, items.recv()).await;
        assert!(
            item.is_ok(),
            "of 4 streams {ends} ends, and {has} is skipped"
        );
    }
}

/// An idle actor is in line at its mailbox, and the next message is promised to it. Where it ended before it took that, who
/// looked for what is left found none: to look until there is nothing inside took for ever.
#[tokio::test]
async fn what_an_idle_actor_was_promised_is_undelivered_where_it_ends() {
    for rests in [false, true] {
        let mailbox = Mailbox::bounded(2).overflow(Overflow::DropOldest);
        let census = Census::default();
        let supervisor = Supervisor::one_for_one();
        let (supervisor, puppet, _done) = if rests {
            let (log, done) = mpsc::unbounded_channel();
            let make = move || Puppet {
                log: log.clone(),
                kept: Vec::new(),
                _citizen: census.one(),
            };
            let (spec, puppet) = actor_with(make).with_mailbox(mailbox).child("puppet");
            (supervisor.with_child(spec.transient()), puppet, done)
        } else {
            let (puppet, done) = Puppet::new(&census);
            let puppet = actor(puppet).with_mailbox(mailbox).spawn();
            (supervisor, puppet, done)
        };
        let supervisor = supervisor.start().await.unwrap();
        puppet.ask(|reply| Msg::Ask(0, reply)).await.unwrap();
        tokio::task::yield_now().await;
        let (logged, mut undelivered) = mpsc::unbounded_channel();
        puppet.try_tell(Msg::Logged(1, logged)).unwrap();
        puppet.stop();
        let asked = puppet.ask(|reply| Msg::Ask(2, reply)).into_future();
        let left = undelivered.recv().await;
        assert_eq!(left, Some(Did::Undelivered(1)), "rests: {rests}");
        assert!(asked.await.unwrap_err().is_unsent());
        supervisor.shutdown().await;
    }
}

#[tokio::test]
async fn a_frozen_actor_that_drops_the_oldest_keeps_the_newest() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let mailbox = Mailbox::bounded(1).overflow(Overflow::DropOldest);
    let puppet = actor(puppet).with_mailbox(mailbox).spawn();
    puppet.ask(|reply| Msg::Ask(0, reply)).await.unwrap();
    puppet.freeze();
    tokio::task::yield_now().await;
    let (logged, mut undelivered) = mpsc::unbounded_channel();
    puppet.try_tell(Msg::Logged(1, logged)).unwrap();
    puppet.try_tell(Msg::Note(2)).unwrap();
    assert_eq!(log(&mut undelivered), [Did::Undelivered(1)]);
    puppet.thaw();
    tokio::task::yield_now().await;
    assert_eq!(log(&mut done).last(), Some(&Did::Handled(2)));
}

/// Takes one message, and ends.
struct Single;

impl Actor for Single {
    type Msg = Reply<()>;

    async fn handle(&mut self, _: Reply<()>, cx: &mut Cx<Self>) {
        cx.stop(Exit::Normal);
    }
}

/// Who waits for room is promised it when a message is taken out. Where the actor ended before the promise was used, and just
/// after who asks had looked whether it has, the message was in a mailbox that nobody looks into.
#[test]
fn an_ask_that_was_promised_room_by_one_that_ends_has_an_outcome() {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let mut task = Context::from_waker(Waker::noop());
    for _ in 0..ROUNDS {
        let single = actor(Single).with_mailbox(Mailbox::bounded(1));
        let single = single.spawn();
        let mut asks: Vec<_> = (0..4)
            .map(|_| Some(Box::pin(single.ask(|reply| reply).into_future())))
            .collect();
        let begun = Instant::now();
        // Each is polled all the time, so as to be there at the wrong moment.
        while asks.iter().any(Option::is_some) {
            for ask in &mut asks {
                let ended = ask.as_mut().map(|ask| ask.as_mut().poll(&mut task));
                if ended.is_some_and(|ended| ended.is_ready()) {
                    *ask = None;
                }
            }
            assert!(begun.elapsed() < LONG, "an ask has no outcome");
        }
    }
}

#[cfg(not(miri))]
const ROUNDS: usize = 20_000;
#[cfg(miri)]
const ROUNDS: usize = 20;

/// A handler that blocks its thread outlives the supervisor that it was given up by. When the supervisor above lets that one
/// rest, the mailbox is not there to be swept; it was parked later, and who had asked waited for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_that_was_given_up_has_in_its_mailbox_is_undelivered() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let (spec, doer) = actor_with(move || Doer(seen.clone())).child("doer");
    let patience = Duration::from_millis(20);
    let below = Supervisor::one_for_one()
        .with_child(spec.with_shutdown(Shutdown::Brutal))
        .with_abort_patience(patience);
    let (below, _) = below.child("below");
    let above = Supervisor::one_for_one().with_child(below);
    let above = above.start().await.unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (told, mut blocks) = mpsc::unbounded_channel();
    doer.tell(act(move |cx| {
        let _ = told.send(());
        let _ = released.recv();
        // It comes to an `.await`, and to no other message before.
        cx.freeze();
    }))
    .await
    .unwrap();
    blocks.recv().await.unwrap();
    let asks = doer.clone();
    let asked = tokio::spawn(async move { asks.ask(Do::Sync).await.map_err(|e| e.is_unsent()) });
    while doer.stats().len == 0 {
        tokio::task::yield_now().await;
    }
    let _ = above.terminate_child("below").await;
    drop(release);
    let asked = timeout(LONG, asked).await.expect("it has an outcome");
    assert_eq!(asked.unwrap(), Err(true));
    above.shutdown().await;
}

/// Is started again when it was asked for the first time who it is.
struct Fickle {
    present: Mutex<(usize, Lifeline)>,
    stopped: Arc<Mutex<Vec<usize>>>,
}

impl Fickle {
    fn answer<R>(&self, answer: impl FnOnce(usize, &Lifeline) -> R) -> R {
        let mut present = self.present.lock().unwrap();
        let answered = answer(present.0, &present.1);
        if present.0 == 0 {
            let before = std::mem::replace(&mut *present, (1, Lifeline::new(None)));
            drop(present);
            before.1.end(Exit::Killed);
        }
        answered
    }
}

impl Linkable for Fickle {
    fn watch(&self) -> Watch {
        self.answer(|_, life| life.watch())
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        let stopped = self.stopped.clone();
        self.answer(|number, _| {
            let stop = move |_| stopped.lock().unwrap().push(number);
            Box::new(stop) as Box<dyn FnOnce(Exit) + Send>
        })
    }
}

/// One half was of an incarnation, and the other half of the next.
#[tokio::test]
async fn both_halves_of_a_link_are_of_one_incarnation() {
    let (seen, mut signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    let stopped = Arc::new(Mutex::new(Vec::new()));
    let fickle = Arc::new(Fickle {
        present: Mutex::new((0, Lifeline::new(None))),
        stopped: stopped.clone(),
    });
    let linked = fickle.clone();
    doer.tell(act(move |cx| drop(cx.link(&*linked))))
        .await
        .unwrap();
    doer.ask(Do::Sync).await.unwrap();
    assert_eq!(
        signals.try_recv().ok(),
        Some("linked"),
        "the first has ended"
    );
    doer.kill();
    doer.ended().await;
    assert!(
        stopped.lock().unwrap().is_empty(),
        "the second is not linked"
    );
}

/// One in the place of each that has nothing to do was started, and kept, without an end.
#[tokio::test]
async fn a_pool_whose_workers_have_nothing_to_do_is_made() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let make = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Starts(Box::new(|cx| {
            cx.stop(Exit::Normal);
            false
        }))
    };
    let pool = timeout(LONG, pool(2, make).start()).await;
    let pool = pool.expect("it is made").unwrap();
    assert_eq!((pool.len(), made.load(Ordering::Relaxed)), (0, 2));
    pool.drain().await;
}
