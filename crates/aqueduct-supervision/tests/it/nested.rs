//! Supervisors below supervisors.

use std::sync::{Arc, Mutex};

use aqueduct_supervision::child::{ChildFuture, Doing};
use aqueduct_supervision::{
    ChildContext, ChildSpec, EventKind, Exit, Fate, StartChild, Supervisor, link,
};

use crate::support::{Census, Log, boom, both, child, paused, secs, soon};

#[test]
fn too_many_restarts_escalate_to_the_top() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (leaf, trigger) = child("leaf", &log, &census);
        let (other, _other) = child("other", &log, &census);
        let below = Supervisor::one_for_one()
            .with_intensity(1, secs(5))
            .with_child(leaf);
        let middle = Supervisor::one_for_one()
            .with_intensity(1, secs(5))
            .with_child(ChildSpec::supervisor("below", below));
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_intensity(1, secs(5))
            .with_child(other)
            .with_child(ChildSpec::supervisor("middle", middle))
            .start()
            .await
            .unwrap();
        let mut events = top.events();
        let mut pulled = 0;
        let mut escalated = Vec::new();
        trigger.pull(boom());
        loop {
            let event = events.recv().await.unwrap();
            match event.kind {
                EventKind::Started
                    if event.child.as_ref().is_some_and(|id| id.as_str() == "leaf") =>
                {
                    pulled += 1;
                    trigger.pull(boom());
                }
                EventKind::Escalated => escalated.push(event.supervisor.to_string()),
                EventKind::Ended(_) if &*event.supervisor == "top" => break,
                _ => {}
            }
        }
        // Each has one restart: below 2 deaths, of it 2 in middle, of that 2 in top.
        assert_eq!(pulled, 7);
        let (below, middle, top_) = ("top/middle/below", "top/middle", "top");
        assert_eq!(
            escalated,
            [below, below, middle, below, below, middle, top_]
        );
        let exit = top.wait().await;
        assert!(exit.is_orderly(), "as OTP's: it has shut down. {exit}");
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn a_transient_supervisor_that_gave_up_is_not_started_again() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (leaf, trigger) = child("leaf", &log, &census);
        let below = Supervisor::one_for_one()
            .with_intensity(0, secs(5))
            .with_child(leaf);
        let top = Supervisor::one_for_one()
            .with_child(ChildSpec::supervisor("below", below).transient())
            .start()
            .await
            .unwrap();
        let below = top.which_child("below").await.unwrap().child;
        trigger.pull(boom());
        below.watch().monitor().await;
        assert_eq!(top.count_children().await.unwrap().active, 0);
        let below = top.restart_child("below").await.unwrap();
        assert_eq!((below.incarnation(), census.alive()), (2, 1));
        assert!(top.shutdown().await.is_clean());
        assert_eq!(census.alive(), 0);
    });
}

#[test]
fn what_was_added_or_deleted_at_run_time_is_as_in_the_spec_after_a_restart() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (a, _a) = child("a", &log, &census);
        let (b, _b) = child("b", &log, &census);
        let (c, _c) = child("c", &log, &census);
        let below = Supervisor::one_for_one().with_child(a).with_child(b);
        let (spec, below) = below.child("below");
        let top = Supervisor::one_for_one()
            .with_child(spec)
            .start()
            .await
            .unwrap();
        below.start_child(c).await.unwrap();
        below.terminate_child("a").await.unwrap();
        below.delete_child("a").await.unwrap();
        let names = async || {
            let mut names =
                Vec::from_iter(below.tree().children.iter().map(|it| it.id.to_string()));
            names.sort();
            names
        };
        assert_eq!(names().await, ["b", "c"]);
        let before = below.watch();
        below.ask_to_stop("again");
        assert_eq!(before.monitor().await.exit.to_string(), "shutdown: again");
        soon("it is back", || below.is_alive() && below.tree().len() == 2).await;
        assert_eq!(names().await, ["a", "b"]);
        assert!(below != top.reference() && below.path().ends_with("/below"));
        assert!(top.shutdown().await.is_clean());
        assert_eq!(census.alive(), 0);
        assert!(below.which_children().await.is_err());
    });
}

