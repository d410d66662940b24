//! kameo's supervised actors, with a limit of restarts that is never reached.

use std::convert::Infallible;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use ::kameo::actor::{Actor, ActorRef, Spawn};
use ::kameo::mailbox::bounded;
use ::kameo::message::{Context, Message};

use crate::supervisors::{Census, Supervisors, Up};

const ROOM: usize = 16;

pub(crate) struct Kameo {
    supervisor: ActorRef<Above>,
    children: Vec<ActorRef<Child>>,
}

pub(crate) struct Above;

impl Actor for Above {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Above)
    }
}

pub(crate) struct Child(#[expect(dead_code, reason = "it is held")] Up);

impl Actor for Child {
    type Args = Arc<Census>;
    type Error = Infallible;

    async fn on_start(census: Arc<Census>, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Child(Up::of(&census)))
    }
}

struct Fail;

impl Message<Fail> for Child {
    type Reply = Result<(), &'static str>;

    async fn handle(&mut self, _: Fail, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        Err("told to")
    }
}

impl Supervisors for Kameo {
    async fn start(children: usize, census: Arc<Census>) -> Self {
        let supervisor = Above::spawn(());
        let mut started = Vec::with_capacity(children);
        for _ in 0..children {
            let child = Child::supervise(&supervisor, Arc::clone(&census))
                .restart_limit(u32::MAX, Duration::from_secs(1))
                .spawn_with_mailbox(bounded(ROOM));
            started.push(child.await);
        }
        Kameo {
            supervisor,
            children: started,
        }
    }

    async fn fail(&self, child: usize) {
        let told = self.children[child].tell(Fail).into_future().await;
        assert!(told.is_ok(), "the child lives");
    }

    async fn stop(self) {
        let stopping = self.supervisor.stop_gracefully().await;
        assert!(stopping.is_ok(), "the supervisor lives");
        self.supervisor.wait_for_shutdown().await;
    }
}
