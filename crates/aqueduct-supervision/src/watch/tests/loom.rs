//! Models of DeathWatch. Each says which invariant of [`watch`](super) it guards, and names changes that make it fail.

use std::sync::atomic::{AtomicUsize as Plain, Ordering};

use ::loom::thread;
use aqueduct_core::model::block_on;

use super::*;

/// Not loom's: what the models count is looked at after all threads have been joined.
#[derive(Clone, Default)]
struct Told(Arc<Plain>);

impl Told {
    fn tell(&self) -> impl FnOnce(Down) + Send + 'static {
        let told = self.clone();
        move |down| {
            assert!(down.exit.is_normal());
            told.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// W1, W2: a monitor that is made and waits while the end comes gives it. A wake that is lost shows as a deadlock.
///
/// Fails if `if_alive` looks and changes under two locks; if `end` takes the list and sets the state under two.
#[test]
fn monitor_against_exit() {
    ::loom::model(|| {
        let lifeline = Lifeline::new(None);
        let watch = lifeline.watch();
        let ends = thread::spawn(move || lifeline.end(Exit::Normal));
        assert!(block_on(watch.monitor()).exit.is_normal());
        ends.join().unwrap();
        assert_eq!(watch.watchers(), 0);
    });
}

/// W2: a callback that is put in while the end comes is called once, by one side or the other.
///
/// As above; and if `on_down` calls without having looked whether it was put in.
#[test]
fn on_down_against_exit() {
    ::loom::model(|| {
        let lifeline = Lifeline::new(None);
        let watch = lifeline.watch();
        let told = Told::default();
        let ends = thread::spawn(move || lifeline.end(Exit::Normal));
        watch.on_down(told.tell());
        ends.join().unwrap();
        assert_eq!(told.times(), 1);
    });
}

/// W3: taken back, it is not called; else it is, once. What `demonitor` says is so.
///
/// Fails if `demonitor` says what it has not done, as by taking the watcher out after the look.
#[test]
fn demonitor_against_exit() {
    ::loom::model(|| {
        let lifeline = Lifeline::new(None);
        let watch = lifeline.watch();
        let [left, stays] = [(); 2].map(|()| Told::default());
        let id = watch.on_down(left.tell());
        watch.on_down(stays.tell());
        let ends = thread::spawn(move || lifeline.end(Exit::Normal));
        let taken_back = watch.demonitor(id);
        ends.join().unwrap();
        assert_eq!(left.times(), usize::from(!taken_back));
        assert_eq!(stays.times(), 1);
    });
}

/// W3: a monitor that is dropped while the end comes leaves nothing, and keeps nobody from being told.
///
/// Fails if dropping it takes out another's watcher, as by its place instead of its number.
#[test]
fn a_monitor_dropped_against_exit() {
    ::loom::model(|| {
        let lifeline = Lifeline::new(None);
        let watch = lifeline.watch();
        let told = Told::default();
        let mut monitor = watch.monitor();
        let noop = std::task::Waker::noop();
        let polled = std::pin::pin!(&mut monitor).poll(&mut std::task::Context::from_waker(noop));
        assert!(polled.is_pending());
        watch.on_down(told.tell());
        let ends = thread::spawn(move || lifeline.end(Exit::Normal));
        drop(monitor);
        ends.join().unwrap();
        assert_eq!((told.times(), watch.watchers()), (1, 0));
    });
}

/// A child over two incarnations, as far as links see it.
struct Place {
    /// Of the present incarnation, with who was asked to stop.
    present: Lock<(Watch, Told)>,
    /// Which one was linked.
    linked: Lock<Option<Watch>>,
}

impl Linkable for Place {
    fn watch(&self) -> Watch {
        let watch = self.present.lock().0.clone();
        *self.linked.lock() = Some(watch.clone());
        watch
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        let asked = self.present.lock().1.clone();
        Box::new(move |_| {
            asked.0.fetch_add(1, Ordering::SeqCst);
        })
    }
}

fn place() -> (Lifeline, Arc<Place>) {
    let lifeline = Lifeline::new(None);
    let place = Place {
        present: Lock::new((lifeline.watch(), Told::default())),
        linked: Lock::new(None),
    };
    (lifeline, Arc::new(place))
}

/// A link is of two incarnations. Where one is restarted while the other ends, and both while they are being linked, the
/// next incarnation is not stopped for it, unless it was the one that was linked; and that is asked once at most.
///
/// Fails if `watch_for` stops the other without a look whether that has ended.
#[test]
fn a_link_against_a_restart_and_an_end() {
    ::loom::model(|| {
        let (first, a) = place();
        let (life_b, b) = place();
        let second = Lifeline::new(None);
        let next = (second.watch(), Told::default());
        let restarts = thread::spawn({
            let (a, next) = (a.clone(), next.clone());
            move || {
                first.end(Exit::Normal);
                let before = std::mem::replace(&mut *a.present.lock(), next);
                drop(before);
            }
        });
        let ends = thread::spawn(move || life_b.end(Exit::Killed));
        link(&*a, &*b).keep();
        restarts.join().unwrap();
        ends.join().unwrap();
        let is_next_linked = a.linked.lock().take() == Some(next.0.clone());
        // The other one has ended, in any case.
        assert_eq!(next.1.times(), usize::from(is_next_linked));
        drop(second);
        assert_eq!(b.present.lock().1.times(), 0, "it ended before");
    });
}

/// D1, D2: who has the downs of all incarnations, and waits while they end, gets each once and then learns that there are no
/// more; and so does who comes between. A wake that is lost shows as a deadlock.
///
/// Fails if `Record::poll` looks and leaves its waker under two locks, or `Ends` says that it is over and takes the wakers
/// under two.
#[test]
fn downs_against_ends() {
    ::loom::model(|| {
        let ends = Ends::new(None);
        let mut downs = ends.downs(None);
        let [first, second] = [(); 2].map(|()| Lifeline::new(None).id());
        let tells = thread::spawn(move || {
            drop(ends.tell(first, &Exit::Normal));
            drop(ends.tell(second, &Exit::Normal));
        });
        for id in [Some(first), Some(second), None] {
            assert_eq!(block_on(downs.next()).map(|down| down.id), id);
        }
        tells.join().unwrap();
        assert_eq!(downs.missed(), 0);
    });
}

/// W1, W2: two that watch from two threads, one as a future and one as a callback.
#[test]
fn two_watch_against_exit() {
    ::loom::model(|| {
        let lifeline = Lifeline::new(None);
        let [watch, other] = [(); 2].map(|()| lifeline.watch());
        let told = Told::default();
        let tell = told.tell();
        let watches = thread::spawn(move || other.on_down(tell));
        let ends = thread::spawn(move || lifeline.end(Exit::Normal));
        assert!(block_on(watch.monitor()).exit.is_normal());
        ends.join().unwrap();
        watches.join().unwrap();
        assert_eq!(told.times(), 1);
    });
}
