//! Faults that a review found, each by the test that showed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::watch::Lifeline;
use aqueduct_supervision::{
    ChildContext, ChildSpec, Exit, Failure, Fate, Shutdown, StartChild, Supervisor, Watch, link,
};
use tokio::time::sleep;

use crate::support::{Census, both, millis, paused, secs, soon, threads};

/// One that never comes to an await until it is let go, and notes how many of it ever ran at the same time.
#[derive(Clone, Default)]
struct Busy {
    alive: Census,
    most: Arc<AtomicUsize>,
    runs: Arc<AtomicBool>,
    go: Arc<AtomicBool>,
}

impl Busy {
    fn spec(&self, id: &'static str) -> ChildSpec {
        let busy = self.clone();
        ChildSpec::worker(id, move |_: ChildContext| {
            let busy = busy.clone();
            let guard = busy.alive.guard();
            busy.most.fetch_max(busy.alive.alive(), Ordering::SeqCst);
            async move {
                let _guard = guard;
                // A task that its worker has woken last would wait for as long as that is busy. By now there is none.
                sleep(millis(20)).await;
                busy.runs.store(true, Ordering::SeqCst);
                while !busy.go.load(Ordering::SeqCst) {
                    std::thread::sleep(millis(1));
                }
                sleep(secs(1000)).await;
            }
        })
        .with_shutdown(Shutdown::Brutal)
    }

    async fn is_busy(&self) {
        // Not by yielding: what yields to a task that never comes to an await comes back when its worker parks.
        while !self.runs.load(Ordering::SeqCst) {
            sleep(millis(1)).await;
        }
    }

    fn let_go(&self) {
        self.go.store(true, Ordering::SeqCst);
    }

