//! ractor's linked actors. It leaves restarts to the supervisor's own handler, which starts another child in the place of
//! the one that failed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ::ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::supervisors::{Census, Supervisors, Up};

type Children = Arc<Mutex<Vec<ActorRef<Fail>>>>;

pub(crate) struct Ractor {
    supervisor: ActorRef<()>,
    children: Children,
}

pub(crate) struct Above;

pub(crate) struct State {
    census: Arc<Census>,
    places: HashMap<ActorId, usize>,
    children: Children,
}

impl Actor for Above {
    type Msg = ();
    type State = State;
    type Arguments = (usize, Arc<Census>, Children);

    async fn pre_start(
        &self,
        myself: ActorRef<()>,
        (count, census, children): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let mut places = HashMap::with_capacity(count);
        for place in 0..count {
            let census = Arc::clone(&census);
            let (child, _) = Actor::spawn_linked(None, Child, census, myself.get_cell()).await?;
            places.insert(child.get_id(), place);
            children.lock().expect("not poisoned").push(child);
        }
        Ok(State {
            census,
            places,
            children,
        })
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(failed, _) = event {
            let census = Arc::clone(&state.census);
            let (child, _) = Actor::spawn_linked(None, Child, census, myself.get_cell()).await?;
            let place = state.places.remove(&failed.get_id());
            let place = place.expect("it is a child");
            state.places.insert(child.get_id(), place);
            state.children.lock().expect("not poisoned")[place] = child;
        }
        Ok(())
    }
}

pub(crate) struct Child;

pub(crate) struct Fail;

impl Actor for Child {
    type Msg = Fail;
    type State = Up;
    type Arguments = Arc<Census>;

    async fn pre_start(
        &self,
        _: ActorRef<Fail>,
        census: Arc<Census>,
    ) -> Result<Up, ActorProcessingErr> {
        Ok(Up::of(&census))
    }

    async fn handle(
        &self,
        _: ActorRef<Fail>,
        _: Fail,
        _: &mut Up,
    ) -> Result<(), ActorProcessingErr> {
        Err("told to".into())
    }
}

impl Supervisors for Ractor {
    async fn start(count: usize, census: Arc<Census>) -> Self {
        let children = Children::default();
        let arguments = (count, census, Arc::clone(&children));
        let spawned = Actor::spawn(None, Above, arguments).await;
        Ractor {
            supervisor: spawned.expect("the supervisor starts").0,
            children,
        }
    }

    async fn fail(&self, child: usize) {
        let child = self.children.lock().expect("not poisoned")[child].clone();
        assert!(child.cast(Fail).is_ok(), "the child lives");
    }

    async fn stop(self) {
        let stopped = self.supervisor.stop_and_wait(None, None).await;
        assert!(stopped.is_ok(), "the supervisor lives");
    }
}
