//! A Rust file as three layers of equal length: the text, its code, its comments.
//!
//! In the code layer comments and the contents of strings are blanks; in the comment layer everything else is. A
//! position means the same in all three, so a check can find a word in one layer and look around it in another.
//!
//! Why not a parser: macros' bodies are mere tokens to one, and comments are lost; the checks look at both.

use std::ops::Range;

#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) code: String,
    pub(super) comments: String,
    /// Where code is compiled for tests only.
    tests: Vec<Range<usize>>,
    line_starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let (code, comments) = layers(text);
        let tests = test_ranges(&code);
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            text: text.to_owned(),
            code,
            comments,
            tests,
            line_starts,
        }
    }

    /// The number of the line `at` is on, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    pub(super) fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// Lines that hold code.
    pub(super) fn code_lines(&self) -> usize {
        self.code
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count()
    }

    /// The identifiers and keywords outside strings and comments, with their positions.
    pub(super) fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        words(&self.code)
    }

    /// The names of modules declared here for tests only (`#[cfg(test)] mod name;`).
    pub(super) fn test_modules(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().filter_map(|range| {
            let item = &self.code[range.clone()];
            let mut words = words(item).skip_while(|(_, word)| *word != "mod");
            let name = words.nth(1)?.1;
            item.ends_with(';').then_some(name)
        })
    }

    /// Every comment that speaks of what is at `at`: in the statement or item it is part of, up to its line, and on the
    /// lines directly above that statement.
    pub(super) fn comments_on(&self, at: usize) -> String {
        let mut start = self.statement_start(at);
        // A block that opens amid a line, as a closure's does, is told about above the statement it is part of.
        loop {
            let line = self.line_starts[self.line(start) - 1];
            let first_of_line = self.skip_blanks(line);
            if first_of_line >= start {
                break;
            }
            start = self.statement_start(first_of_line);
        }
        let first = self.line(start) - 1;
        let last = self.line(at) - 1;
        let mut top = first;
        while top > 0 && self.is_comment_line(top - 1) {
            top -= 1;
        }
        self.comments[self.line_starts[top]..self.line_end(last)].to_owned()
    }

    /// Where the statement, item, match arm or field that holds `at` begins (its attributes included): behind the
    /// nearest `;`, `{`, `}` or separating `,` before it that does not belong to the statement itself.
    pub(super) fn statement_start(&self, at: usize) -> usize {
        let code = self.code.as_bytes();
        let mut closed = 0usize;
        let mut comma = None;
        let mut i = at;
        while i > 0 {
            i -= 1;
            match code[i] {
                b'}' if closed == 0 && !self.goes_on_after(i) => {
                    return self.skip_blanks(comma.unwrap_or(i) + 1);
                }
                b')' | b']' | b'}' => closed += 1,
                b'(' | b'[' | b'{' if closed > 0 => closed -= 1,
                // Out of a list: what separated its elements separates no statements.
                b'(' | b'[' => comma = None,
                b'{' => return self.skip_blanks(comma.unwrap_or(i) + 1),
                b';' if closed == 0 => return self.skip_blanks(i + 1),
                b',' if closed == 0 => comma = comma.or(Some(i)),
                _ => {}
            }
        }
        self.skip_blanks(0)
    }

    /// The position behind the bracket that closes the one at `open`.
    pub(super) fn closing(&self, open: usize) -> usize {
        closing(self.code.as_bytes(), open)
    }

    /// Whether the expression that ends in the `}` at `at` is only the head of a longer one, as `match … {}.await`.
    fn goes_on_after(&self, at: usize) -> bool {
        let rest = self.code[at + 1..].trim_start();
        rest.starts_with(['.', '?', ',', ')', ';']) || rest.starts_with("else")
    }

    fn skip_blanks(&self, from: usize) -> usize {
        let rest = &self.code[from..];
        from + (rest.len() - rest.trim_start().len())
    }

    fn is_comment_line(&self, index: usize) -> bool {
        let line = self.line_starts[index]..self.line_end(index);
        self.code[line.clone()].trim().is_empty() && !self.comments[line].trim().is_empty()
    }

    fn line_end(&self, index: usize) -> usize {
        self.line_starts
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1)
    }
}

/// The identifiers and keywords of a piece of code layer.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let end = code[at..]
            .find(|c| !is_word(c))
            .map_or(code.len(), |len| at + len);
        let word = (at, &code[at..end]);
        at = end;
        Some(word)
    })
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The code layer and the comment layer of `text`.
fn layers(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let blank = || {
        bytes
            .iter()
            .map(|b| if *b == b'\n' { b'\n' } else { b' ' })
            .collect::<Vec<u8>>()
    };
    let (mut code, mut comments) = (blank(), blank());
    let mut i = 0;
    while i < bytes.len() {
        let (end, kind) = token(bytes, i);
        match kind {
            Kind::Code => code[i..end].copy_from_slice(&bytes[i..end]),
            Kind::Comment => comments[i..end].copy_from_slice(&bytes[i..end]),
            Kind::Literal => {
                for at in [i, end - 1] {
                    code[at] = if bytes[at].is_ascii() {
                        bytes[at]
                    } else {
                        b' '
                    };
                }
            }
        }
        i = end;
    }
    let layer = |bytes| String::from_utf8(bytes).expect("only whole characters are blanked");
    (layer(code), layer(comments))
}

