//! What users must be told: what a crate is, and what dropping a future does.

use super::Findings;
use super::project::{Member, Project};
use super::source::{Source, words};

const INCLUDES_README: &str = "#![doc = include_str!(\"../README.md\")]";

const HEADING: &str = "# Cancel safety";

/// The three things that a future may promise to who drops it. `As [`other`]` makes the promise of the other, which
/// rustdoc finds and this check reads in its turn.
const PROMISES: &[&str] = &["strict", "yields its place", "lossy", "as [`"];

/// The README of a published crate is its crate doc, so that its examples are compiled.
pub(super) fn readmes(project: &Project, findings: &mut Findings) {
    for member in project.members.iter().filter(|m| m.published) {
        let readme = format!("{}/README.md", member.dir);
        if !project.files.contains_key(&readme) {
            findings.fail(
                &readme,
                1,
                format!("{} has no README", member.name),
                "write it: what it is, when to take it, how to use it, its comparison",
            );
        }
        for root in member.roots.iter().filter(|root| root.ends_with("/lib.rs")) {
            if project
                .files
                .get(root)
                .is_some_and(|text| !text.contains(INCLUDES_README))
            {
                findings.fail(
                    root,
                    1,
                    "the README is not the crate's doc",
                    format!("open the file with `{INCLUDES_README}`"),
                );
            }
        }
    }
}

/// Each public async fn, each public fn that returns `impl Future`, and each public type that is a Future says in a
/// section of its doc what dropping it does.
pub(super) fn cancel_safety(project: &Project, findings: &mut Findings) {
    for member in project.members.iter().filter(|m| m.published) {
        let futures = named_futures(project, member);
        for (path, source) in project.sources_of(member) {
            for (at, word) in source.words().filter(|(_, word)| *word == "pub") {
                if project.is_test(path, at) {
                    continue;
                }
                let item = &source.code[at + word.len()..];
                let what = match public_item(item) {
                    Some(Item::AsyncFn(name)) => format!("the async fn `{name}`"),
                    Some(Item::Type(name)) if futures.iter().any(|f| f.is(path, name)) => {
                        format!("the future `{name}`")
                    }
                    _ => continue,
                };
                check_section(path, source, at, &what, findings);
            }
        }
    }
}

fn check_section(path: &str, source: &Source, at: usize, what: &str, findings: &mut Findings) {
    let docs = source.comments_on(at);
    let line = source.line(at);
    let Some((_, section)) = docs.split_once(HEADING) else {
        findings.fail(
            path,
            line,
            format!("{what} does not say what dropping it does"),
            format!("add a section `{HEADING}` to its doc: *Strict*, *Yields its place*, or *Lossy, use … instead*"),
        );
        return;
    };
    let section = section.split("/// # ").next().unwrap_or_default();
    let said: Vec<&str> = section
        .split_whitespace()
        .filter(|word| *word != "///")
        .collect();
    let said = said.join(" ").to_lowercase();
    if !PROMISES.iter().any(|promise| said.contains(promise)) {
        findings.fail(
            path,
            line,
            format!("the section on cancel safety of {what} makes none of the three promises"),
            "say which: *Strict*, *Yields its place*, or *Lossy, use … instead*",
        );
    }
}

enum Item<'a> {
    /// Or one that returns `impl Future`, which is the same to its caller.
    AsyncFn(&'a str),
    Type(&'a str),
}

/// What a `pub` at the start of `rest` makes public; `pub(…)` makes nothing public.
fn public_item(rest: &str) -> Option<Item<'_>> {
    if rest.trim_start().starts_with('(') {
        return None;
    }
    let mut is_async = false;
    let mut words = words(rest).map(|(at, word)| (at + word.len(), word));
    while let Some((end, word)) = words.next() {
        match word {
            "async" => is_async = true,
            "const" | "unsafe" | "extern" => {}
            "fn" => {
                let (_, name) = words.next()?;
                let signature = &rest[end..rest[end..]
                    .find(['{', ';'])
                    .map_or(rest.len(), |len| end + len)];
                let returned = signature
                    .rsplit_once("->")
                    .map_or("", |(_, returned)| returned);
                let future = returned
                    .trim_start()
                    .strip_prefix("impl")
                    .is_some_and(|bound| {
                        let bound = bound.split(['<', '+']).next().unwrap_or_default().trim();
                        bound.rsplit("::").next() == Some("Future")
                    });
                return (is_async || future).then_some(Item::AsyncFn(name));
            }
            "struct" | "enum" => return words.next().map(|(_, name)| Item::Type(name)),
            _ => return None,
        }
    }
    None
}

struct NamedFuture {
    name: String,
    /// The file that implements it; its type is there if that file has one of the name.
    path: String,
    defined_there: bool,
}

impl NamedFuture {
    fn is(&self, path: &str, name: &str) -> bool {
        self.name == name && (!self.defined_there || self.path == path)
    }
}

/// The types with an `impl … Future for Name`.
fn named_futures(project: &Project, member: &Member) -> Vec<NamedFuture> {
    let mut found = Vec::new();
    for (path, source) in project.sources_of(member) {
        for (at, _) in source.words().filter(|(_, word)| *word == "Future") {
            let Some(target) = source.code[at + "Future".len()..]
                .trim_start()
                .strip_prefix("for ")
            else {
                continue;
            };
            if project.is_test(path, at) {
                continue;
            }
            let end = target.find(['<', '{', ' ', '\n']).unwrap_or(target.len());
            let name = target[..end]
                .rsplit("::")
                .next()
                .unwrap_or_default()
                .to_owned();
            let mut all = words(&source.code).zip(words(&source.code).skip(1));
            let defined_there = all.any(|((_, keyword), (_, next))| {
                matches!(keyword, "struct" | "enum") && next == name
            });
            found.push(NamedFuture {
                name,
                path: path.to_owned(),
                defined_there,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests;
