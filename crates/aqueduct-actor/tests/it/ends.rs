//! How actors end, and what control does while they do not.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::{Actor, AskError, Cx, Mailbox, Reply, Signal, UnsentReason, actor};
use aqueduct_channel::mpsc;
use aqueduct_supervision::{Exit, Failure};
use tokio::sync::Semaphore;

use crate::support::{Census, Citizen, Did, Msg, Puppet, kind, log};

/// Fails or panics where it is told to.
struct Fragile {
    at: &'static str,
    log: mpsc::UnboundedSender<&'static str>,
    _citizen: Citizen,
}

impl Fragile {
    fn reach(&self, place: &'static str) {
        let _ = self.log.send(place);
        assert!(self.at != place, "it was told to panic");
    }
}

impl Actor for Fragile {
    type Msg = ();

    async fn start(&mut self, _: &mut Cx<Self>) -> Result<(), Failure> {
        self.reach("start");
        if self.at == "start fails" {
            return Err(Failure::msg("no"));
        }
        tokio::task::yield_now().await;
        self.reach("start late");
        Ok(())
    }

    async fn handle(&mut self, (): (), _: &mut Cx<Self>) {
        self.reach("handle");
        tokio::task::yield_now().await;
        self.reach("handle late");
    }

    async fn signal(&mut self, _: Signal, _: &mut Cx<Self>) {
        self.reach("signal");
    }

    async fn stop(&mut self, _: &Exit, _: &mut Cx<Self>) {
        self.reach("stop");
        tokio::task::yield_now().await;
        self.reach("stop late");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        let _ = self.log.send("drop");
        assert!(self.at != "drop", "it was told to panic");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_anywhere_ends_the_actor_and_is_told() {
    let (start, work, stop) = (
        ["start", "start late"],
        ["handle", "handle late", "signal"],
        ["stop", "stop late"],
    );
    let all: Vec<&str> = [&start[..], &work, &stop, &["drop"]].concat();
    // Where it breaks, how it ends, whether `stop` was called, whether it started.
    let cases = [
        ("start", "panicked", false, false),
        ("start late", "panicked", false, false),
        ("start fails", "failed", false, false),
        ("handle", "panicked", true, true),
        ("handle late", "panicked", true, true),
        ("signal", "panicked", true, true),
        ("stop", "panicked", true, true),
        ("stop late", "panicked", true, true),
        ("drop", "panicked", true, true),
        ("nowhere", "shutdown", true, true),
    ];
    for (at, ends, stops, starts) in cases {
        let census = Census::default();
        let (log, mut done) = mpsc::unbounded_channel();
        let fragile = Fragile {
            at,
            log,
            _citizen: census.one(),
        };
        let spawned = actor(fragile)
            .with_idle_timeout(Duration::from_secs(1))
            .spawn_started()
            .await;
        let exit = match spawned {
            Ok(fragile) => {
                assert!(starts, "{at}");
                let _ = fragile.tell(()).await;
                // Until it is idle.
                tokio::time::sleep(Duration::from_secs(2)).await;
                fragile.stop();
                fragile.ended().await.exit
            }
            Err(error) => {
                assert!(!starts, "{at}");
                error.exit
            }
        };
        assert_eq!(kind(&exit), ends, "{at}");
        if let Exit::Panicked(panicked) = &exit {
            assert_eq!(panicked.message(), Some("it was told to panic"));
            let location = panicked
                .location()
                .unwrap_or_else(|| panic!("no hook: {at}"));
            assert!(location.file().ends_with("ends.rs"), "{location}");
        }
        let done: Vec<&str> = std::iter::from_fn(|| done.try_recv().ok()).collect();
        assert_eq!(done.contains(&"stop"), stops, "{at} {done:?}");
        assert_eq!(done.last(), Some(&"drop"), "{at}");
        assert!(done.iter().all(|place| all.contains(place)));
        assert_eq!(census.alive(), 0, "{at}");
    }
}

#[tokio::test]
async fn a_kill_drops_what_is_under_way_and_skips_stop() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).spawn();
    let permits = Arc::new(Semaphore::new(0));
    let asks = [0, 1].map(|n| {
        let (puppet, permits) = (puppet.clone(), permits.clone());
        tokio::spawn(async move {
            if n == 0 {
                puppet.tell(Msg::Wait(0, permits)).await.unwrap();
            }
            puppet.ask(|reply| Msg::Ask(n, reply)).await
        })
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    puppet.kill();
    assert_eq!(kind(&puppet.ended().await.exit), "killed");
    for ask in asks {
        assert!(ask.await.unwrap().unwrap_err().is_unsent());
    }
    assert_eq!(log(&mut done), [Did::Started]);
    assert_eq!(Arc::strong_count(&permits), 1);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn an_actor_that_closes_handles_what_is_inside() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet)
        .with_mailbox(Mailbox::bounded(2))
        .until_stopped()
        .spawn();
    puppet.tell(Msg::Note(0)).await.unwrap();
    puppet.tell(Msg::Note(1)).await.unwrap();
    let waits = tokio::spawn({
        let puppet = puppet.clone();
        async move { puppet.tell(Msg::Note(2)).await }
    });
    puppet.close();
    assert!(puppet.try_tell(Msg::Note(3)).is_err());
    assert_eq!(kind(&puppet.ended().await.exit), "normal");
    assert!(waits.await.unwrap().is_err());
    let expected = [
        Did::Started,
        Did::Handled(0),
        Did::Handled(1),
        Did::Stopped("normal"),
    ];
    assert_eq!(log(&mut done), expected);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn a_frozen_actor_takes_control_and_no_messages() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).spawn();
    puppet.freeze();
    assert!(puppet.is_frozen());
    puppet.tell(Msg::Note(0)).await.unwrap();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log(&mut done), [Did::Started]);
    puppet.thaw();
    puppet.ask(|reply| Msg::Ask(1, reply)).await.unwrap();
    assert_eq!(log(&mut done), [Did::Handled(0), Did::Handled(1)]);
    puppet.freeze();
    puppet.tell(Msg::Note(2)).await.unwrap();
    puppet.stop();
    assert_eq!(kind(&puppet.ended().await.exit), "shutdown");
    assert_eq!(log(&mut done), [Did::Stopped("shutdown")]);
    assert_eq!(census.alive(), 0);
}

