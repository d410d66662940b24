//! What an actor has besides its mailbox: timers, stash, streams, tasks, signals, idle time-out.

use std::time::Duration;

use aqueduct_actor::{
    Actor, ActorRef, Cx, Drift, Mailbox, Reply, Signal, StashError, TimerId, actor, actor_with,
};
use aqueduct_channel::mpsc;
use aqueduct_supervision::{Exit, Supervisor};
use tokio::time::{Instant, sleep};

use crate::support::{Census, Citizen, kind};

/// Runs closures, which have it at hand; and notes all else.
struct Hands {
    seen: mpsc::UnboundedSender<(u128, Seen)>,
    began: Instant,
    stashes: bool,
    _citizen: Citizen,
}

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Message(u32),
    Signal(&'static str),
    Undelivered(u32),
}

type Job = Box<dyn FnOnce(&mut Hands, &mut Cx<Hands>) + Send>;

enum Msg {
    Do(Job),
    Note(u32),
    Told(u32, mpsc::UnboundedSender<(u128, Seen)>),
    Busy(Duration),
    Get(Reply<usize>),
}

impl Actor for Hands {
    type Msg = Msg;
    const STASH_MAX: usize = 3;

    async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
        match message {
            Msg::Do(job) => job(self, cx),
            Msg::Note(_) | Msg::Told(..) if self.stashes => cx.stash(message).unwrap(),
            Msg::Note(n) | Msg::Told(n, _) => self.see(Seen::Message(n)),
            Msg::Busy(time) => sleep(time).await,
            Msg::Get(reply) => reply.send(cx.stashed()),
        }
    }

    async fn signal(&mut self, signal: Signal, cx: &mut Cx<Self>) {
        let what = match signal {
            Signal::Down(down) => kind(&down.exit),
            Signal::Linked(_) => "linked",
            Signal::Idle => {
                cx.stop(Exit::Normal);
                "idle"
            }
            _ => "other",
        };
        self.see(Seen::Signal(what));
    }

    fn undelivered(message: Msg) {
        if let Msg::Told(n, seen) = message {
            let _ = seen.send((0, Seen::Undelivered(n)));
        }
    }
}

impl Hands {
    fn see(&self, seen: Seen) {
        let _ = self.seen.send((self.began.elapsed().as_millis(), seen));
    }
}

type Eyes = mpsc::UnboundedReceiver<(u128, Seen)>;

fn hands(census: &Census) -> (Hands, Eyes) {
    let (seen, eyes) = mpsc::unbounded_channel();
    let hands = Hands {
        seen,
        began: Instant::now(),
        stashes: false,
        _citizen: census.one(),
    };
    (hands, eyes)
}

async fn act(
    actor: &ActorRef<Hands>,
    job: impl FnOnce(&mut Hands, &mut Cx<Hands>) + Send + 'static,
) {
    actor.tell(Msg::Do(Box::new(job))).await.unwrap();
}

fn seen(eyes: &mut Eyes) -> Vec<(u128, Seen)> {
    std::iter::from_fn(|| eyes.try_recv().ok()).collect()
}

