//! Requests to end an actor that may be started again: what each does, when, by the child's kind of restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, Cx, Reply, actor, actor_with};
use aqueduct_resilience::Backoff;
use aqueduct_supervision::exit::{Exit, Failure};
use aqueduct_supervision::{ChildSpec, Supervisor, SupervisorSpec};
use tokio::sync::Semaphore;

use crate::support::kind;

/// Counts its starts, each of which needs a permit.
struct Worker {
    starts: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

enum Msg {
    Fail,
    Get(Reply<usize>),
    Hang,
}

impl Actor for Worker {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
        match message {
            Msg::Fail => cx.stop(Exit::Failed(Failure::msg("it was told to fail"))),
            Msg::Get(reply) => reply.send(self.starts.load(Ordering::Relaxed)),
            Msg::Hang => std::future::pending().await,
        }
    }

    async fn start(&mut self, _: &mut Cx<Self>) -> Result<(), Failure> {
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.permits.acquire().await.unwrap().forget();
        Ok(())
    }
}

struct Scene {
    actor: ActorRef<Worker>,
    starts: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Scene {
    fn new(restart: Kind, permits: usize) -> (Self, ChildSpec) {
        let starts = Arc::new(AtomicUsize::new(0));
        let permits = Arc::new(Semaphore::new(permits));
        let make = {
            let (starts, permits) = (starts.clone(), permits.clone());
            move || Worker {
                starts: starts.clone(),
                permits: permits.clone(),
            }
        };
        let (spec, actor) = actor_with(make).child("worker");
        let spec = match restart {
            Kind::Permanent => spec.permanent(),
            Kind::Transient => spec.transient(),
            Kind::Temporary => spec.temporary(),
        };
        let spec = spec.with_backoff(Backoff::constant(Duration::from_secs(1)));
        let scene = Self {
            actor,
            starts,
            permits,
        };
        (scene, spec)
    }

    fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }
}

fn supervisor() -> SupervisorSpec {
    Supervisor::one_for_one().with_intensity(1000, Duration::from_secs(5))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Permanent,
    Transient,
    Temporary,
}

const KINDS: [Kind; 3] = [Kind::Permanent, Kind::Transient, Kind::Temporary];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Close,
    Stop,
    Kill,
}

const REQUESTS: [Request; 3] = [Request::Close, Request::Stop, Request::Kill];

impl Request {
    fn make(self, actor: &ActorRef<Worker>) {
        match self {
            Self::Close => actor.close(),
            Self::Stop => actor.stop(),
            Self::Kill => actor.kill(),
        }
    }

    fn exit(self) -> &'static str {
        match self {
            Self::Close => "normal",
            Self::Stop => "shutdown",
            Self::Kill => "killed",
        }
    }

    /// Whether a child that was asked so is started again, in the end.
    fn is_restarted(self, restart: Kind) -> bool {
        match restart {
            Kind::Permanent => true,
            Kind::Transient => self == Self::Kill,
            Kind::Temporary => false,
        }
    }
}

/// Long enough for all that is to come.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(20)).await;
}

async fn check(scene: &Scene, supervisor: &Supervisor, restarted: bool, starts: usize, case: &str) {
    settle().await;
    assert_eq!(scene.starts(), starts, "{case}");
    if restarted {
        assert_eq!(scene.actor.ask(Msg::Get).await.unwrap(), starts, "{case}");
    } else {
        let refused = scene.actor.ask(Msg::Get).await;
        assert!(refused.unwrap_err().is_unsent(), "{case}");
    }
    let alive = supervisor.count_children().await.unwrap().active;
    assert_eq!(alive, usize::from(restarted), "{case}");
}