#[tokio::test]
async fn an_actor_until_stopped_outlives_its_references() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).until_stopped().spawn();
    let (weak, ended) = (puppet.downgrade(), puppet.ended());
    drop(puppet);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let puppet = weak.upgrade().expect("it is alive");
    assert_eq!(puppet.ask(|reply| Msg::Ask(1, reply)).await.unwrap(), 1);
    puppet.stop_with(Exit::failed(Failure::msg("enough")));
    puppet.stop_with(Exit::Normal);
    assert_eq!(kind(&ended.await.exit), "failed");
    assert_eq!(log(&mut done).last(), Some(&Did::Stopped("failed")));
}

/// Counts what came before a message that was behind many signals, and the other way round.
struct Turns(Vec<char>);

enum Turn {
    Message,
    Read(Reply<String>),
}

impl Actor for Turns {
    type Msg = Turn;

    async fn handle(&mut self, message: Turn, _: &mut Cx<Self>) {
        match message {
            Turn::Message => self.0.push('m'),
            Turn::Read(reply) => reply.send(self.0.iter().collect()),
        }
    }

    async fn signal(&mut self, _: Signal, _: &mut Cx<Self>) {
        self.0.push('s');
    }
}

#[tokio::test]
async fn signals_go_before_messages_and_do_not_starve_them() {
    let census = Census::default();
    let turns = actor(Turns(Vec::new())).spawn();
    turns.freeze();
    turns.thaw();
    // All before it runs at all.
    for _ in 0..3 {
        turns.try_tell(Turn::Message).unwrap();
    }
    let watcher = turns.clone();
    let others: Vec<_> = (0..20)
        .map(|_| actor(Puppet::new(&census).0).spawn())
        .collect();
    for other in &others {
        let watch = aqueduct_supervision::watch::Linkable::watch(other);
        let stop = aqueduct_supervision::watch::Linkable::watch(&watcher);
        assert_ne!(watch.id(), stop.id());
    }
    let all = others.clone();
    let (told, done) = tokio::sync::oneshot::channel();
    struct Watcher(
        Option<(
            Vec<aqueduct_actor::ActorRef<Puppet>>,
            tokio::sync::oneshot::Sender<String>,
        )>,
        String,
    );
    impl Actor for Watcher {
        type Msg = ();

        async fn start(&mut self, cx: &mut Cx<Self>) -> Result<(), Failure> {
            let (all, _) = self.0.as_ref().expect("it starts once");
            for other in all {
                cx.monitor(other);
                other.stop();
            }
            for other in all {
                other.ended().await;
            }
            Ok(())
        }

        async fn handle(&mut self, (): (), _: &mut Cx<Self>) {
            self.1.push('m');
            if self.1.matches('m').count() == 3
                && let Some((_, told)) = self.0.take()
            {
                told.send(self.1.clone()).unwrap();
            }
        }

        async fn signal(&mut self, _: Signal, _: &mut Cx<Self>) {
            self.1.push('s');
        }
    }
    let watcher = actor(Watcher(Some((all, told)), String::new())).spawn();
    for _ in 0..3 {
        watcher.try_tell(()).unwrap();
    }
    assert_eq!(done.await.unwrap(), "ssssssssmssssssssmssssm");
    assert_eq!(turns.ask(Turn::Read).await.unwrap(), "mmm");
}

