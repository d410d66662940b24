use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::CancelScope;

use super::many::Starts;
use super::{ShutdownReport, Supervisor, SupervisorRef, SupervisorSpec};
use crate::child::{ChildRef, ChildSpec};
use crate::error::{StartChildError, StartError};
use crate::event::Events;
use crate::exit::Exit;
use crate::spec::{ChildId, Strategy};

/// How a child is made of what `start_child` is given, with what is handed back beside it.
type Template<Args, H> = Arc<dyn Fn(Args) -> (ChildSpec, H) + Send + Sync>;

/// A supervisor of many children of one kind, to be. Made by [`Supervisor::dynamic`].
#[must_use = "a spec does nothing until it is started"]
pub struct DynamicSpec<Args, H> {
    spec: SupervisorSpec,
    template: Template<Args, H>,
}

/// The owner of a dynamic supervisor that runs in a task of its own, as a [`Supervisor`] is of others.
#[must_use = "dropping a supervisor stops it"]
pub struct DynamicSupervisor<Args, H> {
    owner: Supervisor,
    reference: DynamicSupervisorRef<Args, H>,
}

/// By which others use a dynamic supervisor: a [`SupervisorRef`] (by `Deref`) that knows how to make a child.
pub struct DynamicSupervisorRef<Args, H> {
    supervisor: SupervisorRef,
    template: Template<Args, H>,
}

impl Supervisor {
    /// A supervisor of many children of one kind, up to millions, which come and go at run time. What Erlang has as
    /// `simple_one_for_one`.
    ///
    /// `template` makes a child of what [`start_child`](DynamicSupervisorRef::start_child) is given; it is called by who
    /// calls that. Beside the spec it returns what the caller is to have of the child, such as a sender to it.
    ///
    /// Ids need not differ: a child is known by its [`ChildRef`]. When one ends for good, nothing of it is kept.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor};
    /// use tokio::sync::mpsc;
    ///
    /// let sessions = Supervisor::dynamic(|user: String| {
    ///     let (lines, mut inbox) = mpsc::channel::<String>(16);
    ///     let mut inbox = Some(inbox);
    ///     let spec = ChildSpec::worker(user, move |_: ChildContext| {
    ///         let mut inbox = inbox.take().expect("temporary: it is started once");
    ///         async move {
    ///             while let Some(line) = inbox.recv().await {
    ///                 println!("{line}");
    ///             }
    ///         }
    ///     });
    ///     (spec.temporary(), lines)
    /// })
    /// .start()
    /// .await?;
    ///
    /// let (session, lines) = sessions.start_child("ada".to_owned()).await?;
    /// lines.send("hello".to_owned()).await?;
    /// drop(lines);
    /// assert!(session.watch().monitor().await.exit.is_normal());
    /// sessions.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn dynamic<Args, H>(
        template: impl Fn(Args) -> (ChildSpec, H) + Send + Sync + 'static,
    ) -> DynamicSpec<Args, H> {
        DynamicSpec {
            spec: SupervisorSpec::new(Strategy::Dynamic),
            template: Arc::new(template),
        }
    }
}

impl<Args, H> DynamicSpec<Args, H> {
    /// As [`SupervisorSpec::with_name`].
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.spec = self.spec.with_name(name);
        self
    }

    /// As [`SupervisorSpec::with_intensity`]: all children together.
    pub fn with_intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.spec = self.spec.with_intensity(restarts, period);
        self
    }

    /// As [`SupervisorSpec::with_abort_patience`].
    pub fn with_abort_patience(mut self, patience: Duration) -> Self {
        self.spec = self.spec.with_abort_patience(patience);
        self
    }

    /// As [`SupervisorSpec::events`].
    pub fn events(&self) -> Events {
        self.spec.events()
    }

    /// As [`SupervisorSpec::run_with_report`]. There is none without a reference: nobody could start a child.
    ///
    /// # Panics
    ///
    /// As [`SupervisorSpec::run`].
    ///
    /// # Cancel safety
    ///
    /// As [`SupervisorSpec::run`].
    pub async fn run_with_report(
        self,
        scope: &CancelScope,
        with: impl FnOnce(DynamicSupervisorRef<Args, H>),
    ) -> ShutdownReport {
        let template = self.template;
        let with = |supervisor| {
            with(DynamicSupervisorRef {
                supervisor,
                template,
            });
        };
        self.spec.run_with_report(scope, with).await
    }

    /// Starts it in a task of its own, without children.
    ///
    /// # Errors
    ///
    /// [`StartError::Invalid`]: the spec cannot be followed.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime that drives timers.
    ///
    /// # Cancel safety
    ///
    /// As [`SupervisorSpec::start`].
    pub async fn start(self) -> Result<DynamicSupervisor<Args, H>, StartError> {
        let owner = self.spec.start().await?;
        let reference = DynamicSupervisorRef {
            supervisor: owner.reference(),
            template: self.template,
        };
        Ok(DynamicSupervisor { owner, reference })
    }

    /// As a child of another supervisor, and a reference to it that stays good when it is started again.
    pub fn child(self, id: impl Into<ChildId>) -> (ChildSpec, DynamicSupervisorRef<Args, H>) {
        let (spec, supervisor) = self.spec.child(id);
        let template = self.template;
        let reference = DynamicSupervisorRef {
            supervisor,
            template,
        };
        (spec, reference)
    }
}

