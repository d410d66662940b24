//! How the model ends.

use super::super::world::{PATIENCE, Time};
use super::{Leave, Model, Pid, Removed};
use crate::spec::{Shutdown, Strategy};

impl Model<'_> {
    pub(super) fn finish(&mut self, leave: Leave) {
        let (cause, refused_from) = match leave {
            Leave::Stuck => (None, self.case.stop_at),
            Leave::End(cause) => {
                let from = match &cause[..] {
                    "stopped" => self.case.stop_at,
                    _ => self.now,
                };
                (Some(cause), from)
            }
        };
        self.refuse_waiting(refused_from);
        self.reap_until(refused_from);
        self.is_ending = true;
        let ended = match (cause, self.case.strategy) {
            (None, _) => None,
            (Some(cause), Strategy::Dynamic) => self.terminate_dynamic().map(|()| cause),
            (Some(cause), _) => self.terminate_all().map(|()| cause),
        };
        if ended.is_none() {
            self.now = Time::MAX;
        }
        while let Some((at, _)) = self.case.calls.get(self.calls)
            && *at < self.now
        {
            let (nth, at) = (self.calls, *at);
            self.lines.push((at, format!("reply {nth} refused")));
            self.calls += 1;
        }
        self.reap();
        let left = self
            .kids
            .iter()
            .rev()
            .filter(|kid| matches!(kid.pid, Pid::Zombie(..)));
        let left: Vec<_> = left.map(|kid| &kid.name[..]).collect();
        let last = match ended {
            Some(cause) => format!("end {cause}, left {left:?}"),
            None => "stuck".to_owned(),
        };
        self.see(last);
    }

    /// *(differs)* One that cannot be killed is waited for, the next such one a quarter as long, and so on, and those that
    /// were not waited for as long as the first are again in the end, together. The first may be one for which it ends, or for
    /// which it was waiting when it was told to.
    pub(super) fn terminate_all(&mut self) -> Option<()> {
        let (mut patience, mut left, mut until) = (PATIENCE, Vec::new(), 0);
        if self.gave_up {
            patience /= 4;
        }
        for name in self.names_from(None).iter().rev() {
            let kid = self.kids.iter().find(|kid| kid.name == *name)?;
            if !matches!(kid.pid, Pid::Up(_)) || self.do_terminate(name, patience).ok()? {
                continue;
            }
            if patience < PATIENCE {
                left.push(name.clone());
                until = self.now + PATIENCE;
            }
            patience /= 4;
            if patience < 1_000_000 {
                patience = 0;
            }
        }
        let mut last = self.now;
        for name in left {
            let Pid::Zombie(process, _) = &self.kid(&name).pid else {
                unreachable!("nobody looked")
            };
            let end = process.ends().map_or(until, |(at, _)| at.min(until));
            last = last.max(end);
        }
        self.now = last;
        Some(())
    }

    /// All at a time, with one limit.
    pub(super) fn terminate_dynamic(&mut self) -> Option<()> {
        let (begin, case) = (self.now, self.case);
        let (mut limit, mut told) = (None, Vec::new());
        for kid in self.kids.iter_mut().rev() {
            let Pid::Up(process) = &mut kid.pid else {
                continue;
            };
            if process.has_ended(begin) {
                continue;
            }
            let shutdown = case.specs[kid.spec].shutdown;
            let what = match shutdown {
                Shutdown::Brutal => {
                    process.abort(begin);
                    "abort"
                }
                _ => {
                    process.ask(begin);
                    "ask"
                }
            };
            if let Shutdown::Within(its) = shutdown {
                limit = limit.max(Some(begin + its.as_nanos() as Time));
            }
            told.push((begin, format!("{what} {}", kid.name)));
        }
        let mut brutal_until = begin + PATIENCE;
        let mut last = begin;
        for kid in self.kids.iter_mut().rev() {
            let limited = matches!(case.specs[kid.spec].shutdown, Shutdown::Within(_));
            if let (Pid::Up(process), Some(limit), true) = (&mut kid.pid, limit, limited)
                && !process.has_ended(limit)
            {
                process.abort(limit);
                told.push((limit, format!("abort {}", kid.name)));
                if limit < begin + PATIENCE {
                    brutal_until = limit + PATIENCE;
                }
            }
        }
        for kid in &mut self.kids {
            let Pid::Up(process) = &kid.pid else {
                continue;
            };
            if process.has_ended(begin) {
                continue;
            }
            let until = match case.specs[kid.spec].shutdown {
                Shutdown::Brutal => brutal_until,
                Shutdown::Within(_) => limit? + PATIENCE,
                Shutdown::Infinity => Time::MAX,
            };
            match process.ends() {
                Some((end, _)) if end < until => last = last.max(end),
                _ if until == Time::MAX => last = until,
                _ => {
                    last = last.max(until);
                    kid.pid = Pid::Zombie(process.clone(), Removed::No);
                }
            }
        }
        self.lines.extend(told);
        self.now = last;
        (last < Time::MAX).then_some(())
    }

    pub(super) fn refuse_waiting(&mut self, until: Time) {
        while let Some((at, _)) = self.case.calls.get(self.calls)
            && *at <= until
        {
            let nth = self.calls;
            self.lines.push((until, format!("reply {nth} refused")));
            self.calls += 1;
        }
    }
}