enum Kind {
    Code,
    Comment,
    Literal,
}

/// The end and the kind of what begins at `i`. Code comes byte by byte: only its bytes are copied.
fn token(bytes: &[u8], i: usize) -> (usize, Kind) {
    let next = bytes.get(i + 1).copied();
    match (bytes[i], next) {
        (b'/', Some(b'/')) => (find(bytes, i, b"\n").unwrap_or(bytes.len()), Kind::Comment),
        (b'/', Some(b'*')) => (block_comment_end(bytes, i), Kind::Comment),
        (b'"', _) => (string_end(bytes, i), Kind::Literal),
        (b'r', Some(b'"' | b'#')) if starts_literal(bytes, i) => match raw_string_end(bytes, i) {
            Some(end) => (end, Kind::Literal),
            None => (i + 1, Kind::Code),
        },
        (b'\'', Some(_)) => match char_end(bytes, i) {
            Some(end) => (end, Kind::Literal),
            None => (i + 1, Kind::Code),
        },
        _ => (i + 1, Kind::Code),
    }
}

/// Whether the `r` at `i` is a prefix (`r`, `br`, `cr`) and not the end of a name.
fn starts_literal(bytes: &[u8], i: usize) -> bool {
    let name = |b: u8| b == b'_' || b.is_ascii_alphanumeric() || !b.is_ascii();
    match i.checked_sub(1).map(|before| bytes[before]) {
        Some(b'b' | b'c') => i < 2 || !name(bytes[i - 2]),
        Some(before) => !name(before),
        None => true,
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(what.len())
        .position(|window| window == what)
        .map(|at| from + at)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i + 1 < bytes.len() {
        match &bytes[i..i + 2] {
            b"/*" => depth += 1,
            b"*/" if depth == 1 => return i + 2,
            b"*/" => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// `None` for a raw identifier.
fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..]
        .iter()
        .take_while(|b| **b == b'#')
        .count();
    let quote = start + 1 + hashes;
    if bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    Some(find(bytes, quote + 1, &close).map_or(bytes.len(), |at| at + close.len()))
}

/// `None` for a lifetime.
fn char_end(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes[start + 1] == b'\\' {
        return find(bytes, start + 3, b"'").map(|at| at + 1);
    }
    let width = match bytes[start + 1] {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    (bytes.get(start + 1 + width) == Some(&b'\'')).then_some(start + width + 2)
}

fn closing(code: &[u8], open: usize) -> usize {
    let mut depth = 0usize;
    for (i, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The extents of what an attribute keeps for tests: `#[cfg(test)]` and its like, `#[test]`, or the whole file.
fn test_ranges(code: &str) -> Vec<Range<usize>> {
    let bytes = code.as_bytes();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, _) in code.match_indices('#') {
        let inner = bytes.get(at + 1) == Some(&b'!');
        let open = at + 1 + usize::from(inner);
        if bytes.get(open) != Some(&b'[') || ranges.last().is_some_and(|last| last.contains(&at)) {
            continue;
        }
        let end = closing(bytes, open);
        if !keeps_for_tests(&code[open + 1..end - 1]) {
            continue;
        }
        if inner {
            return std::iter::once(0..code.len()).collect();
        }
        ranges.push(at..item_end(code, end));
    }
    ranges
}

fn keeps_for_tests(attribute: &str) -> bool {
    let attribute = attribute.trim();
    match attribute.strip_prefix("cfg").map(str::trim) {
        Some(predicate) if predicate.starts_with('(') => {
            implies_test(&predicate[1..predicate.len() - 1])
        }
        _ => attribute == "test",
    }
}

/// Whether a cfg predicate that holds means a build for tests.
fn implies_test(predicate: &str) -> bool {
    let predicate = predicate.trim();
    let Some((operator, rest)) = predicate.split_once('(') else {
        return predicate == "test";
    };
    let mut operands = operands(rest.strip_suffix(')').unwrap_or(rest));
    match operator.trim() {
        "all" => operands.any(implies_test),
        "any" => operands.all(implies_test),
        _ => false,
    }
}

/// Splits at the commas that are in no bracket; a trailing one separates nothing.
fn operands(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    let operands = list.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    operands.filter(|operand| !operand.trim().is_empty())
}

/// The end of the item, statement, field or arm that follows an attribute ending at `from`.
fn item_end(code: &str, from: usize) -> usize {
    let bytes = code.as_bytes();
    let mut i = from;
    loop {
        i += code[i..].len() - code[i..].trim_start().len();
        if !code[i..].starts_with("#[") {
            break;
        }
        i = closing(bytes, i + 1);
    }
    let head = words(&code[i..])
        .find(|(_, word)| !matches!(*word, "pub" | "crate" | "super" | "self" | "in"));
    let is_item = head.is_some_and(|(_, word)| ITEMS.contains(&word));
    while i < bytes.len() {
        match bytes[i] {
            b'{' => return closing(bytes, i),
            b'(' | b'[' => i = closing(bytes, i),
            b';' => return i + 1,
            b',' if !is_item => return i + 1,
            b')' | b']' | b'}' => return i,
            _ => i += 1,
        }
    }
    bytes.len()
}

const ITEMS: &[&str] = &[
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "let",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
    "use",
];

#[cfg(test)]
mod tests;
