use aqueduct_core::sync::Lock;

use crate::exit::Exit;
use crate::refs::Text;
use crate::watch::{Downs, Ends, Lifeline, Told, Watch};

/// Whether something that is started again and again lives at the moment, and who watches.
///
/// A [`Lifeline`] is made when somebody watches for the first time: most are never watched, and a million of them shall
/// cost nothing for it.
pub(crate) struct LifeCell(Lock<Life>);

struct Life {
    /// Which incarnation, from 1; 0 before the first.
    run: u64,
    state: State,
    /// All incarnations together: it ends when there will be no more.
    place: Place,
    /// Since somebody has asked for the ends of all incarnations.
    ends: Option<Ends>,
}

/// Who is to be told of the end of an incarnation, once nobody could see it otherwise.
#[derive(Default)]
pub(crate) struct Ended {
    lifeline: Option<Lifeline>,
    told: Option<Told>,
    /// If it was the last one.
    ends: Option<Ends>,
}

enum Place {
    Taken(Option<Lifeline>),
    /// With the watch of it, once there is one.
    Over(Option<Watch>),
}

enum State {
    Alive(Option<Lifeline>),
    /// With the watch of it, once there is one.
    Ended(Exit, Option<Watch>),
}

impl LifeCell {
    /// Of something that was not started yet.
    pub(crate) fn new() -> Self {
        Self(Lock::new(Life {
            run: 0,
            state: State::Ended(Exit::Normal, None),
            place: Place::Taken(None),
            ends: None,
        }))
    }

    /// An incarnation begins. The one before has ended.
    pub(crate) fn begin(&self, run: u64) {
        let mut life = self.0.lock();
        life.run = run;
        let before = std::mem::replace(&mut life.state, State::Alive(None));
        drop(life);
        drop(before);
    }

    /// An incarnation has ended. Gives what then tells all who watch.
    pub(crate) fn end(&self, run: u64, exit: &Exit) -> Ended {
        let mut ended = Ended::default();
        let mut life = self.0.lock();
        if life.run != run {
            return ended;
        }
        let Life {
            state, place, ends, ..
        } = &mut *life;
        let lifeline = match state {
            State::Alive(lifeline) => lifeline,
            State::Ended(before @ Exit::Unresponsive, _) => {
                // It was given up, and has ended after all. Who watched was told then.
                *before = exit.clone();
                return ended;
            }
            State::Ended(..) => return ended,
        };
        // Of those that have gone nothing is kept.
        ends.take_if(|ends| !ends.is_heard());
        if let Some(ends) = ends {
            // By the number by which it is watched.
            let lifeline = lifeline.get_or_insert_with(|| Lifeline::new(ends.name()));
            ended.told = Some(ends.tell(lifeline.id(), exit));
        }
        if let Place::Over(_) = place {
            ended.ends = ends.take();
        }
        ended.lifeline = lifeline.take();
        let watch = ended.lifeline.as_ref().map(Lifeline::watch);
        *state = State::Ended(exit.clone(), watch);
        ended
    }

    /// Of the ends of all incarnations, from the present one or the last one on.
    pub(crate) fn downs(&self, name: impl Fn() -> Text) -> Downs {
        let mut life = self.0.lock();
        let Life {
            run,
            state,
            place,
            ends,
        } = &mut *life;
        let last = match state {
            State::Ended(exit, watch) if *run > 0 => {
                let watch = watch.get_or_insert_with(|| Watch::ended(Some(name()), exit.clone()));
                // As who watched was told, should it have been given up.
                let exit = watch.exit().unwrap_or_else(|| exit.clone());
                Some((watch.id(), exit))
            }
            State::Alive(_) | State::Ended(..) => None,
        };
        let new = || Ends::new(Some(name()));
        match (place, state) {
            // With nobody to tell any more: it is over.
            (Place::Over(_), State::Ended(..)) => new().downs(last),
            _ => ends.get_or_insert_with(new).downs(last),
        }
    }

    /// Of the present incarnation, or the last one. One that was never started has ended with [`Exit::Normal`].
    pub(crate) fn watch(&self, name: impl FnOnce() -> Text) -> Watch {
        self.watch_run(name).1
    }

    /// The same, and which one it is; 0 before the first.
    pub(crate) fn watch_run(&self, name: impl FnOnce() -> Text) -> (u64, Watch) {
        let mut life = self.0.lock();
        let watch = match &mut life.state {
            State::Alive(lifeline) => lifeline
                .get_or_insert_with(|| Lifeline::new(Some(name())))
                .watch(),
            State::Ended(exit, watch) => watch
                .get_or_insert_with(|| Watch::ended(Some(name()), exit.clone()))
                .clone(),
        };
        (life.run, watch)
    }

    /// There will be no more incarnations.
    pub(crate) fn end_place(&self) {
        let mut life = self.0.lock();
        let Place::Taken(lifeline) = &mut life.place else {
            return;
        };
        let lifeline = lifeline.take();
        life.place = Place::Over(lifeline.as_ref().map(Lifeline::watch));
        let exit = life.last_exit();
        // Of what still lives there, the end is yet to be told.
        let ends = match &life.state {
            State::Alive(_) => None,
            State::Ended(..) => life.ends.take(),
        };
        drop(life);
        drop(ends);
        if let Some(lifeline) = lifeline {
            lifeline.end(exit);
        }
    }

    /// Of all incarnations together.
    pub(crate) fn watch_place(&self, name: impl FnOnce() -> Text) -> Watch {
        let mut life = self.0.lock();
        let exit = life.last_exit();
        match &mut life.place {
            Place::Taken(lifeline) => lifeline
                .get_or_insert_with(|| Lifeline::new(Some(name())))
                .watch(),
            Place::Over(watch) => watch
                .get_or_insert_with(|| Watch::ended(Some(name()), exit))
                .clone(),
        }
    }

    /// How the last incarnation ended, unless one lives.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match &self.0.lock().state {
            State::Alive(_) => None,
            State::Ended(exit, _) => Some(exit.clone()),
        }
    }

    /// Which incarnation it is, or was the last; 0 before the first.
    pub(crate) fn run(&self) -> u64 {
        self.0.lock().run
    }
}

impl Ended {
    /// Tells all who watch.
    pub(crate) fn tell(self, exit: &Exit) {
        let Self {
            lifeline,
            told,
            ends,
        } = self;
        if let Some(lifeline) = lifeline {
            lifeline.end(exit.clone());
        }
        drop(told);
        drop(ends);
    }
}

impl Life {
    /// Of a place that is over: what still lives there never ended.
    fn last_exit(&self) -> Exit {
        match &self.state {
            State::Alive(_) => Exit::Unresponsive,
            State::Ended(exit, _) => exit.clone(),
        }
    }
}
