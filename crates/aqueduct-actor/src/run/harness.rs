//! An actor that is run by a test, step by step, without a task of its own.
//!
//! It is the same loop as of an actor that was spawned, taken apart at the places where that looks for the next thing to do.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use aqueduct_core::rt;
use aqueduct_supervision::exit::Exit;
use tokio::task::unconstrained;

use super::{Next, Seat, poll_next, worse};
use crate::actor::{Actor, Signal};
use crate::actor_ref::ActorRef;
use crate::error::AskError;
use crate::guard::{Guarded, KnownWaker};
use crate::reply::Reply;
use crate::start::{ActorBuilder, StartError};

/// Runs an actor one message, or one signal, at a time, in the test's own task. Between two steps the actor's value can be
/// looked at, and changed.
///
/// Nothing is handled but by a step. What is told waits in the mailbox, and tasks and timers of the actor go on by
/// themselves, as they do otherwise.
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_actor::{Actor, Cx, Harness, Reply, Step, actor};
///
/// #[derive(Default)]
/// struct Light {
///     is_on: bool,
/// }
///
/// enum Msg {
///     On,
///     Off,
///     IsOn(Reply<bool>),
/// }
///
/// impl Actor for Light {
///     type Msg = Msg;
///
///     async fn handle(&mut self, message: Msg, cx: &mut Cx<Self>) {
///         match message {
///             Msg::On => {
///                 self.is_on = true;
///                 cx.send_after(Duration::from_secs(60), Msg::Off);
///             }
///             Msg::Off => self.is_on = false,
///             Msg::IsOn(reply) => reply.send(self.is_on),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let mut light = Harness::start(actor(Light::default())).await.unwrap();
/// light.actor().tell(Msg::On).await.unwrap();
/// assert!(!light.state().is_on);
/// assert!(matches!(light.step().await, Step::Message));
/// assert!(light.state().is_on);
///
/// // Its timer has not come yet.
/// assert!(matches!(light.step().await, Step::Idle));
/// assert!(matches!(light.step_within(Duration::from_secs(60)).await, Step::Message));
/// assert_eq!(light.ask(Msg::IsOn).await.unwrap(), false);
///
/// let (exit, light) = light.finish().await;
/// assert!(exit.is_orderly() && !light.is_on);
/// # }
/// ```
pub struct Harness<A: Actor> {
    seat: Seat<A>,
    actor: ActorRef<A>,
    waker: KnownWaker,
    /// How it has ended, and its value.
    ended: Option<(Exit, A)>,
}

/// What a step of a [`Harness`] did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// It handled a message: from its mailbox, or its own (a timer's, a stream's, a task's, one from the stash).
    Message,
    /// It handled a signal.
    Signal(Signal),
    /// There was nothing to do.
    Idle,
    /// It ended, in this step or before.
    Ended(Exit),
}

/// How long [`Harness::ask`] waits.
const PATIENCE: Duration = Duration::from_secs(5);

impl<A: Actor> Harness<A> {
    /// Runs the actor's [`start`](Actor::start).
    ///
    /// # Errors
    ///
    /// If that fails or panics. The actor has ended then, and [`stop`](Actor::stop) was not called.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, the actor is dropped where it is.
    pub async fn start(actor: ActorBuilder<A>) -> Result<Self, StartError> {
        let (actor, seat) = actor.seat();
        let mut harness = Self {
            seat,
            actor,
            waker: KnownWaker::default(),
            ended: None,
        };
        let Self {
            seat, actor, waker, ..
        } = &mut harness;
        let Seat {
            actor: value, cx, ..
        } = seat;
        let value = value.as_mut().expect("it sits until the end");
        let started = Guarded::new(actor.shared(), waker, value.start(cx)).await;
        let exit = match started {
            Ok(Ok(())) => return Ok(harness),
            Ok(Err(failure)) => Exit::Failed(failure),
            Err(exit) => exit,
        };
        harness.seat.end(exit.clone());
        Err(StartError { exit })
    }

    /// A reference to it, to be told and asked. What is asked by it is answered by a later step, so not to be awaited here;
    /// see [`ask`](Self::ask).
    pub fn actor(&self) -> &ActorRef<A> {
        &self.actor
    }

    /// The actor's value: also when it has ended.
    pub fn state(&self) -> &A {
        let ended = self.ended.as_ref().map(|(_, value)| value);
        ended
            .or(self.seat.actor.as_ref())
            .expect("it is in one of the two")
    }

    /// The actor's value, to be changed.
    pub fn state_mut(&mut self) -> &mut A {
        let ended = self.ended.as_mut().map(|(_, value)| value);
        ended
            .or(self.seat.actor.as_mut())
            .expect("it is in one of the two")
    }

    /// How it has ended, if it has.
    pub fn exit(&self) -> Option<&Exit> {
        self.ended.as_ref().map(|(exit, _)| exit)
    }

    /// Handles the next message or signal, if there is one now. What its handler waits for is waited for.
    ///
    /// A panic of it ends the actor, as it does otherwise, and does not come out here.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use [`step_within`](Self::step_within) to wait for some time only*: dropped before it is ready, the message is
    /// gone, and what its handler did is half done.
    pub async fn step(&mut self) -> Step {
        let next = self.next(false).await;
        self.take(next).await
    }

