//! Each state of a child, each input: what is done, and which state follows.
//!
//! The states and the inputs are told by `match`es without a wildcard, so that one which is added does not compile until it
//! is here, and is in the list then, so that each pair has a line of the table or fails.

use crate::decide::children::{Leftover, State};
use crate::decide::tests::desk::{Desk, child, patient};
use crate::decide::{ExitClass, Input, Job, Request, Target};
use crate::spec::{ChildPolicy, Restart, Shutdown, Strategy};
use aqueduct_resilience::Backoff;
use std::time::Duration;

/// An enum, and the list of all of it.
macro_rules! listed {
    ($(#[$doc:meta])* $name:ident, $list:ident: $($(#[$of:meta])* $variant:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $name {
            $($(#[$of])* $variant,)*
        }

        const $list: &[$name] = &[$($name::$variant),*];
    };
}

listed! {
    /// A state of the child `x`, and what the supervisor does, where that matters.
    At, STATES:
    Resting
    Held
    Starting
    Running
    Ended
    /// Its time has not come.
    Restarting
    Stopping
    Aborting
    /// By `terminate_child`: it keeps its spec.
    Unresponsive
    /// A temporary one, terminated.
    UnresponsiveGone
    Forgotten
}

listed! {
    On, INPUTS:
    Begin
    Ready
    ReadyOfAnotherRun
    Normal
    Shutdown
    Abnormal
    ExitOfAnotherRun
    /// When it is due, or out of turn.
    Alarm
    Start
    Terminate
    Restart
    Delete
    WhichChildren
    WhichChild
    Count
    Stop
}

/// The states that there are. One more does not compile.
fn at(desk: &Desk) -> At {
    match desk.core.children.find_id(&"x".into()) {
        None => At::Forgotten,
        Some(key) => match desk.core.children.get(key).state() {
            State::Resting => At::Resting,
            State::Held => At::Held,
            State::Starting => At::Starting,
            State::Running => At::Running,
            State::Ended(_) => At::Ended,
            State::Restarting { .. } => At::Restarting,
            State::Stopping => At::Stopping,
            State::Aborting => At::Aborting,
            State::Unresponsive(Leftover::Rests) => At::Unresponsive,
            State::Unresponsive(Leftover::IsGone) => At::UnresponsiveGone,
        },
    }
}

/// The inputs that there are. One more does not compile.
fn of(input: &Input, run: u64) -> On {
    match input {
        Input::Begin => On::Begin,
        Input::Ready { run: r, .. } if *r != run => On::ReadyOfAnotherRun,
        Input::Ready { .. } => On::Ready,
        Input::Exited { run: r, .. } if *r != run => On::ExitOfAnotherRun,
        Input::Exited { class, .. } => match class {
            ExitClass::Normal => On::Normal,
            ExitClass::Shutdown => On::Shutdown,
            ExitClass::Abnormal => On::Abnormal,
        },
        Input::Alarm => On::Alarm,
        Input::Stop => On::Stop,
        Input::Call { request, .. } => match request {
            Request::Start(_) => On::Start,
            Request::Terminate(_) => On::Terminate,
            Request::Restart(_) => On::Restart,
            Request::Delete(_) => On::Delete,
            Request::WhichChildren => On::WhichChildren,
            Request::WhichChild(_) => On::WhichChild,
            Request::Count => On::Count,
        },
    }
}

fn x() -> ChildPolicy {
    child("x")
}

fn slowly(child: ChildPolicy) -> ChildPolicy {
    let backoff = Some(Backoff::constant(Duration::from_secs(1)));
    ChildPolicy { backoff, ..child }
}

/// A supervisor with `x` in this state, a sibling before it which it is not about, and its run.
fn desk(state: At) -> Desk {
    let below = |strategy, x: ChildPolicy| Desk::begun(patient(strategy), vec![child("w"), x]);
    let mut desk = match state {
        At::Resting | At::Running | At::Stopping | At::Aborting | At::Unresponsive => {
            below(Strategy::OneForOne, x())
        }
        At::Starting => below(Strategy::OneForOne, x()),
        At::Ended => below(Strategy::OneForOne, x()),
        At::Restarting => below(Strategy::OneForOne, slowly(x())),
        At::Forgotten | At::UnresponsiveGone => {
            below(Strategy::OneForOne, x().with(Restart::Temporary))
        }
        At::Held => Desk::begun(patient(Strategy::RestForOne), vec![slowly(child("w")), x()]),
    };
    match state {
        At::Running => {}
        At::Resting => {
            desk.terminate("x");
            desk.exit("x", ExitClass::Shutdown);
        }
        At::Held => {
            desk.crash("w");
            desk.exit("x", ExitClass::Shutdown);
        }
        At::Starting | At::Restarting => {
            desk.crash("x");
        }
        At::Ended => {
            desk.terminate("w");
            desk.crash("x");
        }
        At::Stopping => {
            desk.terminate("x");
        }
        At::Aborting => {
            desk.terminate("x");
            desk.ring();
        }
        At::Unresponsive | At::UnresponsiveGone => {
            desk.terminate("x");
            desk.ring();
            desk.ring();
        }
        At::Forgotten => {
            desk.exit("x", ExitClass::Normal);
        }
    }
    assert_eq!(at(&desk), state);
    desk
}

fn input(desk: &Desk, on: On) -> (Input, u64) {
    let (key, run) = desk.run("x");
    let target = Target::Id("x".into());
    let exit = |class| Input::Exited { key, run, class };
    let call = |request| Input::Call {
        call: CALL,
        request,
    };
    let input = match on {
        On::Begin => Input::Begin,
        On::Ready => Input::Ready { key, run },
        On::ReadyOfAnotherRun => Input::Ready { key, run: run + 1 },
        On::Normal => exit(ExitClass::Normal),
        On::Shutdown => exit(ExitClass::Shutdown),
        On::Abnormal => exit(ExitClass::Abnormal),
        On::ExitOfAnotherRun => Input::Exited {
            key,
            run: run + 1,
            class: ExitClass::Abnormal,
        },
        On::Alarm => Input::Alarm,
        On::Start => call(Request::Start(Box::new(x().stops(Shutdown::Brutal)))),
        On::Terminate => call(Request::Terminate(target)),
        On::Restart => call(Request::Restart(target)),
        On::Delete => call(Request::Delete(target)),
        On::WhichChildren => call(Request::WhichChildren),
        On::WhichChild => call(Request::WhichChild(target)),
        On::Count => call(Request::Count),
        On::Stop => Input::Stop,
    };
    (input, run)
}

const CALL: u64 = 99;

/// What is done, and which state follows. For a call that is answered, the answer is among what is done.
type Row = (&'static str, At);

const fn nothing(state: At) -> Row {
    ("", state)
}

/// The table: OTP's law, and what is written in the diagram.
fn expected(state: At, on: On) -> Row {
    use At::*;
    match on {
        // Once only.
        On::Begin => nothing(state),
        // Another run's is nobody's.
        On::ReadyOfAnotherRun | On::ExitOfAnotherRun => nothing(state),
        On::Ready => match state {
            Starting => nothing(Running),
            Resting | Held | Running | Ended | Restarting | Stopping | Aborting | Unresponsive
            | UnresponsiveGone | Forgotten => nothing(state),
        },
        On::Normal => match state {
            Starting => ("x rests", Resting),
            _ => exited(state),
        },
        On::Shutdown | On::Abnormal => match state {
            Starting => ("x restarts, start x", Starting),
            _ => exited(state),
        },
        On::Alarm => match state {
            Restarting => ("start x", Starting),
            Held => ("start w", Held),
            Stopping => ("abort x", Aborting),
            Aborting => ("reply: terminate unresponsive", Unresponsive),
            Ended => ("abort w", Ended),
            Resting | Starting | Running | Unresponsive | UnresponsiveGone | Forgotten => {
                nothing(state)
            }
        },
        On::Start => match state {
            Resting | Held | Restarting => ("reply: already present", state),
            Running | Unresponsive | UnresponsiveGone => ("reply: already started", state),
            Forgotten => ("start x", Starting),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::Terminate => match state {
            Resting => ("reply: ok", Resting),
            Held => ("x rests, reply: ok", Resting),
            Running => ("ask x", Stopping),
            Restarting => ("x rests, reply: ok", Resting),
            Unresponsive | UnresponsiveGone => ("reply: terminate unresponsive", state),
            Forgotten => ("reply: not found", state),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::Restart => match state {
            Resting | Held => ("start x", Starting),
            Running | Unresponsive | UnresponsiveGone => ("reply: running", state),
            Restarting => ("reply: restarting", state),
            Forgotten => ("reply: not found", state),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::Delete => match state {
            Resting | Held => ("x gone, reply: ok, forget x", Forgotten),
            Running | Unresponsive | UnresponsiveGone => ("reply: running", state),
            Restarting => ("reply: restarting", state),
            Forgotten => ("reply: not found", state),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::WhichChildren | On::WhichChild => match state {
            Resting | Held => ("reply: x Resting", state),
            Running | Unresponsive | UnresponsiveGone => ("reply: x Running(1)", state),
            Restarting => ("reply: x Restarting", state),
            Forgotten if on == On::WhichChild => ("reply: not found", state),
            Forgotten => ("reply: none", state),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::Count => match state {
            Resting | Restarting => ("reply: 2 specs, 1 active", state),
            // `w` is restarting.
            Held => ("reply: 2 specs, 0 active", state),
            Running | Unresponsive | UnresponsiveGone => ("reply: 2 specs, 2 active", state),
            Forgotten => ("reply: 1 specs, 1 active", state),
            Starting | Ended | Stopping | Aborting => nothing(state),
        },
        On::Stop => match state {
            Resting | Unresponsive | UnresponsiveGone | Forgotten => ("ask w", state),
            Held => ("x gone, w gone, end", Resting),
            Starting | Running => ("ask x", Stopping),
            Restarting => ("x gone, ask w", Resting),
            // What is being stopped is waited for: `x` itself, or `w`.
            Stopping | Aborting | Ended => nothing(state),
        },
    }
}

/// An exit of one that does not start. It is permanent, or temporary in the states that say so.
fn exited(state: At) -> Row {
    use At::*;
    match state {
        Running => ("x restarts, start x", Starting),
        Stopping | Aborting => ("x rests, reply: ok", Resting),
        Unresponsive => ("x rests", Resting),
        UnresponsiveGone => ("x gone, forget x", Forgotten),
        Starting | Resting | Held | Ended | Restarting | Forgotten => nothing(state),
    }
}

/// With the answers, those of the test's own call and of the one that brought the state about.
fn told(desk: &mut Desk, input: Input) -> String {
    let before = desk.answers.len();
    let words = desk.input(input);
    let mut new = desk.answers.iter().skip(before).map(|(_, answer)| answer);
    // The answers of a desk are in the order of calls, ours is the last.
    let last = new
        .next_back()
        .or_else(|| desk.answers.values().next_back());
    match words.contains("reply") {
        false => words,
        true => words.replace("reply", &format!("reply: {}", word(last.unwrap()))),
    }
}

fn word(outcome: &crate::decide::Outcome) -> String {
    use crate::decide::Outcome as O;
    let debug = format!("{outcome:?}");
    let known = [
        ("NotFound", "not found"),
        ("AlreadyPresent", "already present"),
        ("AlreadyStarted", "already started"),
        ("Terminate(Err(Unresponsive", "terminate unresponsive"),
        ("Err(Running", "running"),
        ("Err(Restarting", "restarting"),
    ];
    if let Some((_, word)) = known.iter().find(|(debug_of, _)| debug.contains(debug_of)) {
        return (*word).to_owned();
    }
    match outcome {
        O::Terminate(Ok(())) | O::Delete(Ok(())) => "ok".to_owned(),
        O::WhichChild(Ok(row)) => format!("{} {:?}", row.id, row.status),
        O::WhichChildren(rows) => rows
            .iter()
            .find(|row| row.id.as_str() == "x")
            .map_or("none".to_owned(), |row| format!("x {:?}", row.status)),
        O::Count(count) => format!("{} specs, {} active", count.specs, count.active),
        _ => debug,
    }
}

#[test]
fn each_state_at_each_input() {
    let mut wrong = Vec::new();
    for &state in STATES {
        for &on in INPUTS {
            let mut desk = desk(state);
            if on == On::Alarm {
                desk.now = desk.alarm.unwrap_or(desk.now);
            }
            let (input, run) = input(&desk, on);
            assert_eq!(of(&input, run), on);
            desk.added_by(CALL, "x");
            let got = told(&mut desk, input);
            let (words, next) = expected(state, on);
            let (got, words) = ((got, at(&desk)), (words.to_owned(), next));
            if got != words {
                wrong.push(format!("{state:?} on {on:?}: {got:?}, not {words:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// After the end, in whatever state the child is left, nothing is done any more and calls are refused.
#[test]
fn after_the_end_each_input_does_nothing() {
    for &state in STATES {
        for &on in INPUTS {
            let mut desk = desk(state);
            desk.stop();
            for _ in 0..10 {
                if desk.verdict.is_none() && desk.alarm.is_some() {
                    desk.ring();
                }
            }
            assert!(matches!(desk.core.job, Job::Ended), "{state:?}");
            desk.alarm = None;
            let (before, (input, _)) = (at(&desk), input(&desk, on));
            let is_call = matches!(input, Input::Call { .. });
            let refused = if is_call { "refused" } else { "" };
            assert_eq!(desk.input(input), refused, "{state:?} on {on:?}");
            assert_eq!(
                (at(&desk), desk.alarm),
                (before, None),
                "{state:?} on {on:?}"
            );
        }
    }
}
