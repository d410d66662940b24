//! A probe: an inbox for tests, which tells what it expected and what came instead.

use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_channel::error::TrySendError;
use aqueduct_channel::mpsc;
use aqueduct_core::node::Birth;
use aqueduct_core::rt::{self, Instant};
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::watch::{Lifeline, Watch};

use crate::ask::{Outcome, UnsentReason, new_cell};
use crate::error::{AskError, TellError, TryTellError, Unsent};
use crate::mailbox::{MailRx, MailTx};
use crate::node::ActorId;
use crate::recipient::{
    Answered, AskRecipient, Asked, Boxed, Identity, Narrow, NarrowAsk, NarrowWeak, Recipient,
    Request, Told,
};
use crate::reply::Reply;

/// What takes the place of an actor in a test: it gives out [`Recipient`]s, and says what came.
///
/// All that it waits for it waits for by Tokio's clock. In a test with a paused clock no time passes by that, and "nothing
/// came in five seconds" is exact.
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_actor::{Actor, Cx, Probe, Recipient, actor};
///
/// /// Sends on what is even.
/// struct Filter(Recipient<u32>);
///
/// impl Actor for Filter {
///     type Msg = u32;
///
///     async fn handle(&mut self, number: u32, _: &mut Cx<Self>) {
///         if number % 2 == 0 {
///             self.0.tell(number).await.unwrap();
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let mut probe = Probe::new();
/// let filter = actor(Filter(probe.recipient())).spawn();
/// for number in 1..=4 {
///     filter.tell(number).await.unwrap();
/// }
/// probe.expect(2).await;
/// probe.expect(4).await;
/// probe.expect_none_for(Duration::from_secs(60)).await;
/// # }
/// ```
pub struct Probe<T> {
    mail: MailRx<T>,
    target: Arc<Target<T>>,
    /// None once it is dropped.
    lifeline: Option<Lifeline>,
    name: Option<Arc<str>>,
    /// How many messages were taken out.
    taken: usize,
}

/// How long a probe waits if it is not told.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many of what came besides are told.
const SHOWN_MAX: usize = 16;

struct Target<T> {
    id: ActorId,
    tx: MailTx<T>,
    watch: Watch,
}

struct WeakTarget<T>(std::sync::Weak<Target<T>>);

impl<T: Send + 'static> Probe<T> {
    /// One with room for any number of messages.
    pub fn new() -> Self {
        let (tx, rx) = mpsc::unbounded_channel();
        Self::of(MailTx::Unbounded(tx), MailRx::Unbounded(rx))
    }

    /// One with room for so many messages: who tells it more has to wait, or is told that it is full.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn bounded(capacity: usize) -> Self {
        let (tx, rx) = mpsc::channel(capacity);
        Self::of(MailTx::Bounded(tx), MailRx::Bounded(rx))
    }

    fn of(tx: MailTx<T>, mail: MailRx<T>) -> Self {
        let lifeline = Lifeline::new(None);
        let target = Target {
            id: ActorId(Birth::here().id),
            tx,
            watch: lifeline.watch(),
        };
        Self {
            mail,
            target: Arc::new(target),
            lifeline: Some(lifeline),
            name: None,
            taken: 0,
        }
    }

    /// Names it, for what it says when it fails.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A reference to it, to be told.
    pub fn recipient(&self) -> Recipient<T> {
        Recipient::of(self.target.clone())
    }

    /// The next message, if one is there.
    pub fn try_recv(&mut self) -> Option<T> {
        let message = self.mail.try_recv().ok()?;
        self.taken += 1;
        Some(message)
    }

    /// The next message, for which it waits five seconds at most.
    ///
    /// # Panics
    ///
    /// If none comes.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = T> + Send + '_ {
        self.recv_within(PATIENCE)
    }

    /// The next message, for which it waits so long at most.
    ///
    /// # Panics
    ///
    /// If none comes.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn recv_within(&mut self, limit: Duration) -> impl Future<Output = T> + Send + '_ {
        let here = Location::caller();
        async move {
            match self.wait(limit).await {
                Some(message) => message,
                None => self.fail(here, "a message", &format!("nothing came in {limit:?}")),
            }
        }
    }

    /// Waits five seconds at most for the next message, which is to be this one.
    ///
    /// # Panics
    ///
    /// If another one comes, or none.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn expect(&mut self, expected: T) -> impl Future<Output = ()> + Send + '_
    where
        T: PartialEq + fmt::Debug,
    {
        self.expect_within(PATIENCE, expected)
    }

    /// Waits so long at most for the next message, which is to be this one.
    ///
    /// # Panics
    ///
    /// If another one comes, or none.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn expect_within(
        &mut self,
        limit: Duration,
        expected: T,
    ) -> impl Future<Output = ()> + Send + '_
    where
        T: PartialEq + fmt::Debug,
    {
        let here = Location::caller();
        async move {
            match self.wait(limit).await {
                Some(message) if message == expected => {}
                came => self.fail_instead(here, &format!("{expected:?}"), limit, came),
            }
        }
    }

    /// Waits five seconds at most for the next message, gives it if `is_it` says so, and fails otherwise. `what` says what
    /// was expected.
    ///
    /// # Panics
    ///
    /// If another one comes, or none.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn expect_that<'a>(
        &'a mut self,
        what: &'a str,
        is_it: impl FnOnce(&T) -> bool + Send + 'a,
    ) -> impl Future<Output = T> + Send + 'a
    where
        T: fmt::Debug,
    {
        let here = Location::caller();
        async move {
            match self.wait(PATIENCE).await {
                Some(message) if is_it(&message) => message,
                came => self.fail_instead(here, what, PATIENCE, came),
            }
        }
    }

    /// Waits so long, in which no message is to come.
    ///
    /// # Panics
    ///
    /// If one does.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, it has taken nothing.
    #[track_caller]
    pub fn expect_none_for(&mut self, time: Duration) -> impl Future<Output = ()> + Send + '_
    where
        T: fmt::Debug,
    {
        let here = Location::caller();
        async move {
            if let Some(message) = self.wait(time).await {
                self.fail_instead(here, &format!("nothing for {time:?}"), time, Some(message));
            }
        }
    }

    async fn wait(&mut self, limit: Duration) -> Option<T> {
        let next = poll_fn(|task| self.mail.poll_recv(task));
        let message = rt::until(rt::deadline_in(limit), next).await.flatten()?;
        self.taken += 1;
        Some(message)
    }

    fn fail_instead(
        &mut self,
        here: &Location<'_>,
        expected: &str,
        limit: Duration,
        came: Option<T>,
    ) -> !
    where
        T: fmt::Debug,
    {
        let Some(came) = came else {
            self.fail(here, expected, &format!("nothing came in {limit:?}"));
        };
        let mut then = String::new();
        for n in 0.. {
            let Ok(next) = self.mail.try_recv() else {
                break;
            };
            if n == SHOWN_MAX {
                then += "\n    …";
                break;
            }
            then += &format!("\n    {next:?}");
        }
        let mut instead = format!("came: {came:?}");
        if !then.is_empty() {
            instead += "\n  and then:";
            instead += &then;
        }
        self.fail(here, expected, &instead)
    }

    fn fail(&self, here: &Location<'_>, expected: &str, instead: &str) -> ! {
        let name = match &self.name {
            Some(name) => format!("the probe \"{name}\""),
            None => "a probe".to_owned(),
        };
        let before = self.taken;
        panic!(
            "{name} at {here} failed, of which {before} messages were taken\n  expected: {expected}\n  {instead}"
        )
    }
}

