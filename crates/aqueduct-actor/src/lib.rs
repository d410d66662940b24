#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod control;

#[cfg(not(aqueduct_loom))]
mod actor;
#[cfg(not(aqueduct_loom))]
mod actor_ref;
#[cfg(not(aqueduct_loom))]
mod answer;
#[cfg(not(aqueduct_loom))]
mod ask;
#[cfg(not(aqueduct_loom))]
mod child;
#[cfg(not(aqueduct_loom))]
mod cx;
#[cfg(not(aqueduct_loom))]
mod deadlock;
#[cfg(not(aqueduct_loom))]
mod error;
#[cfg(not(aqueduct_loom))]
mod guard;
#[cfg(not(aqueduct_loom))]
mod mailbox;
#[cfg(not(aqueduct_loom))]
mod node;
#[cfg(not(aqueduct_loom))]
mod pool;
#[cfg(all(feature = "test-util", not(aqueduct_loom)))]
mod probe;
#[cfg(not(aqueduct_loom))]
mod recipient;
#[cfg(not(aqueduct_loom))]
mod registry;
#[cfg(not(aqueduct_loom))]
mod reply;
#[cfg(not(aqueduct_loom))]
mod run;
#[cfg(not(aqueduct_loom))]
mod scoped;
#[cfg(not(aqueduct_loom))]
mod shared;
#[cfg(not(aqueduct_loom))]
mod start;
#[cfg(not(aqueduct_loom))]
mod tell;
#[cfg(not(aqueduct_loom))]
mod told;
#[cfg(not(aqueduct_loom))]
mod topic;

#[cfg(aqueduct_loom)]
#[path = "ask/cell.rs"]
mod cell;

#[cfg(not(aqueduct_loom))]
pub use self::{
    actor::{Actor, Signal},
    actor_ref::{ActorRef, WeakActorRef},
    answer::Answer,
    ask::{Ask, AskAll, AskAllFuture, AskEach, AskFuture, OneAsk, ask_all},
    child::{FactoryBuilder, actor_with},
    cx::{Cx, Drift, LinkId, StashError, TimerId},
    error::{AskError, TellError, TellWithinError, TryTellError, Unsent, UnsentReason},
    mailbox::Mailbox,
    node::ActorId,
    pool::{ChildPool, Pool, PoolBuilder, PoolError, PoolRef, Routing, RoutingKey, pool},
    recipient::{
        AskRecipient, AskTarget, Asked, Recipient, RecipientAsk, RecipientAskFuture, Request,
        TellTarget, WeakRecipient,
    },
    registry::{FindError, RegisterError, Registry},
    reply::Reply,
    start::{ActorBuilder, StartError, actor},
    tell::Tell,
    topic::{Published, Topic, WhenFull},
};

#[cfg(all(feature = "test-util", not(aqueduct_loom)))]
pub use self::{
    probe::Probe,
    run::harness::{Harness, Step},
};
#[cfg(all(feature = "macros", not(aqueduct_loom)))]
pub use aqueduct_macros::messages;
/// `messages` for the crate `aqueduct`, which names it so.
#[cfg(all(feature = "macros", not(aqueduct_loom)))]
#[doc(hidden)]
pub use aqueduct_macros::messages_of_umbrella;