#[tokio::test]
async fn asking_itself_is_an_error_at_once_and_so_is_a_circle() {
    struct Node(Option<aqueduct_actor::ActorRef<Node>>);
    enum Ask {
        Next(Reply<String>),
        Meet(aqueduct_actor::ActorRef<Node>),
        Itself(Reply<bool>),
    }

    impl Actor for Node {
        type Msg = Ask;

        async fn handle(&mut self, message: Ask, cx: &mut Cx<Self>) {
            match message {
                Ask::Meet(other) => self.0 = Some(other),
                Ask::Itself(reply) => {
                    let asked = cx.me().ask(Ask::Next).await;
                    reply.send(matches!(
                        asked,
                        Err(AskError::Unsent(unsent)) if unsent.reason == UnsentReason::ToItself
                    ));
                }
                Ask::Next(reply) => {
                    let Some(next) = &self.0 else {
                        return reply.send("the end".to_owned());
                    };
                    match next.ask(Ask::Next).await {
                        Ok(said) => reply.send(said),
                        Err(error) => reply.send(error.to_string()),
                    }
                }
            }
        }
    }

    let nodes = ["a", "b", "c"].map(|name| actor(Node(None)).with_name(name).spawn());
    assert!(nodes[0].ask(Ask::Itself).await.unwrap());
    nodes[0].tell(Ask::Meet(nodes[1].clone())).await.unwrap();
    nodes[1].tell(Ask::Meet(nodes[2].clone())).await.unwrap();
    assert_eq!(nodes[0].ask(Ask::Next).await.unwrap(), "the end");
    nodes[2].tell(Ask::Meet(nodes[0].clone())).await.unwrap();
    if cfg!(debug_assertions) {
        let said = nodes[0].ask(Ask::Next).await.unwrap();
        assert!(said.ends_with("c → a → b → c"), "{said}");
        // Nobody is left waiting.
        assert!(nodes[1].ask(Ask::Itself).await.unwrap());
    }
    for node in nodes {
        node.stop();
        node.ended().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_in_a_group_stops_with_it_and_has_its_grace() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let group = aqueduct_group::group()
        .with_grace(Duration::from_secs(1))
        .open(aqueduct_group::Discard::<()>::new());
    let puppet = actor(puppet)
        .with_name("puppet")
        .spawn_in(&group)
        .await
        .unwrap();
    assert_eq!(puppet.ask(|reply| Msg::Ask(1, reply)).await.unwrap(), 1);
    assert_eq!(group.len(), 1);
    group.shutdown().await.unwrap();
    assert_eq!(kind(&puppet.ended().await.exit), "shutdown");
    let expected = [Did::Started, Did::Handled(1), Did::Stopped("shutdown")];
    assert_eq!(log(&mut done), expected);
    assert_eq!(census.alive(), 0);

    let closed = aqueduct_group::group().open(aqueduct_group::Discard::<()>::new());
    closed.close();
    let (puppet, mut done) = Puppet::new(&census);
    let refused = actor(puppet).spawn_in(&closed).await.unwrap_err();
    assert_eq!(kind(&refused.exit), "killed");
    assert_eq!(log(&mut done), []);
    assert_eq!(census.alive(), 0);
}

/// Whose time is up has nothing to ask for: its message does not run.
#[tokio::test(start_paused = true)]
async fn an_ask_whose_deadline_is_over_is_not_sent() {
    let census = Census::default();
    let (puppet, mut done) = Puppet::new(&census);
    let puppet = actor(puppet).spawn();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let now = tokio::time::Instant::now();
    for deadline in [now, now - Duration::from_millis(1)] {
        for waits in [true, false] {
            let ask = match waits {
                true => puppet.ask(|reply| Msg::Ask(1, reply)),
                false => puppet.try_ask(|reply| Msg::Ask(1, reply)),
            };
            let Err(AskError::Unsent(unsent)) = ask.until(deadline).await else {
                panic!("it was sent");
            };
            assert_eq!(unsent.reason, UnsentReason::Elapsed);
            assert!(matches!(unsent.message, Msg::Ask(1, _)));
        }
    }
    puppet.close();
    puppet.ended().await;
    assert_eq!(log(&mut done), [Did::Started, Did::Stopped("normal")]);
}