#[tokio::test(start_paused = true)]
async fn one_that_runs_ends_as_it_is_asked() {
    for restart in KINDS {
        for request in REQUESTS {
            let case = format!("{request:?} {restart:?}");
            let (scene, spec) = Scene::new(restart, 9);
            let supervisor = supervisor().with_child(spec).start().await.unwrap();
            let ended = scene.actor.monitor();
            request.make(&scene.actor);
            assert_eq!(kind(&ended.await.exit), request.exit(), "{case}");
            let restarted = request.is_restarted(restart);
            let starts = 1 + usize::from(restarted);
            check(&scene, &supervisor, restarted, starts, &case).await;
            supervisor.shutdown().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_between_two_incarnations_holds() {
    for restart in KINDS {
        for request in REQUESTS {
            let case = format!("{request:?} {restart:?}");
            let (scene, spec) = Scene::new(restart, 9);
            let supervisor = supervisor().with_child(spec).start().await.unwrap();
            let failed = scene.actor.monitor();
            scene.actor.tell(Msg::Fail).await.unwrap();
            assert_eq!(kind(&failed.await.exit), "failed", "{case}");
            request.make(&scene.actor);
            // Nothing new, from here on.
            if request == Request::Close {
                assert!(scene.actor.try_tell(Msg::Fail).is_err(), "{case}");
            }
            let starts = match (restart, request) {
                // It is not started again anyway.
                (Kind::Temporary, _) => 1,
                // Once for what is inside.
                (Kind::Permanent, Request::Close) => 3,
                (Kind::Transient, Request::Close) => 2,
                // The one that ends at once is not even started.
                (Kind::Permanent, Request::Stop) => 2,
                (Kind::Transient, Request::Stop) => 1,
                // There is nothing to kill.
                (_, Request::Kill) => 2,
            };
            let restarted = request.is_restarted(restart);
            check(&scene, &supervisor, restarted, starts, &case).await;
            supervisor.shutdown().await;
            assert!(!scene.actor.is_alive(), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_starts_ends_as_it_is_asked_after_that_but_by_a_kill_at_once() {
    for restart in KINDS {
        for request in REQUESTS {
            let case = format!("{request:?} {restart:?}");
            let (scene, spec) = Scene::new(restart, 0);
            let supervisor = supervisor().start().await.unwrap();
            let ended = scene.actor.monitor();
            let asks = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(scene.starts(), 1, "{case}");
                request.make(&scene.actor);
                tokio::time::sleep(Duration::from_secs(1)).await;
                scene.permits.add_permits(9);
            };
            let (started, ()) = tokio::join!(supervisor.start_child(spec), asks);
            assert_eq!(kind(&ended.await.exit), request.exit(), "{case}");
            // One that was killed has failed to start, and is not kept.
            assert_eq!(started.is_err(), request == Request::Kill, "{case}");
            let restarted = request != Request::Kill && request.is_restarted(restart);
            let starts = 1 + usize::from(restarted);
            check(&scene, &supervisor, restarted, starts, &case).await;
            supervisor.shutdown().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_asked_before_its_first_start_ends_as_it_was_asked() {
    for (request, starts) in [(Request::Close, 1), (Request::Stop, 0)] {
        let (scene, spec) = Scene::new(Kind::Transient, 9);
        request.make(&scene.actor);
        let ended = scene.actor.monitor();
        let supervisor = supervisor().with_child(spec).start().await.unwrap();
        assert_eq!(kind(&ended.await.exit), request.exit());
        let case = format!("{request:?}");
        check(&scene, &supervisor, false, starts, &case).await;
        supervisor.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_one_that_fails_goes_on_closed_with_what_is_inside() {
    let (scene, spec) = Scene::new(Kind::Transient, 9);
    let supervisor = supervisor().with_child(spec).start().await.unwrap();
    for _ in 0..2 {
        scene.actor.tell(Msg::Fail).await.unwrap();
    }
    let asked = tokio::spawn({
        let actor = scene.actor.clone();
        async move { actor.ask(Msg::Get).await }
    });
    tokio::task::yield_now().await;
    scene.actor.close();
    assert_eq!(asked.await.unwrap().unwrap(), 3);
    check(&scene, &supervisor, false, 3, "after two failures").await;
    supervisor.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_a_failure_comes_before_holds() {
    let (scene, spec) = Scene::new(Kind::Transient, 9);
    let supervisor = supervisor().with_child(spec).start().await.unwrap();
    scene.actor.tell(Msg::Hang).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    scene.actor.stop();
    let killed = scene.actor.monitor();
    scene.actor.kill();
    assert_eq!(kind(&killed.await.exit), "killed");
    check(&scene, &supervisor, false, 1, "killed amid a stop").await;
    supervisor.shutdown().await;
}

/// What its supervisor tells it, it tells the incarnation.
#[tokio::test(start_paused = true)]
async fn a_stop_by_its_supervisor_is_over_with_the_incarnation() {
    let (scene, spec) = Scene::new(Kind::Transient, 9);
    let spec = spec.with_shutdown(aqueduct_supervision::Shutdown::Within(Duration::from_secs(
        1,
    )));
    let supervisor = supervisor().with_child(spec).start().await.unwrap();
    scene.actor.tell(Msg::Hang).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    supervisor.terminate_child("worker").await.unwrap();
    // At rest there is nothing to end.
    scene.actor.stop();
    scene.actor.close();
    supervisor.restart_child("worker").await.unwrap();
    check(&scene, &supervisor, true, 2, "restarted by hand").await;
    supervisor.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_kill_says_how_it_ended_and_a_supervisor_decides_by_it() {
    let done = || Exit::shutdown("not needed any more");
    for between in [false, true] {
        let (scene, spec) = Scene::new(Kind::Transient, 9);
        let supervisor = supervisor().with_child(spec).start().await.unwrap();
        let message = if between { Msg::Fail } else { Msg::Hang };
        scene.actor.tell(message).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        scene.actor.kill_with(done());
        // The first is heard.
        scene.actor.kill();
        settle().await;
        let exit = scene.actor.monitor().await.exit;
        assert_eq!(exit.to_string(), done().to_string(), "{between}");
        check(&scene, &supervisor, false, 1, "killed in an orderly way").await;
        supervisor.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_of_a_value_is_a_child_once() {
    let starts = Arc::new(AtomicUsize::new(0));
    let worker = || Worker {
        starts: starts.clone(),
        permits: Arc::new(Semaphore::new(9)),
    };
    let (spec, one) = actor(worker()).child("one");
    assert_eq!(one.name(), Some("one"));
    let (unused, never) = actor(worker()).child("never");
    let early = tokio::spawn({
        let one = one.clone();
        async move { one.ask(Msg::Get).await }
    });
    tokio::task::yield_now().await;
    let supervisor = supervisor().with_child(spec).start().await.unwrap();
    assert_eq!(early.await.unwrap().unwrap(), 1);
    one.tell(Msg::Fail).await.unwrap();
    assert_eq!(kind(&one.ended().await.exit), "failed");
    settle().await;
    assert_eq!(supervisor.count_children().await.unwrap().specs, 0);
    drop(unused);
    assert_eq!(kind(&never.ended().await.exit), "killed");

    // Its supervisor stops it, and gives up where it is to start what is not there.
    let (spec, two) = actor(worker()).child("two");
    supervisor.start_child(spec).await.unwrap();
    supervisor.terminate_child("two").await.unwrap();
    assert_eq!(kind(&two.ended().await.exit), "shutdown");
    let (spec, three) = actor(worker()).child("three");
    supervisor.start_child(spec.permanent()).await.unwrap();
    three.kill();
    three.ended().await;
    assert_eq!(kind(&supervisor.wait().await), "shutdown");
    assert_eq!(starts.load(Ordering::Relaxed), 3);
}
