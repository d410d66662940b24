//! What a supervisor does, told another way: as supervisor.erl does it. One process, which does one thing after the other,
//! and moves the clock while it waits; a list of children; a mailbox looked at only between two things. It shares nothing
//! with the core but the names of policies, and cares for no cost.
//!
//! What differs from OTP is marked with *(differs)*.

mod calls;
mod ending;
mod processes;

use std::collections::HashMap;

use super::driver::{Line, name_of, with_swept};
use super::world::{Case, PATIENCE, Process, Spec, Time};
use crate::decide::ExitClass;
use crate::spec::{AutoShutdown, Restart, Strategy};

enum Pid {
    Undefined,
    Up(Process),
    /// With the number of the message to itself that will try again.
    Restarting(u64),
    /// *(differs)* It could not be killed. When it ends it is undefined, or removed.
    Zombie(Process, Removed),
}

#[derive(Clone, Copy, PartialEq)]
enum Removed {
    No,
    Yes,
}

struct Kid {
    name: String,
    spec: usize,
    pid: Pid,
    /// How many delays were drawn since the last good run.
    drawn: u32,
}

enum Started {
    Ok,
    Ignored,
    Failed(&'static str),
}

/// Why the supervisor leaves its loop.
enum Leave {
    /// A child is waited for that never ends.
    Stuck,
    End(String),
}

type Go<T = ()> = Result<T, Leave>;

enum Mail {
    Exit(String, ExitClass),
    Again(u64, String),
    Call(usize),
}

struct Model<'a> {
    case: &'a Case,
    now: Time,
    kids: Vec<Kid>,
    restarts: Vec<Time>,
    /// Messages to itself: when, number, who.
    again: Vec<(Time, u64, String)>,
    numbers: u64,
    starts: HashMap<String, usize>,
    added: Vec<(Time, String)>,
    calls: usize,
    lines: Vec<Line>,
    /// Those of which nothing is kept any more, and since when.
    swept: Vec<Line>,
    /// One could not be killed, and nothing was done since.
    gave_up: bool,
    /// It is about to end, which sweeps all.
    is_ending: bool,
}

pub(super) fn imitate(case: &Case) -> Vec<Line> {
    let mut model = Model {
        case,
        now: 0,
        kids: Vec::new(),
        restarts: Vec::new(),
        again: Vec::new(),
        numbers: 0,
        starts: HashMap::new(),
        added: Vec::new(),
        calls: 0,
        lines: Vec::new(),
        swept: Vec::new(),
        gave_up: false,
        is_ending: false,
    };
    let left = model.init().and_then(|()| model.serve());
    model.finish(left.unwrap_err());
    model.lines.sort_by_key(|(at, _)| *at);
    with_swept(model.lines, model.swept)
}

