//! What the model answers.

use super::super::driver::name_of;
use super::super::world::{Ask, PATIENCE};
use super::{Go, Kid, Model, Pid, Removed, Started};
use crate::spec::{AutoShutdown, Restart, Strategy};

impl Model<'_> {
    pub(super) fn handle_call(&mut self, nth: usize) -> Go {
        let (at, ask) = self.case.calls[nth];
        let specs = self.case.specs.len();
        let is_dynamic = self.case.strategy == Strategy::Dynamic;
        self.reap();
        let of = match ask {
            Ask::Start(of)
            | Ask::Terminate(of)
            | Ask::Restart(of)
            | Ask::Delete(of)
            | Ask::TerminateById(of)
            | Ask::Which(of) => of,
            Ask::WhichAll | Ask::Count => 0,
        };
        let target = if is_dynamic {
            let added = self.added.iter().filter(|(when, _)| *when <= at);
            let added: Vec<_> = added.map(|(_, name)| name.clone()).collect();
            match added.is_empty() {
                true => None,
                false => Some(added[of % added.len()].clone()),
            }
        } else {
            Some(name_of(of % specs))
        };
        let present = target
            .clone()
            .filter(|t| self.kids.iter().any(|kid| kid.name == *t));
        let answer = match (ask, present) {
            (Ask::Start(of), _) => return self.start_child(nth, of % specs),
            (Ask::TerminateById(_) | Ask::Restart(_) | Ask::Delete(_), _) if is_dynamic => {
                "dynamic".to_owned()
            }
            (Ask::Terminate(_), None) if is_dynamic && target.is_some() => "ok".to_owned(),
            (Ask::WhichAll, _) => {
                let rows: Vec<_> = self.kids.iter().rev().map(|kid| self.row(kid)).collect();
                rows.join(", ")
            }
            (Ask::Count, _) => self.count(),
            (_, None) => "not found".to_owned(),
            (Ask::Terminate(_) | Ask::TerminateById(_), Some(name)) => {
                self.terminate_child(&name)?
            }
            (Ask::Restart(_), Some(name)) => return self.restart_child(nth, &name),
            (Ask::Delete(_), Some(name)) => match self.kid(&name).pid {
                Pid::Undefined => {
                    self.remove(&name);
                    "ok".to_owned()
                }
                Pid::Restarting(_) => format!("restarting {name}"),
                Pid::Up(_) | Pid::Zombie(..) => format!("running already {name}"),
            },
            (Ask::Which(_), Some(name)) => {
                let at = self.at(&name);
                self.row(&self.kids[at])
            }
        };
        self.answer(nth, &answer);
        Ok(())
    }

    pub(super) fn start_child(&mut self, nth: usize, spec: usize) -> Go {
        let of = &self.case.specs[spec];
        if of.significant
            && (self.case.auto == AutoShutdown::Never || of.restart == Restart::Permanent)
        {
            self.answer(nth, "invalid");
            return Ok(());
        }
        let mut name = name_of(spec);
        if self.case.strategy == Strategy::Dynamic {
            name = format!("{name}{nth}");
        }
        if let Some(kid) = self.kids.iter().find(|kid| kid.name == name) {
            let what = match kid.pid {
                Pid::Up(_) | Pid::Zombie(..) => "started",
                Pid::Undefined | Pid::Restarting(_) => "present",
            };
            self.answer(nth, &format!("already {what} {name}"));
            return Ok(());
        }
        self.save(name.clone(), spec);
        let answer = match self.do_start(&name) {
            Ok(Started::Ok) => format!("running {name}"),
            Ok(Started::Ignored) => {
                self.del_child(&name);
                format!("ignored {name}")
            }
            Ok(Started::Failed(why)) => {
                match &mut self.kid(&name).pid {
                    Pid::Zombie(_, removed) => *removed = Removed::Yes,
                    _ => self.remove(&name),
                }
                format!("failed {name} {why}")
            }
            Err(leave) => {
                self.answer(nth, "refused");
                return Err(leave);
            }
        };
        self.answer(nth, &answer);
        Ok(())
    }

    pub(super) fn restart_child(&mut self, nth: usize, name: &str) -> Go {
        let answer = match self.kid(name).pid {
            Pid::Undefined => {
                self.kid(name).drawn = 0;
                match self.do_start(name) {
                    Ok(Started::Ok) => format!("running {name}"),
                    Ok(Started::Ignored) => format!("ignored {name}"),
                    Ok(Started::Failed(why)) => format!("failed {name} {why}"),
                    Err(leave) => {
                        self.answer(nth, "refused");
                        return Err(leave);
                    }
                }
            }
            Pid::Restarting(_) => format!("restarting {name}"),
            Pid::Up(_) | Pid::Zombie(..) => format!("running already {name}"),
        };
        self.answer(nth, &answer);
        Ok(())
    }

    pub(super) fn terminate_child(&mut self, name: &str) -> Go<String> {
        let is_down = match self.kid(name).pid {
            Pid::Up(_) => self.do_terminate(name, PATIENCE)?,
            Pid::Zombie(..) => false,
            Pid::Undefined | Pid::Restarting(_) => true,
        };
        let is_removed = self.is_removed(name);
        if is_down {
            self.del_child(name);
            return Ok("ok".to_owned());
        }
        if let Pid::Zombie(_, removed) = &mut self.kid(name).pid
            && is_removed
        {
            *removed = Removed::Yes;
        }
        Ok(format!("unresponsive {name}"))
    }

    pub(super) fn row(&self, kid: &Kid) -> String {
        let pid = match kid.pid {
            Pid::Undefined => "undefined",
            Pid::Restarting(_) => "restarting",
            Pid::Up(_) | Pid::Zombie(..) => "pid",
        };
        format!("{} {pid} {:?}", kid.name, self.case.specs[kid.spec].kind)
    }

    pub(super) fn count(&self) -> String {
        use crate::spec::ChildKind::{Supervisor, Worker};
        let of = |kind| {
            self.kids
                .iter()
                .filter(|kid| self.case.specs[kid.spec].kind == kind)
                .count()
        };
        let alive = |kid: &&Kid| match &kid.pid {
            Pid::Up(process) | Pid::Zombie(process, _) => !process.has_ended(self.now),
            Pid::Undefined | Pid::Restarting(_) => false,
        };
        let specs = match self.case.strategy {
            Strategy::Dynamic => 1,
            _ => self.kids.len(),
        };
        let active = self.kids.iter().filter(alive).count();
        let (supervisors, workers) = (of(Supervisor), of(Worker));
        format!("specs {specs} active {active} supervisors {supervisors} workers {workers}")
    }
}
