use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Told = Arc<Mutex<Vec<(usize, String)>>>;

fn tell(told: &Told, who: usize) -> impl FnOnce(Down) + Send + 'static {
    let told = told.clone();
    move |down| told.lock().unwrap().push((who, down.exit.to_string()))
}

fn who(told: &Told) -> Vec<usize> {
    told.lock().unwrap().iter().map(|(who, _)| *who).collect()
}

fn poll(monitor: &mut Monitor, waker: &Waker) -> Poll<Down> {
    pin!(monitor).poll(&mut Context::from_waker(waker))
}

#[test]
fn all_who_watch_are_told_once_and_in_order() {
    let lifeline = Lifeline::new(Some("it".into()));
    let watch = lifeline.watch();
    let told = Told::default();
    for n in 0..5 {
        watch.on_down(tell(&told, n));
    }
    assert_eq!((watch.watchers(), watch.is_alive()), (5, true));
    lifeline.end(Exit::shutdown("enough"));
    watch.on_down(tell(&told, 5));
    assert_eq!(who(&told), [0, 1, 2, 3, 4, 5]);
    assert!(
        told.lock()
            .unwrap()
            .iter()
            .all(|(_, exit)| exit == "shutdown: enough")
    );
    assert_eq!((watch.watchers(), watch.is_alive()), (0, false));
}

#[test]
fn what_is_dropped_was_killed() {
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    drop(lifeline);
    assert!(matches!(watch.exit(), Some(Exit::Killed)));
}

#[test]
fn a_monitor_is_woken_and_gives_the_end() {
    let lifeline = Lifeline::new(None);
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut monitor = lifeline.watch().monitor();
    assert!(poll(&mut monitor, &waker).is_pending());
    assert!(poll(&mut monitor, &waker).is_pending());
    let id = lifeline.id();
    lifeline.end(Exit::Normal);
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    let Poll::Ready(down) = poll(&mut monitor, &waker) else {
        panic!("it has ended");
    };
    assert!(down.id == id && down.exit.is_normal());
}

#[test]
fn a_monitor_wakes_the_last_task_that_polled_it() {
    let lifeline = Lifeline::new(None);
    let [first, second] = [(); 2].map(|()| Arc::new(Count::default()));
    let mut monitor = lifeline.watch().monitor();
    assert!(poll(&mut monitor, &Waker::from(first.clone())).is_pending());
    assert!(poll(&mut monitor, &Waker::from(second.clone())).is_pending());
    drop(lifeline);
    let woken = [first, second].map(|count| count.0.load(Ordering::SeqCst));
    assert_eq!(woken, [0, 1]);
}

#[test]
fn a_dropped_monitor_leaves_nothing() {
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    let count = Arc::new(Count::default());
    let mut monitor = watch.monitor();
    assert!(poll(&mut monitor, &Waker::from(count.clone())).is_pending());
    assert_eq!(watch.watchers(), 1);
    drop(monitor);
    assert_eq!((watch.watchers(), Arc::strong_count(&count)), (0, 1));
    drop(lifeline);
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
}

#[test]
#[should_panic(expected = "not polled after it was ready")]
fn a_monitor_gives_one_down() {
    let lifeline = Lifeline::new(None);
    let mut monitor = lifeline.watch().monitor();
    drop(lifeline);
    assert!(poll(&mut monitor, Waker::noop()).is_ready());
    let _ = poll(&mut monitor, Waker::noop());
}

#[test]
fn who_comes_late_is_told_at_once() {
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    lifeline.end(Exit::Normal);
    assert!(poll(&mut watch.monitor(), Waker::noop()).is_ready());
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = told.clone();
    watch.on_down(move |down| log.lock().unwrap().push(down.exit.to_string()));
    assert_eq!(*told.lock().unwrap(), ["normal"]);
}

/// Who watches several things, or one of them twice, tells by it which monitor is answered.
#[test]
fn a_down_says_which_monitor_it_answers() {
    let [one, other] = [(); 2].map(|()| Lifeline::new(None));
    let (told, mut asked) = (Arc::new(Mutex::new(Vec::new())), Vec::new());
    let mut watch_both = |[one, other]: [&Watch; 2]| {
        for watch in [one, other, one] {
            let told = told.clone();
            asked.push(watch.on_down(move |down| told.lock().unwrap().push(down.monitor)));
        }
    };
    let [watch_one, watch_other] = [&one, &other].map(Lifeline::watch);
    watch_both([&watch_one, &watch_other]);
    let mut monitors = [&watch_one, &watch_other, &watch_one].map(Watch::monitor);
    one.end(Exit::Normal);
    other.end(Exit::Normal);
    watch_both([&watch_one, &watch_other]);
    // Those of one are told first.
    asked.swap(1, 2);
    assert_eq!(*told.lock().unwrap(), asked);
    let late = watch_one.monitor();
    let all = monitors.iter().chain([&late]).map(Monitor::id);
    let all = std::collections::HashSet::<_>::from_iter(all.chain(asked));
    assert_eq!(all.len(), 10, "no two are equal");
    for monitor in monitors.iter_mut().chain([&mut { late }]) {
        let id = monitor.id();
        let Poll::Ready(down) = poll(monitor, Waker::noop()) else {
            panic!("it has ended");
        };
        assert_eq!(down.monitor, id);
    }
}

