//! `aqueduct_supervision`, with a limit of restarts that is never reached.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_supervision::{ChildContext, ChildSpec, DynamicSupervisor, Failure, Supervisor};
use tokio::sync::Notify;

use crate::supervisors::{Census, Supervisors, Up};

const PERIOD: Duration = Duration::from_secs(1);

/// A child that fails when `failing` is told.
fn child(name: &'static str, failing: Arc<Notify>, census: Arc<Census>) -> ChildSpec {
    ChildSpec::worker(name, move |context: ChildContext| {
        let (failing, up) = (Arc::clone(&failing), Up::of(&census));
        async move {
            let _up = up;
            let told = context.scope().run(failing.notified()).await;
            told.map_or(Ok(()), |()| Err(Failure::msg("told to")))
        }
    })
}

/// Children of one kind, that come and go: what this many are in a program.
pub(crate) struct Dynamic {
    supervisor: DynamicSupervisor<Arc<Notify>, ()>,
    children: Vec<Arc<Notify>>,
}

impl Supervisors for Dynamic {
    async fn start(count: usize, census: Arc<Census>) -> Self {
        let spec =
            Supervisor::dynamic(move |failing| (child("child", failing, Arc::clone(&census)), ()));
        let started = spec.with_intensity(u32::MAX, PERIOD).start().await;
        let supervisor = started.expect("the supervisor starts");
        let mut children = Vec::new();
        children.resize_with(count, Arc::<Notify>::default);
        let started = supervisor.start_children(children.iter().cloned()).await;
        assert!(started.iter().all(Result::is_ok), "the children start");
        Dynamic {
            supervisor,
            children,
        }
    }

    async fn fail(&self, child: usize) {
        self.children[child].notify_one();
    }

    async fn stop(self) {
        let report = self.supervisor.shutdown().await;
        assert!(report.is_clean(), "{report}");
    }
}