type Told = Arc<Mutex<Vec<(&'static str, String, Fate)>>>;

/// Writes down what it is told.
struct Diary {
    id: &'static str,
    told: Told,
}

impl StartChild for Diary {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        Box::pin(async move {
            cx.ready();
            cx.scope().cancelled().await;
            Exit::shutdown("asked")
        })
    }

    fn settled(&mut self, exit: &Exit, fate: Fate) {
        self.told
            .lock()
            .unwrap()
            .push((self.id, exit.to_string(), fate));
    }
}

/// A child whose supervisor ends is not gone if that is started again: it is told by the one above.
#[test]
fn children_hear_their_fate_from_who_decides_it() {
    both(|| async {
        let told = Told::default();
        let diary = |id| {
            let told = told.clone();
            ChildSpec::custom(id, Diary { id, told })
        };
        let take = || std::mem::take(&mut *told.lock().unwrap());
        let below = Supervisor::one_for_one()
            .with_child(diary("a"))
            .with_child(diary("b"));
        let (spec, below) = below.child("below");
        let top = Supervisor::one_for_one()
            .with_child(spec)
            .start()
            .await
            .unwrap();
        let asked = "shutdown: asked".to_owned();

        below.terminate_child("a").await.unwrap();
        assert_eq!(take(), [("a", asked.clone(), Fate::Resting)]);
        below.delete_child("a").await.unwrap();
        // It comes back with its supervisor, so it is not gone.
        assert!(take().iter().all(|(_, _, fate)| *fate == Fate::Resting));

        below.ask_to_stop("again");
        soon("it is back", || below.is_alive() && below.tree().len() == 2).await;
        let all = take();
        assert!(
            all.contains(&("b", asked.clone(), Fate::Restarting)),
            "{all:?}"
        );
        assert!(all.iter().all(|(_, _, fate)| *fate == Fate::Restarting));

        top.terminate_child("below").await.unwrap();
        assert_eq!(
            Vec::from_iter(take().iter().map(|it| it.2)),
            [Fate::Resting; 2]
        );
        top.delete_child("below").await.unwrap();
        assert_eq!(
            Vec::from_iter(take().iter().map(|it| it.2)),
            [Fate::Gone; 2]
        );
        assert!(top.shutdown().await.is_clean());
        assert!(take().is_empty(), "once gone, no more is told");
    });
}

#[test]
fn a_root_that_ends_tells_its_children_that_they_are_gone() {
    both(|| async {
        let told = Told::default();
        let diary = |id| {
            let told = told.clone();
            ChildSpec::custom(id, Diary { id, told })
        };
        let top = Supervisor::one_for_one()
            .with_child(diary("a"))
            .with_child(diary("b"))
            .start()
            .await
            .unwrap();
        top.terminate_child("a").await.unwrap();
        top.shutdown().await;
        let told = told.lock().unwrap();
        let fates = Vec::from_iter(told.iter().map(|(id, _, fate)| (*id, *fate)));
        assert_eq!(fates[0], ("a", Fate::Resting));
        let gone = Vec::from_iter(fates.iter().filter(|(_, fate)| *fate == Fate::Gone));
        assert_eq!(gone.len(), 2, "{fates:?}");
    });
}

#[test]
fn what_is_left_below_is_in_the_report_of_the_top() {
    paused(async {
        let deaf = ChildSpec::worker("deaf", |_| std::future::pending::<()>());
        let below = Supervisor::one_for_one().with_child(deaf);
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_child(ChildSpec::supervisor("below", below))
            .start()
            .await
            .unwrap();
        let report = top.shutdown().await;
        assert_eq!(Vec::from_iter(report.killed.paths()), ["top/below/deaf"]);
        assert_eq!(report.to_string(), "shutdown; killed: top/below/deaf");
    });
}

#[test]
fn the_tree_shows_all_levels() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (a, _a) = child("a", &log, &census);
        let (b, _b) = child("b", &log, &census);
        let below = Supervisor::one_for_all().with_child(b);
        let top = Supervisor::one_for_one()
            .with_name("top")
            .with_child(ChildSpec::supervisor("below", below))
            .with_child(a)
            .start()
            .await
            .unwrap();
        let shown = top.tree().to_string();
        let expected = "top: alive\n\
                        ├─ below: running, incarnation 1\n\
                        │  └─ b: running, incarnation 1\n\
                        └─ a: running, incarnation 1";
        assert_eq!(shown, expected);
        top.terminate_child("a").await.unwrap();
        let shown = top.tree().to_string();
        assert!(
            shown.ends_with("└─ a: resting, incarnation 1, last: shutdown"),
            "{shown}"
        );
        let reference = top.reference();
        assert!(top.shutdown().await.is_clean());
        assert_eq!(reference.tree().to_string(), "top: shutdown");
    });
}

