//! What is on a page: its title, and where it links to.

use std::collections::BTreeSet;

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};
use url::Url;

/// What a page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) title: Option<String>,
    /// Without fragments, each once.
    pub(crate) links: BTreeSet<String>,
}

/// Reads a page. Bytes that are no UTF-8 are replaced: other encodings are not looked for.
///
/// Any bytes are a page: what is no HTML has no links.
pub(crate) fn read(html: &[u8], url: &Url) -> Page {
    let mut emitter = DefaultEmitter::new_with_span();
    // Or links in scripts and in the title would be links.
    emitter.naively_switch_states(true);
    let mut reading = Reading::new(url);
    for Ok(token) in Tokenizer::<_, DefaultEmitter<()>>::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => reading.start(&tag),
            Token::String(text) => reading.text(&text),
            Token::EndTag(tag) if tag.name.as_slice() == b"title" => reading.in_title = false,
            _ => {}
        }
    }
    Page {
        title: reading.title.map(|title| one_line(&title)),
        links: reading.links,
    }
}

struct Reading {
    base: Url,
    has_base: bool,
    in_title: bool,
    title: Option<String>,
    links: BTreeSet<String>,
}

impl Reading {
    fn new(url: &Url) -> Self {
        Self {
            base: url.clone(),
            has_base: false,
            in_title: false,
            title: None,
            links: BTreeSet::new(),
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        match tag.name.as_slice() {
            b"a" | b"area" => self
                .links
                .extend(href(tag).and_then(|to| self.resolve(&to))),
            // Only the first counts.
            b"base" if !self.has_base => {
                if let Some(base) = href(tag).and_then(|to| self.base.join(&to).ok()) {
                    self.base = base;
                    self.has_base = true;
                }
            }
            // Drawings have titles as well; that of the page comes first.
            b"title" if self.title.is_none() => {
                self.in_title = true;
                self.title = Some(String::new());
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &[u8]) {
        if let (true, Some(title)) = (self.in_title, &mut self.title) {
            title.push_str(&String::from_utf8_lossy(text));
        }
    }

    fn resolve(&self, to: &str) -> Option<String> {
        resolved(&self.base, to)
    }
}

fn href(tag: &StartTag<()>) -> Option<String> {
    let name = HtmlString(b"href".to_vec());
    let value = tag.attributes.get(&name)?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

/// Where a link leads, if that is a page: in the one form in which it is known, without a fragment.
pub(crate) fn resolved(base: &Url, to: &str) -> Option<String> {
    let mut url = base.join(to).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
