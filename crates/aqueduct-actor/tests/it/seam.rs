//! The caller's edge: what stands between a caller and whatever is told or asked.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_actor::{
    Actor, AskError, AskTarget, Asked, Cx, Request, TellError, TellTarget, TryTellError, actor,
    pool,
};

struct Job(u32);
struct Done;

impl Request for Done {
    type Answer = u32;
    type Error = Infallible;
}

enum Msg {
    Job(Job),
    Done(Asked<Done>),
}

impl From<Job> for Msg {
    fn from(job: Job) -> Self {
        Self::Job(job)
    }
}

impl From<Asked<Done>> for Msg {
    fn from(asked: Asked<Done>) -> Self {
        Self::Done(asked)
    }
}

#[derive(Default)]
struct Worker(u32);

impl Actor for Worker {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, _: &mut Cx<Self>) {
        match message {
            Msg::Job(Job(n)) => self.0 += n,
            Msg::Done(asked) => asked.reply.send(self.0),
        }
    }
}

/// Lets so many through.
struct Guard<G> {
    inner: G,
    left: AtomicUsize,
}

impl<G> Guard<G> {
    fn new(inner: G, left: usize) -> Self {
        let left = AtomicUsize::new(left);
        Self { inner, left }
    }

    fn pass(&self) -> bool {
        let take = |left: usize| left.checked_sub(1);
        let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
        self.left.fetch_update(set, get, take).is_ok()
    }
}

impl<T: Send, G: TellTarget<T>> TellTarget<T> for Guard<G> {
    async fn tell_to(&self, message: T) -> Result<(), TellError<Option<T>>> {
        match self.pass() {
            true => self.inner.tell_to(message).await,
            false => Err(TellError(Some(message))),
        }
    }

    fn try_tell_to(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        match self.pass() {
            true => self.inner.try_tell_to(message),
            false => Err(TryTellError::Full(Some(message))),
        }
    }
}

impl<Q: Request, G: AskTarget<Q>> AskTarget<Q> for Guard<G> {
    async fn ask_to(&self, request: Q) -> Result<Q::Answer, AskError<Option<Q>, Q::Error>> {
        self.inner.ask_to(request).await
    }
}

/// Nothing of it knows what is behind the guard.
async fn use_up<G>(target: G) -> u32
where
    G: TellTarget<Job> + AskTarget<Done>,
{
    let guard = Guard::new(target, 2);
    guard.tell_to(Job(3)).await.unwrap();
    guard.try_tell_to(Job(4)).unwrap();
    let refused = guard.tell_to(Job(5)).await.unwrap_err();
    assert!(matches!(refused, TellError(Some(Job(5)))));
    let refused = guard.try_tell_to(Job(6)).unwrap_err();
    assert!(matches!(refused, TryTellError::Full(Some(Job(6)))));
    // A guard around a guard is one too.
    let guard = Guard::new(guard, 7);
    assert!(guard.tell_to(Job(8)).await.is_err());
    guard.ask_to(Done).await.unwrap()
}

/// Both halves of what narrowed references are told and asked.
struct Both<T, Q>(T, Q);

impl<T: Send + Sync, Q: Send + Sync, M: Send> TellTarget<M> for Both<T, Q>
where
    T: TellTarget<M>,
{
    async fn tell_to(&self, message: M) -> Result<(), TellError<Option<M>>> {
        self.0.tell_to(message).await
    }

    fn try_tell_to(&self, message: M) -> Result<(), TryTellError<Option<M>>> {
        self.0.try_tell_to(message)
    }
}

impl<T: Send + Sync, Q: AskTarget<R>, R: Request> AskTarget<R> for Both<T, Q> {
    async fn ask_to(&self, request: R) -> Result<R::Answer, AskError<Option<R>, R::Error>> {
        self.1.ask_to(request).await
    }
}

#[tokio::test]
async fn a_guard_wraps_a_reference_a_narrowed_one_and_a_pool() {
    assert_eq!(use_up(actor(Worker::default()).spawn()).await, 7);

    let worker = actor(Worker::default()).spawn();
    let narrowed = Both(worker.recipient::<Job>(), worker.ask_recipient::<Done>());
    drop(worker);
    assert_eq!(use_up(narrowed).await, 7);

    let pool = pool(1, Worker::default).start().await.unwrap();
    assert_eq!(use_up(pool.reference()).await, 7);
    let reference = pool.reference();
    pool.drain().await;
    // What is refused before it became the worker's message comes back.
    assert!(matches!(
        reference.tell_to(Job(1)).await,
        Err(TellError(Some(Job(1))))
    ));
    let refused = reference.ask_to(Done).await.unwrap_err();
    assert!(refused.is_unsent());
}
