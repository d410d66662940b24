//! What others know of a supervisor.
//!
//! [`Shared`] is of its place, over all its incarnations, and what handles refer to. [`Live`] is of one incarnation, and
//! what its children refer to. The supervisor's own state is in neither: it is the future's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use aqueduct_cancel::CancelScope;
use aqueduct_channel::mpsc;
use aqueduct_core::sync::Lock;

use super::broadcast::{Broadcast, Listener};
use super::call::Call;
use super::report::ShutdownReport;
use super::shell::Remains;
use crate::child::{ChildCell, LifeCell};
use crate::decide::{ExitClass, Key, Run};
use crate::event::{Event, Events};
use crate::exit::{Exit, ignore_panic};
use crate::refs::Text;
use crate::watch::{Downs, Watch};

/// A supervisor's place: a child of another, or a root.
pub(crate) struct Shared {
    name: Text,
    is_dynamic: bool,
    life: LifeCell,
    present: Lock<Present>,
    events: Broadcast,
    /// Children of incarnations that have ended, which still ran then.
    left: Lock<Vec<Weak<ChildCell>>>,
}

/// What is of the present incarnation.
#[derive(Default)]
struct Present {
    run: u64,
    /// Nobody starts it again: no incarnation comes after the present one, or, if none lives, at all. (Of a root: but its
    /// only one.)
    is_last: bool,
    path: Option<Text>,
    /// None while none lives.
    live: Option<Arc<Live>>,
    lane: Option<mpsc::Sender<Call>>,
    scope: Option<CancelScope>,
    /// What it is to its supervisor. It goes with the incarnation: the two refer to each other.
    parent: Option<Arc<ChildCell>>,
    /// Of the last incarnation that has ended, by its number.
    report: Option<(u64, ShutdownReport)>,
    /// Of an incarnation that was cut short, until who ran it takes them.
    remains: Option<Remains>,
}

/// An incarnation of a supervisor, as its children see it.
pub(crate) struct Live {
    pub(crate) shared: Arc<Shared>,
    /// Above the scopes of children. Of its own: a supervisor that shall stop asks its children one after the other.
    pub(crate) children: CancelScope,
    /// What it is to its supervisor, for as long as anything of it is left: that may be longer than it lives.
    _parent: Option<Arc<ChildCell>>,
    inbox: mpsc::UnboundedSender<Report>,
    /// Whether it stops, so that what supervisors below had to drop is told with it.
    is_stopping: AtomicBool,
    /// What supervisors below had to drop since.
    below: Lock<ShutdownReport>,
    /// By the places of their keys: what a look at the tree goes through.
    cells: Lock<Vec<Option<Arc<ChildCell>>>>,
}

/// What children tell their supervisor. They never wait to do so.
#[derive(Debug)]
pub(crate) enum Report {
    Ready {
        key: Key,
        run: Run,
    },
    Exited {
        key: Key,
        run: Run,
        class: ExitClass,
    },
}

/// Who begins an incarnation.
pub(crate) struct Beginning {
    pub(crate) lane: mpsc::Sender<Call>,
    pub(crate) scope: CancelScope,
    pub(crate) parent: Option<Arc<ChildCell>>,
}

impl Shared {
    /// Of a root, which has one incarnation.
    pub(super) fn root(name: Text, is_dynamic: bool, events: Broadcast) -> Self {
        let shared = Self::new(name, is_dynamic, events);
        shared.present.lock().is_last = true;
        shared
    }

    pub(crate) fn new(name: Text, is_dynamic: bool, events: Broadcast) -> Self {
        Self {
            name,
            is_dynamic,
            life: LifeCell::new(),
            present: Lock::new(Present::default()),
            events,
            left: Lock::default(),
        }
    }