impl<Q: Request> Probe<Asked<Q>> {
    /// A reference to it, to be asked. The probe answers by the [`Reply`] in what it gets.
    pub fn ask_recipient(&self) -> AskRecipient<Q> {
        AskRecipient::of(self.target.clone())
    }
}

impl<T: Send> Identity for Target<T> {
    fn id(&self) -> ActorId {
        self.id
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn is_alive(&self) -> bool {
        self.watch.is_alive()
    }

    fn watch(&self) -> Watch {
        self.watch.clone()
    }

    fn watch_slot(&self) -> Watch {
        self.watch.clone()
    }
}

impl<T: Send + 'static> Narrow<T> for Target<T> {
    fn downgrade(self: Arc<Self>) -> Arc<dyn NarrowWeak<T>> {
        Arc::new(WeakTarget(Arc::downgrade(&self)))
    }

    fn try_tell(&self, message: T) -> Result<(), TryTellError<Option<T>>> {
        self.tx.try_send(message).map_err(|refused| match refused {
            TrySendError::Full(message) => TryTellError::Full(Some(message)),
            TrySendError::Closed(message) => TryTellError::Closed(Some(message)),
        })
    }

    fn tell(&self, message: T) -> Told<'_, T> {
        Told::Waits(Box::pin(async {
            let told = self.tx.send(message).await;
            told.map_err(|message| TellError(Some(message)))
        }))
    }
}

impl<T: Send + 'static> NarrowWeak<T> for WeakTarget<T> {
    fn upgrade(&self) -> Option<Recipient<T>> {
        let target = self.0.upgrade()?;
        target.is_alive().then(|| Recipient::of(target))
    }
}

impl<Q: Request> NarrowAsk<Q> for Target<Asked<Q>> {
    fn ask(&self, request: Q, deadline: Option<Instant>) -> Boxed<'_, Answered<Q>> {
        let unsent = |request, reason| {
            Err(AskError::Unsent(Unsent {
                message: Some(request),
                reason,
            }))
        };
        Box::pin(async move {
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return unsent(request, UnsentReason::Elapsed);
            }
            let cell = new_cell();
            let reply = Reply::new(cell.clone());
            let mut send = pin!(self.tx.send(Asked { request, reply }));
            match rt::until(deadline, send.as_mut()).await {
                Some(Ok(())) => {}
                Some(Err(asked)) => return unsent(asked.request, UnsentReason::Closed),
                None => {
                    if let Some(asked) = send.take() {
                        return unsent(asked.request, UnsentReason::Elapsed);
                    }
                }
            }
            let answered = rt::until(deadline, poll_fn(|task| cell.poll(task))).await;
            match answered.or_else(|| cell.leave()) {
                Some(Outcome::Answered(Ok(answer))) => Ok(answer),
                Some(Outcome::Answered(Err(error))) => Err(AskError::Handler(error)),
                Some(Outcome::Lost | Outcome::Unsent(..)) => Err(AskError::Unknown),
                None => Err(AskError::Elapsed),
            }
        })
    }
}

impl<T: Send + 'static> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Probe<T> {
    fn drop(&mut self) {
        self.mail.close();
        if let Some(lifeline) = self.lifeline.take() {
            lifeline.end(Exit::Normal);
        }
    }
}

impl<T> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("id", &self.target.id.as_u64())
            .field("name", &self.name)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}
