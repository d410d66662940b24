use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aqueduct_cancel::{CancelScope, Reason, ReasonKind};
use aqueduct_core::sync::{AtomicU8, AtomicU64, Lock, Ordering};

use super::context::STOP;
use super::life::LifeCell;
use super::{ChildContext, ChildFuture, Running};
use crate::abort::Abort;
use crate::decide::{ExitClass, Key, Run};
use crate::exit::{Exit, ignore_panic};
use crate::refs::Text;
use crate::spec::{ChildId, ChildKind, Readiness};
use crate::supervisor::{Live, Report, Shared, SupervisorRef};
use crate::watch::{Downs, Linkable, Monitor, Watch};

/// A child with its supervisor, over all its incarnations.
pub(crate) struct ChildCell {
    live: Arc<Live>,
    id: ChildId,
    key: Key,
    kind: ChildKind,
    readiness: Readiness,
    /// What it does, for who looks at the tree: a [`Doing`].
    doing: AtomicU8,
    /// Its place in the order in which children were added.
    number: u64,
    /// If it is a supervisor itself.
    nested: Option<Arc<Shared>>,
    life: LifeCell,
    abort: Abort,
    /// The last run that has said it is ready.
    ready: AtomicU64,
    /// The last run of which nothing is left.
    over: AtomicU64,
    /// Of the present incarnation, or the last.
    scope: Lock<Option<CancelScope>>,
}

/// What a child is like when it is added.
pub(crate) struct Birth {
    pub(crate) id: ChildId,
    pub(crate) key: Key,
    pub(crate) kind: ChildKind,
    pub(crate) number: u64,
    pub(crate) readiness: Readiness,
    pub(crate) nested: Option<Arc<Shared>>,
}

/// What a child does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doing {
    /// It does not run.
    Resting,
    /// It was started, and has not said yet that it is ready, as [`ChildSpec::acknowledged`](super::ChildSpec::acknowledged)
    /// has it.
    Starting,
    /// It runs.
    Running,
    /// It does not run, and is about to be started again.
    Restarting,
    /// It was asked to stop, or aborted.
    Stopping,
    /// It was aborted, still runs, and is waited for no longer.
    Unresponsive,
}

impl ChildCell {
    pub(crate) fn new(live: Arc<Live>, birth: Birth) -> Self {
        Self {
            live,
            id: birth.id,
            key: birth.key,
            kind: birth.kind,
            readiness: birth.readiness,
            doing: AtomicU8::new(Doing::Resting as u8),
            number: birth.number,
            nested: birth.nested,
            life: LifeCell::new(),
            abort: Abort::new(),
            ready: AtomicU64::new(0),
            over: AtomicU64::new(0),
            scope: Lock::new(None),
        }
    }

    /// An incarnation begins.
    pub(crate) fn begin(self: &Arc<Self>, run: Run) -> ChildContext {
        let scope = self.live.children.child();
        let before = self.scope.lock().replace(scope.clone());
        drop(before);
        self.life.begin(run);
        ChildContext::new(self.clone(), run, scope)
    }

    /// The task of an incarnation.
    pub(crate) fn running(self: &Arc<Self>, run: Run, future: ChildFuture) -> Running {
        Running::new(self.clone(), run, future)
    }

    /// An incarnation has ended, and nothing of it is left: tells the supervisor, which it does not wait for, and then who
    /// watches. So who is told, and then asks the supervisor, is answered by one that knows.
    pub(crate) fn end(&self, run: Run, exit: &Exit) {
        // Pairs with the Acquire in `is_over`: who sees it may start another one, for which all that this one did has been done.
        self.over.fetch_max(run, Ordering::Release);
        let ended = self.life.end(run, exit);
        let report = Report::Exited {
            key: self.key,
            run,
            class: class_of(exit),
        };
        self.live.report(report);
        ended.tell(exit);
    }

    /// It is said to be unresponsive, and waited for no longer.
    pub(crate) fn give_up(&self, run: Run) {
        let exit = Exit::Unresponsive;
        self.life.end(run, &exit).tell(&exit);
    }

    /// Asks an incarnation to stop.
    pub(crate) fn ask_stop(&self, why: Reason) {
        let scope = self.scope.lock().clone();
        stop_by(scope.as_ref(), why);
    }

    /// Drops an incarnation at its next await.
    pub(crate) fn abort(&self, run: Run) {
        ignore_panic(|| self.abort.ask(run));
    }

