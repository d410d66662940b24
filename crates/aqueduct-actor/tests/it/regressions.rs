//! Faults that were found, each with what showed it.

mod left;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, Cx, Drift, Mailbox, Reply, Signal, actor, actor_with};
use aqueduct_channel::{Overflow, mpsc};
use aqueduct_supervision::Supervisor;
use aqueduct_supervision::exit::{Exit, Failure};
use futures_util::stream;
use tokio::time::timeout;

use crate::support::kind;

const LONG: Duration = Duration::from_secs(10);

/// Runs what it is told.
struct Doer(mpsc::UnboundedSender<&'static str>);

type Act = Box<dyn FnOnce(&mut Cx<Doer>) + Send>;

enum Do {
    Act(Act),
    Panic,
    Sync(Reply<()>),
}

fn act(act: impl FnOnce(&mut Cx<Doer>) + Send + 'static) -> Do {
    Do::Act(Box::new(act))
}

impl Actor for Doer {
    type Msg = Do;

    async fn handle(&mut self, message: Do, cx: &mut Cx<Self>) {
        match message {
            Do::Act(act) => act(cx),
            Do::Panic => panic!("it was told to"),
            Do::Sync(reply) => reply.send(()),
        }
    }

    async fn signal(&mut self, signal: Signal, _: &mut Cx<Self>) {
        let _ = self.0.send(match signal {
            Signal::Down(_) => "down",
            Signal::Linked(_) => "linked",
            _ => "other",
        });
    }
}

#[tokio::test]
async fn monitors_and_links_end_with_the_incarnation_that_made_them() {
    let (seen, mut signals) = mpsc::unbounded_channel();
    let (spec, doer) = actor_with(move || Doer(seen.clone())).child("doer");
    let supervisor = Supervisor::one_for_one()
        .with_intensity(100, LONG)
        .with_child(spec);
    let supervisor = supervisor.start().await.unwrap();
    let (other, _other_signals) = {
        let (seen, signals) = mpsc::unbounded_channel();
        (actor(Doer(seen)).spawn(), signals)
    };

    let watched = other.clone();
    doer.tell(act(move |cx| {
        cx.monitor(&watched);
        cx.link(&watched);
    }))
    .await
    .unwrap();
    let before = doer.monitor();
    doer.tell(Do::Panic).await.unwrap();
    before.await;
    // It was linked: it ends with the first incarnation. So one that is only monitored is needed, too.
    other.ended().await;
    doer.ask(Do::Sync).await.unwrap();

    let (seen, _third_signals) = mpsc::unbounded_channel();
    let third = actor(Doer(seen)).spawn();
    for _ in 0..10 {
        let watched = third.clone();
        doer.tell(act(move |cx| {
            cx.monitor(&watched);
        }))
        .await
        .unwrap();
        doer.tell(Do::Panic).await.unwrap();
        doer.ask(Do::Sync).await.unwrap();
    }
    use aqueduct_supervision::watch::Linkable;
    assert_eq!(third.watch().watchers(), 0, "who has ended watches nobody");
    third.stop_with(Exit::Normal);
    third.ended().await;
    doer.ask(Do::Sync).await.unwrap();
    assert_eq!(
        signals.try_recv().ok(),
        None,
        "the signal was of an incarnation before"
    );
    supervisor.shutdown().await;
}

#[tokio::test]
async fn an_actor_that_links_to_many_that_end_keeps_nothing_of_them() {
    use aqueduct_supervision::watch::Linkable;

    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen.clone())).spawn();
    for _ in 0..100 {
        let short = actor(Doer(seen.clone())).spawn();
        let linked = short.clone();
        doer.tell(act(move |cx| drop(cx.link(&linked))))
            .await
            .unwrap();
        doer.ask(Do::Sync).await.unwrap();
        short.stop_with(Exit::Normal);
        short.ended().await;
    }
    doer.ask(Do::Sync).await.unwrap();
    let left = doer.watch().watchers();
    assert!(left < 10, "{left} of 100 links are left");
}

/// Made into a message, it fills the mailbox: as another sender would who comes in between.
struct Item(Option<ActorRef<Taker>>);

impl From<Item> for u32 {
    fn from(item: Item) -> Self {
        if let Some(taker) = item.0 {
            taker.try_tell(1).unwrap();
        }
        2
    }
}

struct Taker(Arc<AtomicUsize>);

impl Actor for Taker {
    type Msg = u32;