    pub(crate) fn begin(
        self: &Arc<Self>,
        beginning: Beginning,
        inbox: mpsc::UnboundedSender<Report>,
    ) -> Arc<Live> {
        let path = match &beginning.parent {
            Some(parent) => parent.path(),
            None => self.name.clone(),
        };
        let live = Arc::new(Live {
            shared: self.clone(),
            children: CancelScope::new().with_name(path.clone()),
            _parent: beginning.parent.clone(),
            inbox,
            is_stopping: AtomicBool::new(false),
            below: Lock::default(),
            cells: Lock::default(),
        });
        let mut present = self.present.lock();
        let run = present.run + 1;
        let begun = Present {
            run,
            is_last: present.is_last,
            path: Some(path),
            live: Some(live.clone()),
            lane: Some(beginning.lane),
            scope: Some(beginning.scope),
            parent: beginning.parent,
            report: present.report.take(),
            remains: None,
        };
        let before = std::mem::replace(&mut *present, begun);
        drop(present);
        drop(before);
        self.life.begin(run);
        live
    }

    /// The present incarnation has ended.
    pub(super) fn end(&self, exit: &Exit, report: Option<ShutdownReport>) {
        let mut present = self.present.lock();
        let is_last = present.is_last;
        let ended = Present {
            run: present.run,
            is_last,
            path: present.path.clone(),
            report: report.map(|report| (present.run, report)),
            ..Present::default()
        };
        let before = std::mem::replace(&mut *present, ended);
        drop(present);
        // Its lane and its scope call wakers where they are dropped, and its children's references are the user's.
        let run = before.run;
        ignore_panic(|| drop(before));
        if is_last {
            self.events.close();
        }
        self.life.end(run, exit).tell(exit);
        if is_last {
            self.life.end_place();
        }
    }

    /// Nobody will start it again. Who hears its events, or of its ends, has heard all once no incarnation lives.
    pub(super) fn gone(&self) {
        let mut present = self.present.lock();
        present.is_last = true;
        let lives = present.live.is_some();
        drop(present);
        if !lives {
            self.events.close();
            self.life.end_place();
        }
    }

    /// The present incarnation was cut short, and ends with what is left of it.
    pub(super) fn leave_behind(&self, remains: Remains) {
        let before = self.present.lock().remains.replace(remains);
        drop(before);
    }

    pub(crate) fn take_remains(&self) -> Option<Remains> {
        self.present.lock().remains.take()
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// "root/branch"
    pub(crate) fn path(&self) -> Text {
        let path = self.present.lock().path.clone();
        path.unwrap_or_else(|| self.name.clone())
    }

    /// Which incarnation it is, or was the last.
    pub(crate) fn run(&self) -> u64 {
        self.present.lock().run
    }

    pub(crate) fn watch(&self) -> Watch {
        self.life.watch(|| self.path())
    }

    pub(super) fn watch_run(&self) -> (u64, Watch) {
        self.life.watch_run(|| self.path())
    }

    /// Over all its incarnations.
    pub(super) fn watch_all(&self) -> Watch {
        self.life.watch_place(|| self.path())
    }

    pub(super) fn downs(&self) -> Downs {
        self.life.downs(|| self.path())
    }

    pub(crate) fn exit(&self) -> Option<Exit> {
        self.life.exit()
    }

    pub(super) fn lane(&self) -> Option<mpsc::Sender<Call>> {
        self.present.lock().lane.clone()
    }

    /// No more calls are taken.
    pub(super) fn close_lane(&self) {
        let lane = self.present.lock().lane.take();
        // It wakes the supervisor, whose waker may be the user's.
        ignore_panic(|| drop(lane));
    }

    pub(crate) fn live(&self) -> Option<Arc<Live>> {
        self.present.lock().live.clone()
    }

    pub(super) fn scope(&self) -> Option<CancelScope> {
        self.present.lock().scope.clone()
    }

    /// What an incarnation is asked to stop by, if it is the present one.
    pub(super) fn scope_of(&self, run: u64) -> Option<CancelScope> {
        let present = self.present.lock();
        let scope = present.scope.clone();
        scope.filter(|_| present.run == run)
    }

    pub(super) fn parent(&self) -> Option<Arc<ChildCell>> {
        self.present.lock().parent.clone()
    }

    /// How the end of an incarnation went, unless there was a later one, or it was cut short.
    pub(super) fn report_of(&self, run: u64) -> Option<ShutdownReport> {
        let present = self.present.lock();
        let (of, report) = present.report.as_ref()?;
        (*of == run).then(|| report.clone())
    }

    pub(super) fn subscribe(&self) -> Events {
        self.events.subscribe()
    }

    /// Children that the supervisor does not wait for any more as it ends, and that still run. A look at the tree finds them
    /// until they end.
    pub(super) fn leave<'a>(&self, cells: impl Iterator<Item = &'a Arc<ChildCell>>) {
        // Weak, as they refer to this: what runs keeps its own, and those above it.
        let cells = Vec::from_iter(cells);
        let mut left = self.left.lock();
        left.retain(|cell| cell.strong_count() > 0);
        left.extend(cells.into_iter().map(Arc::downgrade));
    }