    /// [`step`](Self::step), and waits so long at most for something to do.
    ///
    /// # Cancel safety
    ///
    /// As [`step`](Self::step); while it waits for something to do, *Strict*.
    pub async fn step_within(&mut self, limit: Duration) -> Step {
        let next = rt::until(rt::deadline_in(limit), self.next(true)).await;
        self.take(next.flatten()).await
    }

    /// Steps until there is nothing more to do now, or it has ended. Gives how many messages and signals were handled.
    ///
    /// # Cancel safety
    ///
    /// As [`step`](Self::step).
    pub async fn run_until_idle(&mut self) -> usize {
        let mut handled = 0;
        while matches!(self.step().await, Step::Message | Step::Signal(_)) {
            handled += 1;
        }
        handled
    }

    /// Asks it something, and steps until there is an answer: so it handles what came before, and what the answer needs.
    ///
    /// # Errors
    ///
    /// As [`ActorRef::ask`]; [`Elapsed`](AskError::Elapsed) if there is none within five seconds of Tokio's clock.
    ///
    /// # Cancel safety
    ///
    /// As [`step`](Self::step).
    pub async fn ask<R, E>(
        &mut self,
        make: impl FnOnce(Reply<R, E>) -> A::Msg,
    ) -> Result<R, AskError<A::Msg, E>>
    where
        R: Send + 'static,
        E: Send + 'static,
    {
        let actor = self.actor.clone();
        let mut ask = pin!(actor.ask(make).within(PATIENCE).into_future());
        while self.ended.is_none() {
            let next = {
                let mut next = pin!(self.next(true));
                let turn = poll_fn(|task| {
                    if let Poll::Ready(answer) = ask.as_mut().poll(task) {
                        return Poll::Ready(Err(answer));
                    }
                    next.as_mut().poll(task).map(Ok)
                });
                match turn.await {
                    Ok(next) => next,
                    Err(answer) => return answer,
                }
            };
            self.take(next).await;
        }
        ask.await
    }

    /// Asks it to stop, as [`ActorRef::stop`] does, runs its [`stop`](Actor::stop), and gives how it ended and its value. What
    /// is left in its mailbox is undelivered. If it has ended already, that is the end.
    ///
    /// # Cancel safety
    ///
    /// *Lossy, use [`ActorRef::stop`] and steps*: dropped before it is ready, the actor is dropped where it is.
    pub async fn finish(mut self) -> (Exit, A) {
        self.actor.stop();
        while !matches!(self.step().await, Step::Ended(_)) {}
        self.ended.expect("it was just seen")
    }

    /// What there is to do. None if nothing, where that is not to be waited for.
    async fn next(&mut self, waits: bool) -> Option<Next<A::Msg>> {
        if let Some((exit, _)) = &self.ended {
            return Some(Next::End(exit.clone()));
        }
        let Seat { cx, mail, .. } = &mut self.seat;
        if let Some(exit) = cx.stopping.take() {
            return Some(Next::End(*exit));
        }
        let mail = mail.as_mut().expect("it is there until the end");
        // A test's budget is not to look like an empty mailbox.
        let waker = &mut self.waker;
        let shared = self.actor.shared().clone();
        let look = Guarded::new(
            &shared,
            waker,
            poll_fn(|task| match poll_next(cx, mail, task) {
                Poll::Pending if !waits => Poll::Ready(None),
                next => next.map(Some),
            }),
        );
        match unconstrained(look).await {
            Ok(next) => next,
            Err(exit) => Some(Next::End(exit)),
        }
    }

    async fn take(&mut self, next: Option<Next<A::Msg>>) -> Step {
        let shared = self.actor.shared().clone();
        let Seat { actor, cx, .. } = &mut self.seat;
        let (step, handled) = match (next, actor) {
            (None, _) => return Step::Idle,
            (Some(Next::End(exit)), _) => return self.conclude(exit).await,
            (Some(Next::Message(message)), Some(actor)) => {
                if let Some(extras) = &mut cx.extras {
                    extras.was_busy();
                }
                let handle = actor.handle(message, cx);
                let handled = Guarded::new(&shared, &mut self.waker, handle).await;
                (Step::Message, handled)
            }
            (Some(Next::Signal(signal)), Some(actor)) => {
                let handle = actor.signal(signal.clone(), cx);
                let handled = Guarded::new(&shared, &mut self.waker, handle).await;
                (Step::Signal(signal), handled)
            }
            (_, None) => unreachable!("it sits until the end"),
        };
        match handled {
            Ok(()) => step,
            Err(exit) => self.conclude(exit).await,
        }
    }

    /// As the loop ends, but that the value stays to be looked at.
    async fn conclude(&mut self, mut exit: Exit) -> Step {
        let Some(mut value) = self.seat.actor.take() else {
            return Step::Ended(exit);
        };
        let shared = self.actor.shared().clone();
        if !matches!(exit, Exit::Killed) {
            let stop = value.stop(&exit, &mut self.seat.cx);
            let stopped = Guarded::new(&shared, &mut self.waker, stop).await;
            exit = worse(exit, stopped);
        }
        if let Some(tasks) = self.seat.cx.take_tasks() {
            drop(Box::pin(tasks.shutdown()).await);
        }
        self.ended = Some((exit.clone(), value));
        self.seat.end(exit.clone());
        Step::Ended(exit)
    }
}

impl<A: Actor> fmt::Debug for Harness<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("actor", &self.actor)
            .field("exit", &self.exit())
            .finish_non_exhaustive()
    }
}