    async fn handle(&mut self, _: u32, _: &mut Cx<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_recipient_waits_for_room_though_others_take_it_meanwhile() {
    let handled = Arc::new(AtomicUsize::new(0));
    let taker = actor(Taker(handled.clone()))
        .with_mailbox(Mailbox::bounded(1))
        .spawn();
    let to = taker.recipient::<Item>();
    let told = to.tell(Item(Some(taker.clone()))).await;
    assert!(told.is_ok(), "there is no room, and it is to be waited for");
    let ended = taker.ended();
    drop((taker, to));
    ended.await;
    assert_eq!(handled.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_stream_that_is_always_ready_lets_other_tasks_run() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    let handled = Arc::new(AtomicUsize::new(0));
    let counted = handled.clone();
    doer.tell(act(move |cx| {
        cx.attach(stream::iter(0..100_000), move |_| {
            let counted = counted.clone();
            act(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
        });
    }))
    .await
    .unwrap();
    // Each turn of this task is one of the actor's.
    let mut turns = 0;
    while handled.load(Ordering::Relaxed) < 100_000 {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(turns > 100, "it yielded {turns} times for 100,000 messages");
}

#[tokio::test]
async fn who_tells_a_mailbox_that_never_waits_lets_the_actor_run() {
    for mailbox in [
        Mailbox::unbounded(),
        Mailbox::bounded(64).overflow(Overflow::DropOldest),
        Mailbox::bounded(64).overflow(Overflow::DropNewest),
    ] {
        let handled = Arc::new(AtomicUsize::new(0));
        let taker = actor(Taker(handled.clone())).with_mailbox(mailbox.clone());
        let taker = taker.spawn();
        for n in 0..100_000 {
            taker.tell(n).await.unwrap();
        }
        let handled = handled.load(Ordering::Relaxed);
        assert!(handled > 1_000, "{mailbox:?}: {handled} handled meanwhile");
    }
}

#[tokio::test]
async fn a_frozen_actor_that_nobody_can_reach_ends() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    doer.ask(Do::Sync).await.unwrap();
    doer.freeze();
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    doer.tell(act(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    }))
    .await
    .unwrap();
    let ended = doer.ended();
    drop(doer);
    let down = timeout(LONG, ended).await.expect("nobody could thaw it");
    assert_eq!(kind(&down.exit), "normal");
    assert_eq!(ran.load(Ordering::Relaxed), 1, "what was taken is handled");
}

struct Starts(Box<dyn FnMut(&mut Cx<Self>) -> bool + Send>);

impl Actor for Starts {
    type Msg = Infallible;

    async fn handle(&mut self, message: Infallible, _: &mut Cx<Self>) {
        match message {}
    }

    async fn start(&mut self, cx: &mut Cx<Self>) -> Result<(), Failure> {
        if (self.0)(cx) {
            std::future::pending().await
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_actor_that_ends_itself_in_its_start_has_not_started() {
    let starts = Starts(Box::new(|cx| {
        cx.stop(Exit::shutdown("not wanted"));
        false
    }));
    let error = actor(starts).spawn_started().await.unwrap_err();
    assert_eq!(kind(&error.exit), "shutdown");
}

#[tokio::test]
async fn a_start_that_hangs_ends_when_it_is_not_waited_for() {
    for until_stopped in [false, true] {
        let (guard, mut gone) = mpsc::unbounded_channel::<()>();
        let starts = actor(Starts(Box::new(move |_| {
            let _ = &guard;
            true
        })));
        let starts = match until_stopped {
            true => starts.until_stopped(),
            false => starts,
        };
        let waited = timeout(Duration::from_millis(20), starts.spawn_started()).await;
        assert!(waited.is_err());
        let gone = timeout(LONG, gone.recv()).await;
        assert_eq!(gone, Ok(None), "the value was dropped");
    }
}

/// Panics where it gets a message back.
struct Sore;

enum Prick {
    Ask(#[expect(dead_code)] Reply<()>),
    Tell,
}

impl Actor for Sore {
    type Msg = Prick;

    async fn handle(&mut self, _: Prick, _: &mut Cx<Self>) {}

    fn undelivered(_: Prick) {
        panic!("undelivered");
    }
}

#[tokio::test]
async fn a_panic_of_undelivered_does_not_hit_who_tells() {
    let sore = actor(Sore).with_mailbox(Mailbox::bounded(1).overflow(Overflow::DropOldest));
    let sore = sore.spawn();
    for _ in 0..3 {
        sore.tell(Prick::Tell).await.unwrap();
    }
    // An asker who has gone does not answer for it either.
    let mut asked = Box::pin(sore.ask(Prick::Ask).into_future());
    let mut task = Context::from_waker(Waker::noop());
    assert!(asked.as_mut().poll(&mut task).is_pending());
    sore.try_tell(Prick::Tell).unwrap();
    drop(asked);
}

/// Asks back whom it has answered.
struct Peer {
    other: Option<ActorRef<Peer>>,
}

enum Call {
    Meet(ActorRef<Peer>),
    /// Asks the other `Callback`.
    Begin(Reply<Result<(), String>>),
    /// Answers, and then asks the other something.
    Callback(Reply<()>, Reply<Result<(), String>>),
    Ping(Reply<()>),
}

impl Actor for Peer {
    type Msg = Call;

    async fn handle(&mut self, message: Call, _: &mut Cx<Self>) {
        match message {
            Call::Meet(other) => self.other = Some(other),
            Call::Begin(told) => {
                let other = self.other.as_ref().unwrap();
                let asked = other.ask(|reply| Call::Callback(reply, told)).await;
                asked.unwrap();
            }
            Call::Callback(reply, told) => {
                reply.send(());
                let asked = self.other.as_ref().unwrap().ask(Call::Ping).await;
                told.send(asked.map_err(|error| error.to_string()));
            }
            Call::Ping(reply) => reply.send(()),
        }
    }
}

#[tokio::test]
async fn who_was_answered_may_be_asked_back() {
    let [one, two] = [(); 2].map(|()| actor(Peer { other: None }).spawn());
    one.tell(Call::Meet(two.clone())).await.unwrap();
    two.tell(Call::Meet(one.clone())).await.unwrap();
    let asked = timeout(LONG, one.ask(Call::Begin)).await.unwrap();
    assert_eq!(
        asked.unwrap(),
        Ok(()),
        "one has its answer: there is no circle"
    );
    one.stop();
    two.stop();
}

#[tokio::test]
async fn a_close_of_a_child_handles_what_was_unstashed() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let (spec, doer) = actor_with(move || Doer(seen.clone())).child("doer");
    let supervisor = Supervisor::one_for_one().with_child(spec.transient());
    let supervisor = supervisor.start().await.unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = ran.clone();
    let me = doer.clone();
    let ended = doer.monitor();
    doer.tell(act(move |cx| {
        for _ in 0..3 {
            let counted = counted.clone();
            let stashed = cx.stash(act(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            }));
            assert!(stashed.is_ok());
        }
        cx.unstash_all();
        me.close();
    }))
    .await
    .unwrap();
    assert_eq!(kind(&ended.await.exit), "normal");
    assert_eq!(ran.load(Ordering::Relaxed), 3);
    supervisor.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_attached_stream_asks_is_no_circle() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    let me = doer.clone();
    let (told, mut answers) = mpsc::unbounded_channel();
    doer.tell(act(move |cx| {
        let asked = async move { me.ask(Do::Sync).await.map_err(|error| error.to_string()) };
        cx.attach(stream::once(asked), move |answer| {
            let _ = told.send(answer);
            act(|_| ())
        });
    }))
    .await
    .unwrap();
    assert_eq!(timeout(LONG, answers.recv()).await.unwrap(), Some(Ok(())));
}

#[tokio::test]
async fn a_task_of_the_actor_that_panics_does_not_forbid_others() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    let (told, mut ran) = mpsc::unbounded_channel();
    doer.tell(act(|cx| cx.spawn(async { panic!("a task") })))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    doer.tell(act(move |cx| {
        cx.spawn(async move {
            let _ = told.send(());
        });
    }))
    .await
    .unwrap();
    assert_eq!(timeout(LONG, ran.recv()).await.unwrap(), Some(()));
    doer.ask(Do::Sync).await.unwrap();
}

#[tokio::test]
async fn an_interval_in_a_burst_does_not_hold_up_a_stop() {
    let (seen, _signals) = mpsc::unbounded_channel();
    let doer = actor(Doer(seen)).spawn();
    doer.tell(act(|cx| {
        cx.send_every(Duration::from_nanos(1), Drift::Burst, || act(|_| ()));
    }))
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    doer.stop();
    timeout(LONG, doer.ended()).await.unwrap();
}

/// What lives there now is another one, with a monitor of the same number.
#[tokio::test]
async fn who_takes_back_a_monitor_takes_no_other() {
    let (seen, _) = mpsc::unbounded_channel();
    let (spec, target) = actor_with(move || Doer(seen.clone())).child("target");
    let supervisor = Supervisor::one_for_one()
        .with_intensity(100, LONG)
        .with_child(spec);
    let supervisor = supervisor.start().await.unwrap();
    let (seen, mut signals) = mpsc::unbounded_channel();
    let one = actor(Doer(seen.clone())).spawn();
    let two = actor(Doer(seen)).spawn();

    let ids = Arc::new(std::sync::Mutex::new(None));
    let (id, watched) = (ids.clone(), target.clone());
    let monitor = act(move |cx| *id.lock().unwrap() = Some(cx.monitor(&watched)));
    one.tell(monitor).await.unwrap();
    one.ask(Do::Sync).await.unwrap();
    target.tell(Do::Panic).await.unwrap();
    target.ask(Do::Sync).await.unwrap();
    one.ask(Do::Sync).await.unwrap();
    assert_eq!(signals.try_recv().ok(), Some("down"));

    let watched = target.clone();
    two.tell(act(move |cx| {
        cx.monitor(&watched);
    }))
    .await
    .unwrap();
    two.ask(Do::Sync).await.unwrap();
    let watched = target.clone();
    let demonitor = act(move |cx| {
        let id = ids.lock().unwrap().take().unwrap();
        assert!(!cx.demonitor(&watched, id), "its signal has come");
    });
    one.tell(demonitor).await.unwrap();
    one.ask(Do::Sync).await.unwrap();
    target.tell(Do::Panic).await.unwrap();
    target.ask(Do::Sync).await.unwrap();
    two.ask(Do::Sync).await.unwrap();
    assert_eq!(signals.try_recv().ok(), Some("down"), "that of the other");
    supervisor.shutdown().await;
}