    /// Those that still run of incarnations that have ended.
    pub(crate) fn left(&self) -> Vec<Arc<ChildCell>> {
        let left = Vec::from_iter(self.left.lock().iter().filter_map(Weak::upgrade));
        left.into_iter().filter(|cell| cell.is_left()).collect()
    }

    /// Who listens to it and to those above.
    pub(crate) fn listeners(self: &Arc<Self>) -> Vec<Listener> {
        Self::listeners_from(|| Some(self.clone()))
    }

    /// Who listens to those above it.
    pub(crate) fn listeners_above(&self) -> Vec<Listener> {
        Self::listeners_from(|| self.above())
    }

    fn listeners_from(first: impl FnOnce() -> Option<Arc<Self>>) -> Vec<Listener> {
        let mut found = Vec::new();
        if !Broadcast::was_any_subscribed() {
            return found;
        }
        let mut next = first();
        while let Some(shared) = next {
            next = shared.above();
            found.extend(Listener::of(shared));
        }
        found
    }

    fn above(&self) -> Option<Arc<Self>> {
        let parent = self.parent()?;
        Some(parent.live().shared.clone())
    }

    pub(super) fn broadcast(&self) -> &Broadcast {
        &self.events
    }

    /// Whether its end is the last event that who listens to it hears.
    pub(crate) fn is_heard_for_the_last_time(&self) -> bool {
        Broadcast::was_any_subscribed() && self.present.lock().is_last
    }

    pub(crate) fn tell_last(&self, event: Event) {
        self.events.end_with(event);
    }
}

impl Live {
    pub(crate) fn report(&self, report: Report) {
        // It wakes the supervisor, whose waker may be the user's. One that is gone needs no reports.
        ignore_panic(|| drop(self.inbox.send(report)));
    }

    /// From here on it stops.
    pub(super) fn set_stopping(&self) {
        // Relaxed: a supervisor below ends after it was asked to, by a scope that has a lock.
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// A supervisor below has ended.
    pub(super) fn add_below(&self, report: &ShutdownReport) {
        if self.is_stopping.load(Ordering::Relaxed) {
            let mut below = self.below.lock();
            below.killed.append_some(&report.killed);
            below.unresponsive.append(&report.unresponsive);
        }
    }

    pub(super) fn take_below(&self) -> ShutdownReport {
        std::mem::take(&mut *self.below.lock())
    }

    pub(super) fn set_cell(&self, cell: Arc<ChildCell>) {
        let at = cell.key().index as usize;
        let mut cells = self.cells.lock();
        if cells.len() <= at {
            cells.resize(at + 1, None);
        }
        let before = cells[at].replace(cell);
        drop(cells);
        drop(before);
    }

    pub(super) fn take_cell(&self, key: Key) {
        let taken = self
            .cells
            .lock()
            .get_mut(key.index as usize)
            .and_then(Option::take);
        drop(taken);
    }

    pub(super) fn clear_cells(&self) {
        let cells = std::mem::take(&mut *self.cells.lock());
        drop(cells);
    }

    /// Those that are there, in the order in which they were added.
    pub(crate) fn cells(&self) -> Vec<Arc<ChildCell>> {
        let mut cells = Vec::from_iter(self.cells.lock().iter().flatten().cloned());
        cells.sort_by_key(|cell| cell.number());
        cells
    }
}