    /// Lets it go where a test fails, so that its runtime can end. Until then the other worker is kept awake: where one
    /// blocks that had the timers, nobody else would look at them.
    fn or_let_go(&self) -> LetGo {
        let (go, runtime) = (self.go.clone(), tokio::runtime::Handle::current());
        std::thread::spawn(move || {
            while !go.load(Ordering::SeqCst) {
                runtime.spawn(async {});
                std::thread::sleep(millis(1));
            }
        });
        LetGo(self.go.clone())
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

struct LetGo(Arc<AtomicBool>);

impl Drop for LetGo {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_supervisor_that_is_killed_is_started_again_when_nothing_of_it_is_left() {
    threads(async {
        let busy = Busy::default();
        let _let_go = busy.or_let_go();
        let patient = || Supervisor::one_for_one().with_abort_patience(secs(100));
        let middle = patient().with_child(busy.spec("busy"));
        let below = patient().with_child(ChildSpec::supervisor("middle", middle));
        let top = patient()
            .with_child(ChildSpec::supervisor("below", below))
            .start()
            .await
            .unwrap();
        busy.is_busy().await;
        let child = top.which_child("below").await.unwrap().child;
        let killed = child.watch();
        child.kill();
        sleep(millis(100)).await;
        assert_eq!(busy.most(), 1, "two at the same time");
        assert!(killed.is_alive(), "something of it still runs");
        busy.let_go();
        let down = killed.monitor().await;
        assert!(matches!(down.exit, Exit::Killed), "{down}");
        soon("it is started again", || child.incarnation() == 2).await;
        assert_eq!(busy.most(), 1);
        let _ = top.shutdown().await;
        assert_eq!(busy.alive.alive(), 0);
    });
}

#[test]
fn a_supervisor_that_was_killed_does_not_keep_a_shutdown_waiting() {
    threads(async {
        let busy = Busy::default();
        let _let_go = busy.or_let_go();
        let below = Supervisor::one_for_one()
            .with_abort_patience(millis(100))
            .with_child(busy.spec("busy"));
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_abort_patience(millis(100))
            .with_child(ChildSpec::supervisor("below", below))
            .start()
            .await
            .unwrap();
        busy.is_busy().await;
        let child = top.which_child("below").await.unwrap().child;
        child.kill();
        let report = tokio::time::timeout(secs(10), top.shutdown()).await;
        let report = report.expect("what is left is not waited for without end");
        assert_eq!(
            Vec::from_iter(report.unresponsive.paths()),
            ["top/below/busy"]
        );
        let exit = child.watch().exit();
        assert!(matches!(exit, Some(Exit::Unresponsive)), "{exit:?}");
        busy.let_go();
        soon("it ends", || busy.alive.alive() == 0).await;
    });
}

#[test]
fn one_that_cannot_be_replaced_is_not_replaced_by_the_supervisor_above_either() {
    threads(async {
        let busy = Busy::default();
        let _let_go = busy.or_let_go();
        let bad = ChildSpec::worker("bad", |_: ChildContext| async {
            sleep(millis(50)).await;
            Err::<(), _>(Failure::msg("boom"))
        });
        let below = Supervisor::one_for_all()
            .with_abort_patience(millis(20))
            .with_child(bad)
            .with_child(busy.spec("busy"));
        let top = Supervisor::one_for_one()
            .with_abort_patience(millis(20))
            .with_intensity(3, secs(5))
            .with_child(ChildSpec::supervisor("below", below))
            .start()
            .await
            .unwrap();
        let exit = top.wait().await;
        assert_eq!(busy.most(), 1, "two at the same time");
        assert!(exit.is_orderly(), "too many restarts: {exit}");
        busy.let_go();
        soon("it ends", || busy.alive.alive() == 0).await;
    });
}

#[test]
fn what_could_not_be_replaced_is_started_again_once_it_has_ended() {
    threads(async {
        let busy = Busy::default();
        let _let_go = busy.or_let_go();
        let below = Supervisor::one_for_one()
            .with_abort_patience(millis(20))
            .with_child(busy.spec("busy"));
        let top = Supervisor::one_for_one()
            .with_child(ChildSpec::supervisor("below", below))
            .start()
            .await
            .unwrap();
        busy.is_busy().await;
        top.terminate_child("below").await.unwrap();
        let error = top.restart_child("below").await.unwrap_err();
        assert!(error.to_string().contains("cannot be replaced"), "{error}");
        assert_eq!(busy.most(), 1, "two at the same time");
        busy.let_go();
        soon("it ends", || busy.alive.alive() == 0).await;
        while top.restart_child("below").await.is_err() {
            sleep(millis(1)).await;
        }
        assert_eq!(busy.most(), 1);
        let _ = top.shutdown().await;
    });
}

/// Stops nothing.
struct Mortal(Watch);

impl aqueduct_supervision::watch::Linkable for Mortal {
    fn watch(&self) -> Watch {
        self.0.clone()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        Box::new(|_| ())
    }
}

#[test]
fn links_of_what_has_ended_leave_nothing_with_what_lives() {
    let server = Lifeline::new(Some("server".into()));
    let mut links = Vec::new();
    for n in 0..1000 {
        let client = Lifeline::new(None);
        if n % 3 == 2 {
            client.end(Exit::Normal);
            continue;
        }
        let link = link(&Mortal(server.watch()), &Mortal(client.watch()));
        match n % 3 {
            0 => link.keep(),
            _ => links.push(link),
        }
        client.end(Exit::Normal);
    }
    assert_eq!(server.watch().watchers(), 0);

    let (dead, client) = (Lifeline::new(None), Lifeline::new(None));
    let watch = dead.watch();
    dead.end(Exit::Normal);
    link(&Mortal(watch.clone()), &Mortal(client.watch())).keep();
    link(&Mortal(client.watch()), &Mortal(watch)).keep();
    assert_eq!(client.watch().watchers(), 0);
}

#[test]
fn a_dynamic_child_that_has_ended_is_terminated_already() {
    both(|| async {
        let make = |_: ()| (ChildSpec::worker("a", |_| async {}).temporary(), ());
        let supervisor = Supervisor::dynamic(make).start().await.unwrap();
        let other = Supervisor::dynamic(make).start().await.unwrap();
        let (child, ()) = supervisor.start_child(()).await.unwrap();
        child.watch_all().monitor().await;
        // As OTP says of any pid that is dead.
        supervisor.terminate_child(&child).await.unwrap();
        // Its place has been taken by another one.
        let (second, ()) = supervisor.start_child(()).await.unwrap();
        supervisor.terminate_child(&child).await.unwrap();
        second.watch_all().monitor().await;
        other.terminate_child(&child).await.unwrap_err();
        let _ = (supervisor.shutdown().await, other.shutdown().await);
    });
}

/// One whose supervisor is kept from its work for a while when the first of all ends.
struct Slow(Arc<AtomicBool>);

impl StartChild for Slow {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        cx.ready();
        Box::pin(std::future::pending())
    }

    fn settled(&mut self, _: &Exit, _: Fate) {
        if !self.0.swap(true, Ordering::SeqCst) {
            std::thread::sleep(millis(500));
        }
    }
}

#[test]
fn children_that_ended_in_time_are_not_overdue_for_a_slow_supervisor() {
    threads(async {
        let slow = Arc::<AtomicBool>::default();
        let supervisor = Supervisor::dynamic(move |_: ()| {
            let spec = ChildSpec::custom("a", Slow(slow.clone()));
            (spec.with_shutdown(Shutdown::Brutal), ())
        });
        let supervisor = supervisor.with_abort_patience(millis(250));
        let supervisor = supervisor.start().await.unwrap();
        for _ in 0..300 {
            supervisor.start_child(()).await.unwrap();
        }
        let report = supervisor.shutdown().await;
        // But for one that the supervisor's own worker woke last, which no other can take.
        let unresponsive = report.unresponsive.len();
        assert!(unresponsive <= 1, "{unresponsive}");
    });
}

#[derive(Debug)]
struct Speechless;

impl std::error::Error for Speechless {}

impl std::fmt::Display for Speechless {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("meant: no words");
    }
}

/// Writes each event into a string.
struct Writes;

struct Words(String);

impl tracing::field::Visit for Words {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{value:?} "));
    }
}

impl tracing::Subscriber for Writes {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Words(String::new()));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn an_error_without_words_does_not_end_the_supervisor() {
    let _guard = tracing::subscriber::set_default(Writes);
    paused(async {
        let bad = ChildSpec::worker("bad", |cx: ChildContext| async move {
            if cx.incarnation() == 1 {
                return Err(Speechless);
            }
            cx.scope().cancelled().await;
            Ok(())
        });
        let other = ChildSpec::worker("other", |cx: ChildContext| async move {
            cx.scope().cancelled().await;
        });
        let supervisor = Supervisor::one_for_one()
            .with_intensity(9, secs(5))
            .with_child(other)
            .with_child(bad)
            .start()
            .await
            .unwrap();
        sleep(millis(1)).await;
        let children = supervisor.which_children().await.unwrap();
        assert_eq!(children[0].child.incarnation(), 2);
        // Nor does it keep what is linked from hearing of it.
        let (a, b) = (Lifeline::new(None), children[1].child.clone());
        let _link = link(&Mortal(a.watch()), &b);
        a.end(Exit::failed(Speechless));
        sleep(millis(1)).await;
        assert_eq!(b.incarnation(), 2);
        let _ = supervisor.shutdown().await;
    });
}
