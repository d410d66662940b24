//! How the model starts and stops a process, and waits for it.

use super::super::world::{PATIENCE, Process, Time};
use super::{Go, Leave, Model, Pid, Removed, Started};
use crate::decide::ExitClass;
use crate::spec::Shutdown;

impl Model<'_> {
    pub(super) fn do_start(&mut self, name: &str) -> Go<Started> {
        self.check_stop()?;
        self.see(format!("start {name}"));
        let (spec, now) = (self.spec(name).clone(), self.now);
        let nth = self.starts.entry(name.to_owned()).or_default();
        let mut process = Process::start(&spec, name, *nth, now);
        *nth += 1;
        if !spec.acknowledged {
            self.kid(name).pid = Pid::Up(process);
            return Ok(Started::Ok);
        }
        let deadline = spec
            .start_timeout
            .map_or(Time::MAX, |timeout| now + timeout);
        let ready = process.ready().unwrap_or(Time::MAX);
        let (end, class) = process.ends().unwrap_or((Time::MAX, ExitClass::Normal));
        if self.case.stop_at < ready.min(end).min(deadline) {
            // *(differs)* A start can be called off.
            self.now = self.case.stop_at;
            self.kid(name).pid = Pid::Up(process.clone());
            self.check_stop()?;
        }
        if ready < deadline && ready < end {
            self.now = ready;
            self.kid(name).pid = Pid::Up(process);
            return Ok(Started::Ok);
        }
        self.kid(name).pid = Pid::Undefined;
        if end < deadline {
            self.now = end;
            return Ok(match class {
                ExitClass::Normal => Started::Ignored,
                ExitClass::Shutdown | ExitClass::Abnormal => Started::Failed("exited"),
            });
        }
        self.now = deadline;
        process.abort(deadline);
        self.see(format!("abort {name}"));
        match self.wait_for_death(name, process, PATIENCE) {
            true => Ok(Started::Failed("timed out")),
            false => Ok(Started::Failed("unresponsive")),
        }
    }

    /// Is it down?
    pub(super) fn do_terminate(&mut self, name: &str, patience: Time) -> Go<bool> {
        let shutdown = self.spec(name).shutdown;
        let Pid::Up(mut process) = std::mem::replace(&mut self.kid(name).pid, Pid::Undefined)
        else {
            unreachable!()
        };
        if process.has_ended(self.now) {
            return Ok(true);
        }
        if shutdown != Shutdown::Brutal {
            process.ask(self.now);
            self.see(format!("ask {name}"));
            let end = process.ends().map(|(at, _)| at);
            let limit = match shutdown {
                Shutdown::Within(limit) => self.now + limit.as_nanos() as Time,
                _ => Time::MAX,
            };
            match end {
                Some(end) if end < limit => {
                    self.now = end;
                    return Ok(true);
                }
                _ if limit == Time::MAX => return Err(Leave::Stuck),
                _ => self.now = limit,
            }
        }
        process.abort(self.now);
        self.see(format!("abort {name}"));
        Ok(self.wait_for_death(name, process, patience))
    }

    pub(super) fn wait_for_death(&mut self, name: &str, process: Process, patience: Time) -> bool {
        let patience = self.now + patience;
        match process.ends() {
            Some((end, _)) if end < patience => {
                self.now = end;
                true
            }
            _ => {
                self.now = patience;
                self.gave_up = true;
                self.kid(name).pid = Pid::Zombie(process, Removed::No);
                false
            }
        }
    }
}
