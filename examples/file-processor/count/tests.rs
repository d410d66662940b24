use std::collections::BTreeMap;

use super::*;

fn count(chunks: &[&[u8]]) -> Tally {
    let mut tally = Tally::default();
    let mut counter = Counter::new(&mut tally);
    for chunk in chunks {
        counter.feed(chunk);
    }
    counter.finish();
    tally
}

type Figures = (u64, u64, u64, u64, BTreeMap<String, u64>);

fn figures(tally: &Tally) -> Figures {
    (
        tally.files,
        tally.bytes,
        tally.lines,
        tally.words,
        tally.names.iter().collect(),
    )
}

fn names(text: &str) -> Vec<(String, u64)> {
    let mut names: Vec<_> = count(&[text.as_bytes()]).names.iter().collect();
    names.sort();
    names
}

fn once(names: &[&str]) -> Vec<(String, u64)> {
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

#[test]
fn counts_a_line_of_code() {
    let tally = count(&[b"fn main() { let x1 = main; }\n// end"]);
    assert_eq!(
        (tally.files, tally.bytes, tally.lines, tally.words),
        (1, 35, 1, 10)
    );
    let names: BTreeMap<_, _> = tally.names.iter().collect();
    let expected = [("end", 1), ("fn", 1), ("let", 1), ("main", 2), ("x1", 1)];
    assert_eq!(
        names,
        expected
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    );
}

#[test]
fn an_empty_file_is_a_file() {
    assert_eq!(figures(&count(&[])), (1, 0, 0, 0, BTreeMap::new()));
    assert_eq!(figures(&count(&[b"", b""])), (1, 0, 0, 0, BTreeMap::new()));
}

#[test]
fn a_last_line_needs_its_newline_to_count() {
    assert_eq!(count(&[b"one\ntwo"]).lines, 1);
    assert_eq!(count(&[b"one\ntwo\n"]).lines, 2);
    assert_eq!(count(&[b"one\r\ntwo\r\n"]).lines, 2);
}

#[test]
fn all_six_white_space_bytes_part_words() {
    assert_eq!(count(&[b" a\tb\nc\x0bd\x0ce\rf "]).words, 6);
    assert_eq!(count(&[b" \t\n\x0b\x0c\r"]).words, 0);
    // Neighbours of those bytes, and bytes above ASCII (a no-break space in UTF-8), do not.
    assert_eq!(count(&[b"a\x08b\x0ec\x1fd\xc2\xa0e"]).words, 1);
}

#[test]
fn identifiers_begin_with_no_digit() {
    assert_eq!(names("0x1f 1u32 12 _12 a1 1a"), once(&["_12", "a1"]));
}

#[test]
fn identifiers_are_2_to_64_bytes_long() {
    let (longest, too_long) = ("n".repeat(NAME_MAX), "m".repeat(NAME_MAX + 1));
    assert_eq!(
        names(&format!("a _ ab {too_long} {longest}")),
        once(&["ab", &longest])
    );
}

#[test]
fn a_letter_outside_ascii_ends_an_identifier() {
    assert_eq!(names("naïve_name"), once(&["na", "ve_name"]));
    let latin_1 = count(&[b"na\xefve_name"]);
    assert_eq!(latin_1.names.iter().count(), 2);
    assert_eq!(latin_1.words, 1);
}

#[test]
fn counts_of_one_kind_do_not_overflow_a_block() {
    let newlines = vec![b'\n'; 5 * BLOCK + 7];
    assert_eq!(count(&[&newlines]).lines, newlines.len() as u64);
    let letters = b"a ".repeat(3 * BLOCK + 1);
    assert_eq!(count(&[&letters]).words, 3 * BLOCK as u64 + 1);
}

#[test]
fn two_cuts_anywhere_change_nothing() {
    let long = "z".repeat(NAME_MAX + 3);
    let text = format!("let a_b = 0xff;\r\n\x0b  f2(\"\u{e9}t\u{e9}\") {long} q{long}\n\nlast_one");
    let text = text.as_bytes();
    let whole = figures(&count(&[text]));
    for first in 0..=text.len() {
        for second in first..=text.len() {
            let chunks = [&text[..first], &text[first..second], &text[second..]];
            assert_eq!(
                figures(&count(&chunks)),
                whole,
                "cut at {first} and {second}"
            );
        }
    }
}

#[test]
fn byte_by_byte_changes_nothing() {
    let text = noise(4_000);
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(figures(&count(&bytes)), figures(&count(&[&text])));
}

#[test]
fn agrees_with_a_plain_count_of_noise() {
    for length in [
        1,
        2,
        BLOCK - 1,
        BLOCK,
        BLOCK + 1,
        2 * BLOCK,
        2 * BLOCK + 1,
        50_000,
    ] {
        let text = noise(length);
        let mut plain = (1, length as u64, 0, 0, BTreeMap::new());
        plain.2 = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let words = text.split(|byte| b" \t\n\x0b\x0c\r".contains(byte));
        plain.3 = words.filter(|word| !word.is_empty()).count() as u64;
        for run in text.split(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_') {
            if (NAME_MIN..=NAME_MAX).contains(&run.len()) && !run[0].is_ascii_digit() {
                *plain
                    .4
                    .entry(String::from_utf8_lossy(run).into_owned())
                    .or_default() += 1;
            }
        }
        assert_eq!(figures(&count(&[&text])), plain, "{length} bytes of noise");
    }
}

#[test]
fn an_endless_run_is_not_kept() {
    let mut tally = Tally::default();
    let mut counter = Counter::new(&mut tally);
    for _ in 0..1_000 {
        counter.feed(&[b'a'; 1_000]);
        assert!(counter.cut.len() <= NAME_MAX + 1);
    }
    counter.finish();
    assert_eq!(
        (tally.bytes, tally.words, tally.names.len()),
        (1_000_000, 1, 0)
    );
}

/// Bytes of every kind that counting tells apart, in an order that repeats from run to run.
fn noise(length: usize) -> Vec<u8> {
    const KINDS: &[u8] = b"aZ_09 \n\t\r\x0b\x0c-.\x08\x0e\xc3\xff\0bcdefgh";
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        KINDS[(state >> 33) as usize % KINDS.len()]
    };
    (0..length).map(|_| next()).collect()
}