impl Model<'_> {
    fn init(&mut self) -> Go {
        for spec in 0..self.case.initial {
            self.save(name_of(spec), spec);
        }
        for spec in 0..self.case.initial {
            let name = name_of(spec);
            match self.do_start(&name)? {
                Started::Ok => {}
                Started::Ignored => self.del_child(&name),
                Started::Failed(why) => {
                    self.check_stop()?;
                    return Err(Leave::End(format!("failed {name} {why}")));
                }
            }
        }
        Ok(())
    }

    fn serve(&mut self) -> Go {
        loop {
            match self.receive()? {
                Mail::Exit(name, class) => self.handle_exit(&name, class)?,
                Mail::Again(number, name) => {
                    let kid = self.kids.iter().find(|kid| kid.name == name);
                    if kid.is_some_and(|kid| matches!(kid.pid, Pid::Restarting(n) if n == number)) {
                        self.restart(&name)?;
                    }
                }
                Mail::Call(nth) => self.handle_call(nth)?,
            }
        }
    }

    /// *(differs)* A stop is seen before all that is in the mailbox.
    fn check_stop(&mut self) -> Go {
        if self.case.stop_at <= self.now {
            self.refuse_waiting(self.case.stop_at);
            return Err(Leave::End("stopped".to_owned()));
        }
        Ok(())
    }

    fn receive(&mut self) -> Go<Mail> {
        self.check_stop()?;
        self.gave_up = false;
        let mut mails: Vec<(Time, u64, Mail)> = Vec::new();
        for kid in &self.kids {
            if let Pid::Up(process) = &kid.pid
                && let Some((at, class)) = process.ends()
            {
                mails.push((at, 0, Mail::Exit(kid.name.clone(), class)));
            }
        }
        for (at, number, name) in &self.again {
            mails.push((*at, *number, Mail::Again(*number, name.clone())));
        }
        if let Some((at, _)) = self.case.calls.get(self.calls) {
            mails.push((*at, 0, Mail::Call(self.calls)));
        }
        let first = mails
            .into_iter()
            .min_by_key(|(at, number, _)| (*at, *number));
        match first {
            Some((at, _, mail)) if at <= self.case.stop_at => {
                self.now = self.now.max(at);
                match &mail {
                    Mail::Call(_) => self.calls += 1,
                    Mail::Again(number, _) => self.again.retain(|(_, n, _)| n != number),
                    Mail::Exit(..) => {}
                }
                Ok(mail)
            }
            _ => {
                self.now = self.now.max(self.case.stop_at);
                self.check_stop()?;
                unreachable!("it is time to stop");
            }
        }
    }

    // What supervisor.erl does with an exit.

    fn handle_exit(&mut self, name: &str, class: ExitClass) -> Go {
        let period = self.case.intensity.period.as_nanos() as Time;
        let kid = self.kid(name);
        let Pid::Up(process) = &kid.pid else {
            unreachable!()
        };
        let (ended, ready) = (process.ends().unwrap().0, process.ready().unwrap());
        if ended - ready >= period {
            kid.drawn = 0;
        }
        let spec = self.spec(name);
        let (restart, is_significant) = (spec.restart, spec.significant);
        let is_orderly = matches!(class, ExitClass::Normal | ExitClass::Shutdown);
        if restart == Restart::Permanent || (restart == Restart::Transient && !is_orderly) {
            return self.do_restart(name);
        }
        self.del_child(name);
        if is_significant {
            let cause = Err(Leave::End(format!("auto {name}")));
            match self.case.auto {
                AutoShutdown::Never => {}
                AutoShutdown::Any => return cause,
                AutoShutdown::All => {
                    let specs = &self.case.specs;
                    let is_left = |kid: &Kid| {
                        specs[kid.spec].significant && !matches!(kid.pid, Pid::Undefined)
                    };
                    self.reap();
                    if !self.kids.iter().any(is_left) {
                        return cause;
                    }
                }
            }
        }
        Ok(())
    }

    fn do_restart(&mut self, name: &str) -> Go {
        let delay = self.delay(name);
        if delay == 0 {
            return self.restart(name);
        }
        // *(differs)* Back-off: the others are stopped now, the restart is later, and counts then.
        self.try_again(name, delay);
        match self.case.strategy {
            Strategy::OneForAll => self.terminate_children(None, Some(name)),
            Strategy::RestForOne => self.terminate_children(Some(name), Some(name)),
            _ => Ok(()),
        }
    }

    fn restart(&mut self, name: &str) -> Go {
        let (now, period) = (self.now, self.case.intensity.period.as_nanos() as Time);
        self.restarts.retain(|at| at + period >= now);
        self.restarts.push(now);
        if self.restarts.len() > self.case.intensity.restarts as usize {
            self.kid(name).pid = Pid::Undefined;
            return Err(Leave::End(format!("intensity {name}")));
        }
        match self.case.strategy {
            Strategy::OneForAll => {
                self.terminate_children(None, None)?;
                self.start_children(None)
            }
            Strategy::RestForOne => {
                self.terminate_children(Some(name), None)?;
                self.start_children(Some(name))
            }
            _ => match self.do_start(name)? {
                Started::Ok => Ok(()),
                Started::Ignored => {
                    self.del_child(name);
                    Ok(())
                }
                Started::Failed(why) => self.failed_again(name, why),
            },
        }
    }

    fn failed_again(&mut self, name: &str, why: &str) -> Go {
        self.check_stop()?;
        if why == "unresponsive" {
            return Err(Leave::End(format!("unresponsive {name}")));
        }
        let delay = self.delay(name);
        self.try_again(name, delay);
        Ok(())
    }

    fn try_again(&mut self, name: &str, delay: Time) {
        self.numbers += 1;
        let number = self.numbers;
        self.again.push((self.now + delay, number, name.to_owned()));
        self.kid(name).pid = Pid::Restarting(number);
    }

    fn delay(&mut self, name: &str) -> Time {
        let Some((base, cap)) = self.spec(name).backoff else {
            return 0;
        };
        let kid = self.kid(name);
        kid.drawn += 1;
        cap.min(base << (kid.drawn - 1).min(20))
    }

    fn names_from(&self, first: Option<&str>) -> Vec<String> {
        let from = self.kids.iter().position(|kid| first == Some(&kid.name));
        let names = self.kids[from.unwrap_or(0)..].iter();
        names.map(|kid| kid.name.clone()).collect()
    }

    fn terminate_children(&mut self, first: Option<&str>, waits: Option<&str>) -> Go {
        for name in self.names_from(first).iter().rev() {
            self.reap();
            let Some(kid) = self.kids.iter().find(|kid| kid.name == *name) else {
                continue;
            };
            let is_down = match &kid.pid {
                Pid::Up(_) => self.do_terminate(name, PATIENCE)?,
                Pid::Zombie(..) => false,
                Pid::Undefined | Pid::Restarting(_) => true,
            };
            self.check_stop()?;
            if !is_down {
                return Err(Leave::End(format!("unresponsive {name}")));
            }
            if waits != Some(name) {
                self.del_child(name);
            }
        }
        Ok(())
    }

    fn start_children(&mut self, first: Option<&str>) -> Go {
        for name in self.names_from(first) {
            match self.do_start(&name)? {
                Started::Ok => {}
                Started::Ignored => self.del_child(&name),
                Started::Failed(why) => return self.failed_again(&name, why),
            }
        }
        Ok(())
    }

    // Its list.

    fn save(&mut self, name: String, spec: usize) {
        self.added.push((self.now, name.clone()));
        self.kids.push(Kid {
            name,
            spec,
            pid: Pid::Undefined,
            drawn: 0,
        });
    }

    fn is_removed(&self, name: &str) -> bool {
        self.case.strategy == Strategy::Dynamic || self.spec(name).restart == Restart::Temporary
    }

    fn del_child(&mut self, name: &str) {
        if self.is_removed(name) {
            self.remove(name);
        } else {
            self.kid(name).pid = Pid::Undefined;
        }
    }

    fn remove(&mut self, name: &str) {
        self.kids.retain(|kid| kid.name != name);
        self.swept.push((self.now, name.to_owned()));
    }

    /// Zombies that have ended.
    fn reap(&mut self) {
        self.reap_until(self.now);
    }

    fn reap_until(&mut self, now: Time) {
        for kid in &self.kids {
            if let Pid::Zombie(process, Removed::Yes) = &kid.pid
                && let Some((at, _)) = process.ends().filter(|(at, _)| *at <= now)
                && !self.is_ending
            {
                self.swept.push((at, kid.name.clone()));
            }
        }
        self.kids.retain(|kid| match &kid.pid {
            Pid::Zombie(process, Removed::Yes) => !process.has_ended(now),
            _ => true,
        });
        for kid in &mut self.kids {
            if matches!(&kid.pid, Pid::Zombie(process, _) if process.has_ended(now)) {
                kid.pid = Pid::Undefined;
            }
        }
    }

    fn at(&self, name: &str) -> usize {
        self.kids.iter().position(|kid| kid.name == name).unwrap()
    }

    fn kid(&mut self, name: &str) -> &mut Kid {
        let at = self.at(name);
        &mut self.kids[at]
    }

    fn spec(&self, name: &str) -> &Spec {
        &self.case.specs[self.kids[self.at(name)].spec]
    }

    fn answer(&mut self, nth: usize, answer: &str) {
        self.see(format!("reply {nth} {answer}"));
    }

    fn see(&mut self, line: String) {
        self.lines.push((self.now, line));
    }
}
