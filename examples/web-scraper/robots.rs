//! What a host does not want to be asked for: `robots.txt`, as far as RFC 9309 has prefixes.

/// The rules of a host for everybody, and for this program by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Robots {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    prefix: String,
}

impl Robots {
    /// All may be asked for: what a host without the file says.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Reads a file: the groups for `agent` if there are some, else those for `*`.
    ///
    /// Patterns are not understood. A rule that has `*` or `$` in it is cut there if it forbids, and left out if it
    /// allows: more is left alone than the host wants, and not less.
    pub(crate) fn parse(text: &str, agent: &str) -> Self {
        let (mut ours, mut everybodys) = (None, Vec::new());
        let (mut for_us, mut for_all, mut in_head) = (false, false, false);
        for line in text.lines() {
            let line = line.split_once('#').map_or(line, |(before, _)| before);
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if key == "user-agent" {
                if !in_head {
                    (for_us, for_all, in_head) = (false, false, true);
                }
                for_all |= value == "*";
                if value.eq_ignore_ascii_case(agent) {
                    for_us = true;
                    ours.get_or_insert_with(Vec::new);
                }
                continue;
            }
            in_head = false;
            if let Some(rule) = Rule::parse(&key, value) {
                if for_all {
                    everybodys.push(rule.clone());
                }
                if let (true, Some(ours)) = (for_us, &mut ours) {
                    ours.push(rule);
                }
            }
        }
        Self {
            rules: ours.unwrap_or(everybodys),
        }
    }

    /// Whether a path (with its query) may be asked for: the longest rule that fits says so, and of two as long the one that
    /// allows.
    pub(crate) fn allows(&self, path: &str) -> bool {
        let fitting = self
            .rules
            .iter()
            .filter(|rule| path.starts_with(&rule.prefix));
        fitting
            .max_by_key(|rule| (rule.prefix.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }
}

impl Rule {
    fn parse(key: &str, value: &str) -> Option<Self> {
        let allow = match key {
            "allow" => true,
            "disallow" => false,
            _ => return None,
        };
        let plain = value.split(['*', '$']).next().unwrap_or(value);
        // An empty rule says nothing.
        if value.is_empty() || (allow && plain.len() < value.len()) {
            return None;
        }
        Some(Self {
            allow,
            prefix: plain.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
