//! A task that owns a `JoinSet` and a map from its tasks to the children they are.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::supervisors::{Census, Supervisors, Up};

pub(crate) struct ByHand {
    failing: Arc<[Notify]>,
    token: CancellationToken,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Failed;

async fn child(
    failing: Arc<[Notify]>,
    place: usize,
    token: CancellationToken,
    census: Arc<Census>,
) -> Result<(), Failed> {
    let _up = Up::of(&census);
    tokio::select! {
        () = failing[place].notified() => Err(Failed),
        () = token.cancelled() => Ok(()),
    }
}

async fn supervise(failing: Arc<[Notify]>, token: CancellationToken, census: Arc<Census>) {
    let mut set = JoinSet::new();
    let mut places: HashMap<Id, usize> = HashMap::new();
    let start = |set: &mut JoinSet<_>, places: &mut HashMap<Id, usize>, place| {
        let child = child(
            Arc::clone(&failing),
            place,
            token.clone(),
            Arc::clone(&census),
        );
        places.insert(set.spawn(child).id(), place);
    };
    for place in 0..failing.len() {
        start(&mut set, &mut places, place);
    }
    while let Some(ended) = set.join_next_with_id().await {
        let (id, result) = ended.expect("no child panics");
        let place = places.remove(&id).expect("it is a child");
        if result.is_err() {
            start(&mut set, &mut places, place);
        }
    }
}

impl Supervisors for ByHand {
    async fn start(children: usize, census: Arc<Census>) -> Self {
        let failing: Arc<[Notify]> = (0..children).map(|_| Notify::new()).collect();
        let token = CancellationToken::new();
        let task = tokio::spawn(supervise(Arc::clone(&failing), token.clone(), census));
        ByHand {
            failing,
            token,
            task,
        }
    }

    async fn fail(&self, child: usize) {
        self.failing[child].notify_one();
    }

    async fn stop(self) {
        self.token.cancel();
        self.task.await.expect("the supervisor does not panic");
    }
}