    pub(crate) fn abort_flag(&self) -> &Abort {
        &self.abort
    }

    pub(crate) fn say_ready(&self, run: Run) {
        // Relaxed: the report is what tells of it. One is enough, and the inbox has no limit.
        if self.ready.fetch_max(run, Ordering::Relaxed) < run {
            let key = self.key;
            self.live.report(Report::Ready { key, run });
        }
    }

    fn is_ready(&self) -> bool {
        match self.readiness {
            Readiness::AtOnce => true,
            // Relaxed: whoever has heard of it by the child itself sees it.
            Readiness::Acknowledged => self.ready.load(Ordering::Relaxed) >= self.run(),
        }
    }

    pub(crate) fn id(&self) -> &ChildId {
        &self.id
    }

    pub(crate) fn key(&self) -> Key {
        self.key
    }

    pub(crate) fn kind(&self) -> ChildKind {
        self.kind
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn run(&self) -> Run {
        self.life.run()
    }

    pub(crate) fn set_doing(&self, doing: Doing) {
        // Relaxed, as below: it is for show.
        self.doing.store(doing as u8, Ordering::Relaxed);
    }

    /// As its supervisor has it; but for the start, which it says itself, and that may stand in line there. So who was
    /// answered by it finds that it runs.
    pub(crate) fn doing(&self) -> Doing {
        match self.doing.load(Ordering::Relaxed) {
            0 => Doing::Resting,
            1 if self.is_ready() => Doing::Running,
            1 => Doing::Starting,
            2 => Doing::Running,
            3 => Doing::Restarting,
            4 => Doing::Stopping,
            _ => Doing::Unresponsive,
        }
    }

    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    pub(crate) fn nested(&self) -> Option<&Arc<Shared>> {
        self.nested.as_ref()
    }

    /// How its last incarnation ended, unless one lives.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.life.exit()
    }

    /// Whether nothing is left of its last incarnation, also if that was given up before.
    pub(crate) fn is_over(&self) -> bool {
        // Pairs with the Release in `end`: what the last incarnation did has been done.
        self.over.load(Ordering::Acquire) >= self.run()
    }

    /// Whether anything is left of it, or of what is below it.
    pub(crate) fn is_left(&self) -> bool {
        let has_left = |nested: &Arc<Shared>| !nested.left().is_empty();
        !self.is_over() || self.nested.as_ref().is_some_and(has_left)
    }

    pub(crate) fn watch(&self) -> Watch {
        self.life.watch(|| self.id.as_str().into())
    }

    /// It will not be started again.
    pub(crate) fn end_place(&self) {
        self.life.end_place();
    }

    /// "tree/branch/child"
    pub(crate) fn path(&self) -> Text {
        format!("{}/{}", self.live.shared.path(), self.id).into()
    }
}

fn class_of(exit: &Exit) -> ExitClass {
    match exit {
        Exit::Normal => ExitClass::Normal,
        Exit::Shutdown(_) => ExitClass::Shutdown,
        _ => ExitClass::Abnormal,
    }
}

/// A child of a supervisor, whichever incarnation of it lives. Cheap to clone; it keeps nothing running.
///
/// Equality is identity. A child that was deleted and started again is another one, also with the same id.
#[derive(Clone)]
pub struct ChildRef(pub(crate) Arc<ChildCell>);

impl ChildRef {
    /// What its supervisor calls it.
    pub fn id(&self) -> &ChildId {
        self.0.id()
    }

    /// DeathWatch of the present incarnation. A restart is a death, and between two incarnations it is the last one that is
    /// watched: who asks then is told at once, with the [number](Watch::id) and the exit that all others were told. One that
    /// was never started has ended with [`Exit::Normal`].
    ///
    /// A child that is a supervisor or an actor has numbers of its own as a child, other than by the reference to it.
    pub fn watch(&self) -> Watch {
        self.0.watch()
    }

    /// DeathWatch of the child over all its incarnations: it ends when the child will not be started again, since it was
    /// forgotten, or its supervisor has ended. The exit is that of the last incarnation.
    pub fn watch_all(&self) -> Watch {
        self.0.life.watch_place(|| self.0.id.as_str().into())
    }

