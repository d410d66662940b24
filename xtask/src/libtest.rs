//! Reading what libtest programs print, so that a run which tested nothing is not taken for a success.

/// Sums over the closing lines (`test result: …`) of all test programs a command ran.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) programs: usize,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
    failed_tests: Vec<String>,
}

impl Tally {
    pub(crate) fn see(&mut self, line: &str) {
        if let Some(name) = failed_test(line) {
            self.failed_tests.push(name.to_owned());
        }
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        self.programs += 1;
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.programs += other.programs;
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failed_tests.extend(other.failed_tests);
    }

    /// `: a, b` for the tests that failed, or nothing.
    pub(crate) fn failed_names(&self) -> String {
        if self.failed_tests.is_empty() {
            String::new()
        } else {
            format!(": {}", self.failed_tests.join(", "))
        }
    }
}

fn failed_test(line: &str) -> Option<&str> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(name.strip_suffix(" - should panic").unwrap_or(name))
}

/// The tests in the output of `--list --format terse`.
pub(crate) fn listed(output: &str) -> Vec<String> {
    output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
