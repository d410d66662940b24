//! A supervisor as a child of another.
//!
//! It may be started again, and then begins with the children of its spec. So what starts those is not its own: it has a
//! *home* in the spec, is lent to each incarnation, and comes home when that ends, however it ends.
//!
//! # Who says what becomes of the children
//!
//! A supervisor that ends does not know whether it will be started again; the one above it does. So a child with a home is
//! told its fate by the one above, when that is decided: who is to be started again with its supervisor hears `Restarting`,
//! and not that it is gone.

use std::sync::Arc;

use aqueduct_core::sync::Lock;

use super::live::Shared;
use super::shell::{self, Acknowledge, Root, Seed};
use crate::child::{ChildCell, ChildContext, ChildFuture, ChildSpec, Fate, StartChild, Starter};
use crate::error::CannotReplace;
use crate::exit::{Exit, Panicked, catch_panic};
use crate::spec::{ChildPolicy, Plan};

/// What starts a supervisor, again and again.
pub(super) struct Nested {
    shared: Arc<Shared>,
    plan: Plan,
    homes: Arc<[Home]>,
}

/// Where the work of a child is while no incarnation of its supervisor has it.
pub(super) struct Home {
    policy: ChildPolicy,
    nested: Option<Arc<Shared>>,
    at_home: Lock<Option<AtHome>>,
}

struct AtHome {
    work: Box<dyn StartChild>,
    /// The child that it last was, if it was started.
    last: Option<Arc<ChildCell>>,
}

/// By which an incarnation brings home what it was lent.
#[derive(Clone)]
pub(super) struct WayHome {
    homes: Arc<[Home]>,
    at: usize,
}

impl Nested {
    pub(super) fn new(shared: Arc<Shared>, plan: Plan, children: Vec<ChildSpec>) -> Self {
        let home = |spec: ChildSpec| Home {
            policy: spec.policy,
            nested: spec.start.nested,
            at_home: Lock::new(Some(AtHome {
                work: spec.start.work,
                last: None,
            })),
        };
        Self {
            shared,
            plan,
            homes: children.into_iter().map(home).collect(),
        }
    }
}

/// Lends all that is at home, which is all: the incarnation before has ended. Unless some child of that one still runs,
/// though it was given up: there shall not be two.
fn lend(homes: &Arc<[Home]>) -> Result<Vec<Seed>, CannotReplace> {
    for home in &**homes {
        let last = home.at_home.lock().as_ref().and_then(|it| it.last.clone());
        if let Some(last) = last.filter(|last| !last.is_over()) {
            let child = last.path();
            return Err(CannotReplace { child });
        }
    }
    let lend_one = |(at, home): (usize, &Home)| {
        let at_home = home.at_home.lock().take();
        let work = at_home?.work;
        let way = WayHome {
            homes: homes.clone(),
            at,
        };
        Some(Seed {
            policy: home.policy.clone(),
            start: Starter {
                work,
                nested: home.nested.clone(),
            },
            home: Some(way),
        })
    };
    Ok(homes.iter().enumerate().filter_map(lend_one).collect())
}

impl WayHome {
    pub(super) fn bring(&self, work: Box<dyn StartChild>, child: &Arc<ChildCell>) {
        let last = (child.run() > 0).then(|| child.clone());
        self.put(AtHome { work, last });
    }

    /// What was lent for nothing.
    pub(super) fn bring_untouched(&self, work: Box<dyn StartChild>) {
        self.put(AtHome { work, last: None });
    }

    fn put(&self, at_home: AtHome) {
        let before = self.homes[self.at].at_home.lock().replace(at_home);
        drop(before);
    }
}

/// What starts it is gone: a spec that was dropped, or a child that was forgotten.
impl Drop for Nested {
    fn drop(&mut self) {
        self.shared.gone();
    }
}

impl StartChild for Nested {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        let (shared, plan) = (self.shared.clone(), self.plan.clone());
        let homes = self.homes.clone();
        Box::pin(async move {
            // Not before this is polled: its group belongs into this task, and not into that of the supervisor above.
            let root = Root {
                shared,
                plan,
                scope: cx.scope().clone(),
                parent: Some(cx.cell().clone()),
            };
            let seeds = match lend(&homes) {
                Ok(seeds) => seeds,
                Err(error) => return Exit::failed(error),
            };
            drop(homes);
            shell::run(root, seeds, Acknowledge::Child(cx)).await.exit
        })
    }

    fn settled(&mut self, exit: &Exit, fate: Fate) {
        let mut first: Option<Panicked> = None;
        for home in &*self.homes {
            let Some(mut at_home) = home.at_home.lock().take() else {
                continue;
            };
            let own = at_home.last.as_ref();
            let own = own.map(|last| last.exit().unwrap_or(Exit::Unresponsive));
            let told = match (&own, fate) {
                // It was not started since, and is not told more than before.
                (None, Fate::Restarting) => Ok(()),
                (None, _) => catch_panic(|| at_home.work.settled(exit, fate)),
                (Some(own), _) => catch_panic(|| at_home.work.settled(own, fate)),
            };
            if let Err(panicked) = told {
                first.get_or_insert(panicked);
            }
            *home.at_home.lock() = Some(at_home);
        }
        if let Some(panicked) = first {
            // Told by the supervisor above, once for all.
            std::panic::resume_unwind(Box::new(panicked.to_string()));
        }
    }
}