    /// Of the one [`Down`](crate::Down) of the present incarnation, as its [`watch`](Self::watch) gives it.
    ///
    /// If none lives it is of the last one, and ready at once: a loop around this spins until the next has been started, or
    /// for ever. To be told of one end after the other there is [`downs`](Self::downs).
    pub fn monitor(&self) -> Monitor {
        self.watch().monitor()
    }

    /// The [`Down`](crate::Down)s of all incarnations, each once, from the one on that [`watch`](Self::watch) gives: the
    /// present one, or the last one, if none lives. It ends when the child will not be started again, as
    /// [`watch_all`](Self::watch_all) does, and all have been read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aqueduct_supervision::{ChildContext, ChildSpec, Failure, Supervisor};
    ///
    /// let flaky = ChildSpec::worker("flaky", |cx: ChildContext| async move {
    ///     match cx.incarnation() {
    ///         1 => Err(Failure::msg("connection reset")),
    ///         2 => panic!("by mistake"),
    ///         _ => Ok(()),
    ///     }
    /// });
    /// # std::panic::set_hook(Box::new(|_| ()));
    /// let supervisor = Supervisor::one_for_one().with_intensity(2, std::time::Duration::MAX);
    /// let supervisor = supervisor.with_child(flaky.transient()).start().await?;
    ///
    /// let mut downs = supervisor.which_child("flaky").await?.child.downs();
    /// let told = tokio::spawn(async move {
    ///     while let Some(down) = downs.next().await {
    ///         println!("{down}"); // "flaky (3): failed: connection reset", …
    ///     }
    /// });
    /// supervisor.shutdown().await;
    /// told.await?; // it is gone for good
    /// # Ok(())
    /// # }
    /// ```
    pub fn downs(&self) -> Downs {
        self.0.life.downs(|| self.0.id.as_str().into())
    }

    /// Whether an incarnation lives at this moment.
    pub fn is_alive(&self) -> bool {
        self.0.exit().is_none()
    }

    /// How many times it was started.
    pub fn incarnation(&self) -> u64 {
        self.0.life.run()
    }

    /// The supervisor of it.
    pub fn supervisor(&self) -> SupervisorRef {
        SupervisorRef::new(self.0.live.shared.clone())
    }

    /// The child itself as a supervisor, if it is one.
    pub fn as_supervisor(&self) -> Option<SupervisorRef> {
        self.0.nested().cloned().map(SupervisorRef::new)
    }

    /// Asks the present incarnation to stop. What follows is decided by its supervisor, as if it had stopped by itself: a
    /// permanent child is started again. To stop it for good, ask its supervisor to
    /// [terminate](SupervisorRef::terminate_child) it.
    pub fn ask_to_stop(&self, why: impl Into<Reason>) {
        self.0.ask_stop(why.into());
    }

    /// Drops the present incarnation at its next `.await`. It ends with [`Exit::Killed`], and its supervisor decides what
    /// follows.
    pub fn kill(&self) {
        self.0.abort(self.0.life.run());
    }
}

impl Linkable for ChildRef {
    fn watch(&self) -> Watch {
        self.0.watch()
    }

    /// A worker that stops since its scope was cancelled for this ends with the words of the exit.
    fn stopper(&self) -> Box<dyn FnOnce(Exit) + Send> {
        // Of this incarnation, whichever is present then: to look for that, and then to stop what is there, would be two steps.
        let scope = self.0.scope.lock().clone();
        Box::new(move |exit| stop_by(scope.as_ref(), reason_of(&exit)))
    }
}

/// Asks what has this scope to stop.
pub(crate) fn stop_by(scope: Option<&CancelScope>, why: impl Into<Reason>) {
    if let Some(scope) = scope {
        // It calls wakers, which are the user's.
        ignore_panic(|| {
            scope.cancel_because(why);
        });
    }
}

/// The reason to cancel with, so that an end for it has these words.
pub(crate) fn reason_of(exit: &Exit) -> Reason {
    let words = match exit {
        Exit::Shutdown(Some(why)) => why.to_string(),
        Exit::Shutdown(None) | Exit::Normal => STOP.to_owned(),
        exit => exit.to_string(),
    };
    Reason::new(ReasonKind::Requested, words)
}

impl PartialEq for ChildRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ChildRef {}

impl Hash for ChildRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for ChildRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildRef")
            .field("id", self.id())
            .field("incarnation", &self.incarnation())
            .field("exit", &self.0.exit())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests;