impl<Args, H> DynamicSupervisorRef<Args, H> {
    /// Makes a child of `args`, starts it, and gives it with what the template made beside it.
    ///
    /// # Errors
    ///
    /// As [`SupervisorRef::start_child`].
    ///
    /// # Panics
    ///
    /// If the template does.
    ///
    /// # Cancel safety
    ///
    /// As [`SupervisorRef::start_child`].
    pub async fn start_child(&self, args: Args) -> Result<(ChildRef, H), StartChildError> {
        let (spec, beside) = (self.template)(args);
        let child = self.supervisor.start_child(spec).await?;
        Ok((child, beside))
    }

    /// Starts many, in order, and gives what became of each, in the same order: one that fails to start is no reason not to
    /// start the next. The supervisor is asked for the next before it has answered, so that it and the caller are woken for
    /// some dozens at a time, and not for each [`start_child`](Self::start_child). Of a supervisor that does not run any more the
    /// template is called all the same, as it is there.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aqueduct_supervision::{ChildContext, ChildSpec, Supervisor};
    ///
    /// let sensors = Supervisor::dynamic(|number: u32| {
    ///     let work = |cx: ChildContext| async move { drop(cx.scope().cancelled().await) };
    ///     (ChildSpec::worker(format!("sensor {number}"), work), number)
    /// });
    /// let sensors = sensors.start().await?;
    /// let started = sensors.start_children(0..1000).await;
    /// assert!(started.iter().all(Result::is_ok));
    /// assert_eq!(sensors.count_children().await?.active, 1000);
    /// # sensors.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the template does, or the iterator.
    ///
    /// # Cancel safety
    ///
    /// *Yields its place* while it waits for room in the lane. What was asked for by then is started also if this is dropped,
    /// and only the answers are lost; of the rest nothing is.
    pub async fn start_children(
        &self,
        all: impl IntoIterator<Item = Args>,
    ) -> Vec<Result<(ChildRef, H), StartChildError>> {
        let mut starts = Starts::new(&self.supervisor);
        for args in all {
            let (spec, beside) = (self.template)(args);
            starts.ask(spec, beside).await;
        }
        starts.finish().await
    }
}

impl<Args, H> DynamicSupervisor<Args, H> {
    /// A reference to it, for others.
    pub fn reference(&self) -> DynamicSupervisorRef<Args, H> {
        self.reference.clone()
    }

    /// Stops all children, at the same time, and waits for the end.
    ///
    /// # Cancel safety
    ///
    /// As [`Supervisor::shutdown`].
    pub async fn shutdown(self) -> ShutdownReport {
        self.owner.shutdown().await
    }

    /// Waits until it has ended, by itself or since it was asked to.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: it changes nothing.
    pub async fn wait(&self) -> Exit {
        self.owner.wait().await
    }
}

impl<Args, H> Deref for DynamicSupervisor<Args, H> {
    type Target = DynamicSupervisorRef<Args, H>;

    fn deref(&self) -> &DynamicSupervisorRef<Args, H> {
        &self.reference
    }
}

impl<Args, H> Deref for DynamicSupervisorRef<Args, H> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<Args, H> Clone for DynamicSupervisorRef<Args, H> {
    fn clone(&self) -> Self {
        Self {
            supervisor: self.supervisor.clone(),
            template: self.template.clone(),
        }
    }
}

impl<Args, H> fmt::Debug for DynamicSpec<Args, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

impl<Args, H> fmt::Debug for DynamicSupervisor<Args, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.owner.fmt(f)
    }
}

impl<Args, H> fmt::Debug for DynamicSupervisorRef<Args, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.supervisor.fmt(f)
    }
}