#[test]
fn who_leaves_is_not_told_and_others_are() {
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    let told = Told::default();
    let ids = Vec::from_iter((0..100).map(|n| watch.on_down(tell(&told, n))));
    for n in (0..100).filter(|n| n % 7 != 3) {
        assert!(watch.demonitor(ids[n]));
        assert!(!watch.demonitor(ids[n]), "it was taken back before");
    }
    let left = Vec::from_iter((0..100).filter(|n| n % 7 == 3));
    assert_eq!(watch.watchers(), left.len());
    lifeline.end(Exit::Normal);
    assert_eq!(who(&told), left);
    assert!(!watch.demonitor(ids[3]), "it was called");
}

#[test]
fn what_a_watcher_throws_keeps_nobody_from_being_told() {
    crate::exit::catch_panic(|| ()).unwrap();
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    let told = Told::default();
    watch.on_down(|_| panic!("meant: a callback"));
    watch.on_down(tell(&told, 1));
    lifeline.end(Exit::Normal);
    watch.on_down(|_| panic!("meant: a callback that is late"));
    assert_eq!(who(&told), [1]);
}

/// Nothing of the user's runs under the lock: it could not ask, watch or leave from there.
#[test]
fn a_callback_may_use_the_watch() {
    let lifeline = Lifeline::new(None);
    let watch = lifeline.watch();
    let told = Told::default();
    let (inner, inner_told) = (watch.clone(), told.clone());
    watch.on_down(move |_| {
        assert!(matches!(inner.exit(), Some(Exit::Killed)));
        inner.on_down(tell(&inner_told, 7));
    });
    drop(lifeline);
    assert_eq!(who(&told), [7]);
}

struct Fake {
    watch: Watch,
    asked: Told,
}

impl Linkable for Fake {
    fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        let asked = self.asked.clone();
        Box::new(move |exit| asked.lock().unwrap().push((0, exit.to_string())))
    }
}

fn fake() -> (Lifeline, Fake) {
    let lifeline = Lifeline::new(Some("it".into()));
    let watch = lifeline.watch();
    let asked = Told::default();
    (lifeline, Fake { watch, asked })
}

#[test]
fn linked_ones_stop_for_each_other_unless_the_end_was_normal() {
    for (exit, stops) in [
        (Exit::Normal, 0),
        (Exit::Shutdown(None), 1),
        (Exit::Killed, 1),
        (Exit::failed(Failure::msg("no")), 1),
    ] {
        let (life_a, a) = fake();
        let (_life_b, b) = fake();
        link(&a, &b).keep();
        life_a.end(exit);
        let asked = b.asked.lock().unwrap();
        assert_eq!(asked.len(), stops);
        assert!(
            asked
                .iter()
                .all(|(_, why)| why.starts_with("shutdown: linked to it ("))
        );
        assert!(a.asked.lock().unwrap().is_empty());
    }
}

#[test]
fn a_dropped_link_links_nothing_and_leaves_nothing() {
    let (life_a, a) = fake();
    let (_life_b, b) = fake();
    let both = link(&a, &b);
    assert_eq!((a.watch.watchers(), b.watch.watchers()), (1, 1));
    drop(both);
    assert_eq!((a.watch.watchers(), b.watch.watchers()), (0, 0));
    life_a.end(Exit::Killed);
    assert!(b.asked.lock().unwrap().is_empty());
}

/// Who lives on is not linked to what has the other's place, and keeps nothing of those that have ended.
#[test]
fn the_first_end_undoes_a_link() {
    let (life_a, a) = fake();
    let (_life_b, b) = fake();
    link(&a, &b).keep();
    life_a.end(Exit::Normal);
    assert_eq!(b.watch.watchers(), 0);
    let (_life_a, a) = fake();
    let (life_b, b) = fake();
    link(&a, &b).keep();
    life_b.end(Exit::Normal);
    assert_eq!(a.watch.watchers(), 0);
    link(&a, &b).keep();
    assert_eq!(a.watch.watchers(), 0);
    link(&b, &a).keep();
    assert_eq!(a.watch.watchers(), 0);
}

/// One that is restarted while it is being linked.
struct Restarts {
    /// Until then.
    first: Mutex<Option<Lifeline>>,
    watch: Watch,
    second: Told,
}

impl Linkable for Restarts {
    fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        if let Some(first) = self.first.lock().unwrap().take() {
            first.end(Exit::Normal);
        }
        let asked = self.second.clone();
        Box::new(move |exit| asked.lock().unwrap().push((2, exit.to_string())))
    }
}

/// In both orders, and whether the other one ends before or after.
#[test]
fn who_is_restarted_while_it_is_linked_is_not_linked() {
    for (a_is_first, b_is_dead) in [(true, true), (true, false), (false, true), (false, false)] {
        let first = Lifeline::new(None);
        let a = Restarts {
            watch: first.watch(),
            first: Mutex::new(Some(first)),
            second: Told::default(),
        };
        let (life_b, b) = fake();
        let mut life_b = Some(life_b);
        if b_is_dead {
            drop(life_b.take());
        }
        if a_is_first {
            link(&a, &b).keep();
        } else {
            link(&b, &a).keep();
        }
        drop(life_b);
        assert!(
            a.second.lock().unwrap().is_empty(),
            "{a_is_first}, {b_is_dead}"
        );
    }
}

#[test]
fn a_link_to_the_dead_stops_at_once() {
    let (life_a, a) = fake();
    let (_life_b, b) = fake();
    life_a.end(Exit::Killed);
    let _both = link(&a, &b);
    assert_eq!(b.asked.lock().unwrap().len(), 1);
}

use crate::exit::Failure;