fn notes(eyes: &mut Eyes) -> Vec<u32> {
    let notes = seen(eyes).into_iter().filter_map(|(_, seen)| match seen {
        Seen::Message(n) => Some(n),
        _ => None,
    });
    notes.collect()
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[tokio::test(start_paused = true)]
async fn timers_come_on_time_also_past_a_full_mailbox_and_can_be_cancelled() {
    let census = Census::default();
    let (hands, mut eyes) = hands(&census);
    let hands = actor(hands).with_mailbox(Mailbox::bounded(1)).spawn();
    act(&hands, |_, cx| {
        cx.send_after(ms(20), Msg::Note(2));
        cx.send_after(ms(10), Msg::Note(1));
        let never: TimerId = cx.send_after(ms(15), Msg::Note(9));
        assert!(cx.cancel_timer(never));
        assert!(!cx.cancel_timer(never));
        cx.send_after(ms(0), Msg::Note(0));
    })
    .await;
    sleep(ms(12)).await;
    // Busy until 32 ms, with a full mailbox.
    hands.tell(Msg::Busy(ms(20))).await.unwrap();
    tokio::task::yield_now().await;
    hands.tell(Msg::Note(3)).await.unwrap();
    sleep(ms(100)).await;
    let mut seen = seen(&mut eyes);
    seen.sort_by_key(|(at, seen)| (*at, matches!(seen, Seen::Message(3))));
    let at = |ms, n| (ms, Seen::Message(n));
    assert_eq!(seen, [at(0, 0), at(10, 1), at(32, 2), at(32, 3)]);
    hands.stop();
    hands.ended().await;
    assert_eq!(census.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn intervals_keep_their_drift_policy() {
    for (drift, expected) in [
        (Drift::Skip, vec![10, 35, 40, 50]),
        (Drift::Delay, vec![10, 35, 45]),
        (Drift::Burst, vec![10, 35, 35, 40, 50]),
    ] {
        let census = Census::default();
        let (hands, mut eyes) = hands(&census);
        let hands = actor(hands).spawn();
        act(&hands, move |_, cx| {
            cx.send_every(ms(10), drift, || Msg::Note(0));
        })
        .await;
        sleep(ms(15)).await;
        // At 20 and 30 it is busy.
        hands.tell(Msg::Busy(ms(20))).await.unwrap();
        sleep(ms(37)).await;
        let at: Vec<u128> = seen(&mut eyes).into_iter().map(|(at, _)| at).collect();
        assert_eq!(at, expected, "{drift:?}");
        hands.stop();
        hands.ended().await;
    }
}

#[tokio::test]
async fn what_is_stashed_is_handled_first_in_its_order_and_the_stash_has_a_limit() {
    let census = Census::default();
    let (hands, mut eyes) = hands(&census);
    let hands = actor(hands).spawn();
    act(&hands, |hands, _| hands.stashes = true).await;
    for n in 0..3 {
        hands.tell(Msg::Note(n)).await.unwrap();
    }
    assert_eq!(hands.ask(Msg::Get).await.unwrap(), 3);
    act(&hands, |hands, cx| {
        let full = cx.stash(Msg::Note(3));
        assert!(matches!(full, Err(StashError(Msg::Note(3)))));
        hands.stashes = false;
        cx.unstash_all();
    })
    .await;
    hands.tell(Msg::Note(4)).await.unwrap();
    assert_eq!(hands.ask(Msg::Get).await.unwrap(), 0);
    assert_eq!(notes(&mut eyes), [0, 1, 2, 4]);
    hands.stop();
    hands.ended().await;
}

#[tokio::test]
async fn a_stash_goes_to_the_front_at_a_restart_and_is_undelivered_at_the_end() {
    let census = Census::default();
    let (first, mut eyes) = hands(&census);
    let seen_by = first.seen.clone();
    let mut first = Some(first);
    let again = census.clone();
    let make = move || {
        first.take().unwrap_or_else(|| Hands {
            seen: seen_by.clone(),
            began: Instant::now(),
            stashes: false,
            _citizen: again.one(),
        })
    };
    let (spec, hands) = actor_with(make).child("hands");
    let supervisor = Supervisor::one_for_one()
        .with_child(spec)
        .start()
        .await
        .unwrap();
    act(&hands, |hands, _| hands.stashes = true).await;
    hands.tell(Msg::Note(0)).await.unwrap();
    hands.tell(Msg::Note(1)).await.unwrap();
    act(&hands, |_, cx| {
        // Gone with the incarnation.
        cx.send_after(ms(1), Msg::Note(99));
        cx.attach(futures_util::stream::empty(), Msg::Note);
        panic!("it was told to panic");
    })
    .await;
    hands.tell(Msg::Note(2)).await.unwrap();
    assert_eq!(hands.ask(Msg::Get).await.unwrap(), 0);
    sleep(ms(5)).await;
    assert_eq!(notes(&mut eyes), [0, 1, 2]);

    let (left, mut left_over) = mpsc::unbounded_channel();
    act(&hands, |hands, _| hands.stashes = true).await;
    hands.tell(Msg::Told(7, left)).await.unwrap();
    assert_eq!(hands.ask(Msg::Get).await.unwrap(), 1);
    supervisor.shutdown().await;
    assert_eq!(seen(&mut left_over), [(0, Seen::Undelivered(7))]);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn streams_and_tasks_bring_messages_in_turn_with_the_mailbox() {
    let census = Census::default();
    let (hands, mut eyes) = hands(&census);
    let hands = actor(hands).with_mailbox(Mailbox::bounded(64)).spawn();
    let (items, stream) = mpsc::unbounded_channel();
    let citizen = census.one();
    act(&hands, move |_, cx| {
        cx.attach(stream, Msg::Note);
        cx.pipe(async { 7 }, |n| Msg::Note(n * 100));
        cx.spawn(async move {
            let _citizen = citizen;
            std::future::pending::<()>().await;
        });
        let me = cx.me();
        cx.pipe(async move { me.ask(Msg::Get).await.unwrap() }, |stashed| {
            Msg::Note(1000 + stashed as u32)
        });
    })
    .await;
    for n in 0..50 {
        items.send(n).unwrap();
        hands.tell(Msg::Note(10_000 + n)).await.unwrap();
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let notes = notes(&mut eyes);
    assert_eq!(notes.len(), 102, "{notes:?}");
    let of = |from: u32, to: u32| -> Vec<u32> {
        let some = notes.iter().filter(|n| (from..to).contains(*n));
        some.map(|n| n - from).collect()
    };
    assert_eq!(of(0, 50), (0..50).collect::<Vec<_>>());
    assert_eq!(of(10_000, 11_000), (0..50).collect::<Vec<_>>());
    assert!(notes.contains(&700) && notes.contains(&1000));
    assert_eq!(census.alive(), 2);
    hands.stop();
    hands.ended().await;
    // Its tasks have ended when that is told.
    assert_eq!(census.alive(), 0);
    assert!(items.is_closed());
}

#[tokio::test(start_paused = true)]
async fn what_is_to_come_keeps_an_unreachable_actor_alive() {
    let census = Census::default();
    let (hands, mut eyes) = hands(&census);
    let hands = actor(hands).spawn();
    act(&hands, |_, cx| {
        cx.send_after(ms(10), Msg::Note(1));
        cx.pipe(sleep(ms(30)), |()| Msg::Note(2));
    })
    .await;
    let ended = hands.ended();
    drop(hands);
    assert_eq!(kind(&ended.await.exit), "normal");
    let at = |ms, n| (ms, Seen::Message(n));
    assert_eq!(seen(&mut eyes), [at(10, 1), at(30, 2)]);
    assert_eq!(census.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_is_told_when_it_was_idle_for_so_long() {
    let census = Census::default();
    let (hands, mut eyes) = hands(&census);
    let hands = actor(hands).with_idle_timeout(ms(10)).spawn();
    for _ in 0..5 {
        sleep(ms(8)).await;
        hands.tell(Msg::Note(0)).await.unwrap();
    }
    assert_eq!(kind(&hands.ended().await.exit), "normal");
    assert_eq!(seen(&mut eyes).last(), Some(&(50, Seen::Signal("idle"))));
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn downs_and_links_come_as_signals_exactly_once() {
    let census = Census::default();
    let (watcher, mut eyes) = hands(&census);
    let watcher = actor(watcher).spawn();
    let (watched, _) = hands(&census);
    let watched = actor(watched).spawn();
    let (dead, _) = hands(&census);
    let dead = actor(dead).spawn();
    dead.stop();
    dead.ended().await;
    let (one, two) = (watched.clone(), dead.clone());
    act(&watcher, move |_, cx| {
        cx.monitor(&one);
        cx.monitor(&two);
        let id = cx.monitor(&one);
        assert!(cx.demonitor(&one, id));
        cx.link(&one);
    })
    .await;
    watcher.ask(Msg::Get).await.unwrap();
    act(&watched, |_, _| panic!("it was told to panic")).await;
    watched.ended().await;
    watcher.ask(Msg::Get).await.unwrap();
    let signals: Vec<Seen> = seen(&mut eyes).into_iter().map(|(_, seen)| seen).collect();
    let expected = ["shutdown", "panicked", "linked"].map(Seen::Signal);
    assert_eq!(signals, expected);
    // The other way round a link stops.
    let (other, _) = hands(&census);
    let other = actor(other).spawn();
    let linked = other.clone();
    act(&watcher, move |_, cx| drop(cx.link(&linked))).await;
    watcher.ask(Msg::Get).await.unwrap();
    watcher.kill();
    assert_eq!(kind(&other.ended().await.exit), "shutdown");
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_handler_sees_by_its_scope_that_it_shall_end() {
    struct Long;

    impl Actor for Long {
        type Msg = ();

        async fn handle(&mut self, (): (), cx: &mut Cx<Self>) {
            cx.scope().cancelled().await;
        }
    }

    let long = actor(Long).spawn();
    long.tell(()).await.unwrap();
    tokio::task::yield_now().await;
    long.stop();
    assert_eq!(kind(&long.ended().await.exit), "shutdown");
}