/// That is when one wants to look.
#[test]
fn the_tree_is_shown_while_a_start_hangs() {
    both(|| async {
        let hangs = ChildSpec::acknowledged("hangs", |cx: ChildContext| async move {
            cx.scope().cancelled().await;
        });
        let (below, seen) = Supervisor::one_for_one().with_child(hangs).child("below");
        let start = Supervisor::one_for_one().with_child(below).start();
        let start = tokio::spawn(start);
        soon("it has begun", || {
            let shown = seen.tree().to_string();
            shown.ends_with("hangs: starting, incarnation 1")
        })
        .await;
        start.abort();
        soon("it was called off", || !seen.watch().is_alive()).await;
    });
}

#[test]
fn linked_children_stop_for_each_other() {
    both(|| async {
        let (log, census) = (Log::new(), Census::default());
        let (a, on_a) = child("a", &log, &census);
        let (b, _b) = child("b", &log, &census);
        let top = Supervisor::one_for_one()
            .with_child(a.temporary())
            .with_child(b.temporary())
            .start()
            .await
            .unwrap();
        let a = top.which_child("a").await.unwrap().child;
        let b = top.which_child("b").await.unwrap().child;
        link(&a, &b).keep();
        let watch = b.watch();
        on_a.pull(boom());
        let exit = watch.monitor().await.exit.to_string();
        assert!(exit.starts_with("shutdown: linked to a ("), "{exit}");
        assert!(exit.ends_with("failed: boom"), "{exit}");
        assert!(top.shutdown().await.is_clean());
    });
}

/// Who was answered by a child finds that it runs, also while its supervisor has not heard that it is ready.
#[test]
fn the_tree_says_that_a_child_runs_once_that_is_ready() {
    paused(async {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let looks = ChildSpec::acknowledged("looks", move |cx: ChildContext| {
            let log = log.clone();
            let look = move |cx: &ChildContext| {
                let tree = cx.supervisor().tree();
                log.lock().unwrap().push(tree.children[0].doing);
            };
            look(&cx);
            async move {
                look(&cx);
                cx.ready();
                look(&cx);
                if cx.incarnation() == 1 {
                    panic!("meant");
                }
                cx.scope().cancelled().await;
                look(&cx);
            }
        });
        let top = Supervisor::one_for_one().with_child(looks);
        let top = top.start().await.unwrap();
        let it = top.which_child("looks").await.unwrap().child;
        soon("it is started again", || {
            it.incarnation() == 2 && top.tree().children[0].doing == Doing::Running
        })
        .await;
        drop(top.shutdown().await);
        let once = [Doing::Starting, Doing::Starting, Doing::Running];
        let expected = [once.as_slice(), &once, &[Doing::Stopping]].concat();
        assert_eq!(*seen.lock().unwrap(), expected);
    });
}

/// Also those of a spec, of which the supervisor above says what becomes of them.
#[test]
fn the_tree_says_that_a_child_rests_when_it_was_stopped() {
    paused(async {
        let (log, census) = (Log::new(), Census::default());
        let (gone, _) = child("gone", &log, &census);
        let slow = ChildSpec::worker("slow", |cx: ChildContext| async move {
            cx.scope().cancelled().await;
            tokio::time::sleep(secs(2)).await;
        });
        let below = Supervisor::one_for_one().with_child(slow).with_child(gone);
        let top = Supervisor::one_for_one().with_child(ChildSpec::supervisor("below", below));
        let top = top.start().await.unwrap();
        let reference = top.reference();
        let stopped = tokio::spawn(top.shutdown());
        tokio::time::sleep(secs(1)).await;
        let tree = reference.tree();
        let below = tree.children[0].below.as_ref().unwrap();
        let doing = Vec::from_iter(below.children.iter().map(|it| it.doing));
        assert_eq!(doing, [Doing::Stopping, Doing::Resting], "{tree}");
        drop(stopped.await.unwrap());
    });
}
