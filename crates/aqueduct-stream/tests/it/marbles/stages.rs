//! Operators that neither wait nor hold items.

use crate::kit::{marbles, marbles2};

fn upper(c: char) -> char {
    c.to_ascii_uppercase()
}

fn is_vowel(c: &char) -> bool {
    "aeiou".contains(*c)
}

#[test]
fn map() {
    marbles(
        |s| s.map(upper),
        &[
            ("|", "|"),
            ("a-b|", "A-B|"),
            ("(abc)--(de|)", "(ABC)--(DE|)"),
            ("-a-", "-A"),
        ],
    );
}

#[test]
fn filter() {
    marbles(
        |s| s.filter(is_vowel),
        &[
            ("abcde|", "a---e|"),
            ("(abcde)-b-|", "(ae)---|"),
            ("bcd|", "---|"),
        ],
    );
}

#[test]
fn filter_map() {
    marbles(
        |s| s.filter_map(|c| is_vowel(&c).then(|| upper(c))),
        &[("abcde|", "A---E|"), ("(abcde)-b-|", "(AE)---|")],
    );
}

#[test]
fn inspect() {
    marbles(|s| s.inspect(|_| ()), &[("a-(bc)-|", "a-(bc)-|")]);
}

#[test]
fn take() {
    marbles(
        |s| s.take(3),
        &[
            ("ab|", "ab|"),
            ("a-b-c-d|", "a-b-(c|)"),
            ("(abcde)|", "(abc|)"),
            ("abc|", "ab(c|)"),
        ],
    );
    marbles(|s| s.take(0), &[("abc|", "|"), ("-", "|")]);
}

#[test]
fn skip() {
    marbles(
        |s| s.skip(2),
        &[
            ("ab|", "--|"),
            ("a-b-c-d|", "----c-d|"),
            ("(abcde)|", "(cde)|"),
            ("a|", "-|"),
        ],
    );
}

#[test]
fn take_while() {
    marbles(
        |s| s.take_while(is_vowel),
        &[
            ("aexa|", "ae|"),
            ("(aexa)-|", "(ae|)"),
            ("x", "|"),
            ("ae-|", "ae-|"),
        ],
    );
}

#[test]
fn map_while() {
    marbles(
        |s| s.map_while(|c| is_vowel(&c).then(|| upper(c))),
        &[("aexa|", "AE|"), ("(aexa)-|", "(AE|)")],
    );
}

#[test]
fn skip_while() {
    marbles(
        |s| s.skip_while(is_vowel),
        &[("aexa|", "--xa|"), ("(aexa)-|", "(xa)-|"), ("aei|", "---|")],
    );
}

#[test]
fn enumerate() {
    marbles(|s| s.enumerate(), &[("a-(bc)|", "<0a>-(<1b><2c>)|")]);
}

#[test]
fn scan() {
    let count_to_3 = |seen: &mut usize, _: char| {
        *seen += 1;
        (*seen <= 3).then_some(*seen)
    };
    marbles(
        |s| s.scan(0, count_to_3),
        &[
            ("a-b|", "1-2|"),
            ("(abcde)-|", "(123|)"),
            ("a-b-c-d-e|", "1-2-3-|"),
        ],
    );
}

#[test]
fn dedup() {
    marbles(
        |s| s.dedup(),
        &[("aa-a-b-(bbc)a|", "a----b-ca|"), ("|", "|")],
    );
    marbles(
        |s| s.dedup_by_key(char::to_ascii_lowercase),
        &[("aA-a-b-(Bbc)a|", "a----b-ca|")],
    );
}

#[test]
fn chain() {
    marbles2(
        |a, b| a.chain(b),
        &[
            ("ab|", "cd|", "ab(cd|)"),
            ("ab|", "---c-|", "ab-c-|"),
            ("|", "|", "|"),
            ("a-", "bcd|", "a"),
        ],
    );
}
