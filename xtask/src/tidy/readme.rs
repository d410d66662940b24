//! What a README shows where there is no rustdoc: on the forge, and on crates.io.
//!
//! A crate's README is its doc as well, and rustdoc is kinder: it resolves `[`Type`]` and `(Type::method)`, hides lines of
//! an example, and takes a fence without a language for Rust. Elsewhere the first are links to nowhere, the second is
//! noise in what people copy, and the third has no colours.

use std::collections::BTreeSet;

use super::Findings;
use super::project::Project;

/// What rustdoc takes in place of a language.
const NO_LANGUAGE: &[&str] = &["", "compile_fail", "ignore", "no_run", "should_panic"];

pub(super) fn readmes(project: &Project, findings: &mut Findings) {
    for (path, text) in &project.files {
        if path == "README.md" || path.ends_with("/README.md") {
            let prose = fences(path, text, findings);
            links(project, path, &prose, findings);
        }
    }
}

/// Looks at the code, and gives the text with the code blanked out, line for line.
fn fences(path: &str, text: &str, findings: &mut Findings) -> String {
    let mut prose = String::with_capacity(text.len());
    // The language of the fence that is open.
    let mut open: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let (number, trimmed) = (index + 1, line.trim_start());
        match (open, trimmed.strip_prefix("```")) {
            (None, Some(info)) => {
                let language = info.split([',', ' ']).next().unwrap_or_default();
                if NO_LANGUAGE.contains(&language) {
                    findings.fail(
                        path,
                        number,
                        "a fence without a language",
                        "say it: ```rust, ```toml, ```sh, ```text; for rustdoc, ```rust,no_run",
                    );
                }
                open = Some(language);
            }
            (Some(_), Some(_)) => open = None,
            (Some("rust"), None) if trimmed == "#" || trimmed.starts_with("# ") => findings.fail(
                path,
                number,
                "a line that only rustdoc hides",
                "write the whole program, `main` included: it is what people copy",
            ),
            (Some(_), None) => {}
            (None, None) => prose.push_str(line),
        }
        prose.push('\n');
    }
    prose
}

fn links(project: &Project, path: &str, prose: &str, findings: &mut Findings) {
    let all = parse(prose);
    let defined: BTreeSet<&str> = all.iter().filter_map(Link::defines).collect();
    for link in &all {
        let shown = match link.kind {
            Kind::To(target) | Kind::Defined(target) if !leads(project, path, target) => {
                format!("{} ({target})", link.text)
            }
            Kind::Bare if link.text.starts_with('`') && !defined.contains(link.text) => {
                link.text.to_owned()
            }
            Kind::Named(name) if !defined.contains(name) => format!("{} [{name}]", link.text),
            _ => continue,
        };
        let line = 1 + prose[..link.at].matches('\n').count();
        findings.fail(
            path,
            line,
            format!("a link that leads nowhere outside of rustdoc: {shown}"),
            "write plain `code`, or the URL on docs.rs",
        );
    }
}

/// Whether there is something at the end of a link: on the web, on the page, or in the repository.
fn leads(project: &Project, readme: &str, target: &str) -> bool {
    let schemes = ["https://", "http://", "mailto:", "#"];
    if schemes.iter().any(|scheme| target.starts_with(scheme)) {
        return true;
    }
    let target = target.split('#').next().unwrap_or_default();
    let mut place: Vec<&str> = readme.split('/').collect();
    place.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                place.pop();
            }
            part => place.push(part),
        }
    }
    let place = place.join("/");
    let folder = format!("{place}/");
    project.files.contains_key(&place) || project.files.keys().any(|path| path.starts_with(&folder))
}

struct Link<'a> {
    at: usize,
    /// What is between the brackets.
    text: &'a str,
    kind: Kind<'a>,
}

enum Kind<'a> {
    /// `[text](target)`
    To(&'a str),
    /// `[text]: target`
    Defined(&'a str),
    /// `[text][name]`
    Named(&'a str),
    /// `[text]`: a link if there is a definition, or for rustdoc if it is code.
    Bare,
}

impl<'a> Link<'a> {
    fn defines(&self) -> Option<&'a str> {
        matches!(self.kind, Kind::Defined(_)).then_some(self.text)
    }
}

/// All that is in brackets, and no code.
fn parse(prose: &str) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(step) = prose[at..].find(['[', '`']) {
        at += step;
        let rest = &prose[at..];
        if rest.starts_with('`') {
            at += code_len(rest);
            continue;
        }
        let Some(len) = bracket_len(rest) else {
            at += 1;
            continue;
        };
        let text = &rest[1..len - 1];
        let after = &rest[len..];
        let upto = |open: &str, close: char| {
            let inner = after.strip_prefix(open)?;
            Some(inner[..inner.find(close)?].trim())
        };
        let kind = if let Some(target) = upto("(", ')') {
            Kind::To(target)
        } else if let Some(target) = upto(":", '\n').filter(|_| begins_line(prose, at)) {
            Kind::Defined(target)
        } else {
            match upto("[", ']') {
                Some("") => Kind::Named(text),
                Some(name) => Kind::Named(name),
                None => Kind::Bare,
            }
        };
        found.push(Link { at, text, kind });
        // What is named in a second pair of brackets is no link of its own.
        at += len;
        if let Kind::Named(_) = found[found.len() - 1].kind {
            at += after.find(']').map_or(0, |close| close + 1);
        }
    }
    found
}

fn begins_line(prose: &str, at: usize) -> bool {
    prose[..at].is_empty() || prose[..at].ends_with('\n')
}

/// How long the code is that `rest` begins with: to the next run of as many ticks; the ticks alone if there is none.
fn code_len(rest: &str) -> usize {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(step) = rest[at..].find('`') {
        at += step;
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        at += run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

/// How long the bracket is that `rest` begins with, if it is closed before the paragraph ends.
fn bracket_len(rest: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        let step = rest[at..].find(['[', ']', '`', '\n'])?;
        at += step;
        match rest.as_bytes()[at] {
            b']' => return Some(at + 1),
            b'[' => return None,
            b'`' => at += code_len(&rest[at..]),
            _ if rest[at..].starts_with("\n\n") => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests;
