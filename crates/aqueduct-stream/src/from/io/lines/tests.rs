use proptest::prelude::*;

use super::{LineError, LineErrorKind, Splitter};

/// What a splitter makes of bytes that come in pieces: the lines with where they are, and the error that ended it.
fn split(pieces: &[&[u8]], len_max: usize) -> (Vec<(u64, u64, Vec<u8>)>, Option<LineError>) {
    let mut splitter = Splitter::new(len_max);
    let mut lines = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            match splitter.next(rest) {
                Ok((len, line)) => {
                    rest = &rest[len..];
                    lines.extend(line.map(|l| (l.number, l.offset, l.bytes.into_owned())));
                }
                Err(error) => return (lines, Some(error)),
            }
        }
    }
    match splitter.finish() {
        None => (lines, None),
        Some(Err(error)) => (lines, Some(error)),
        Some(Ok(last)) => {
            lines.push((last.number, last.offset, last.bytes.into_owned()));
            (lines, None)
        }
    }
}

fn texts(pieces: &[&[u8]]) -> Vec<String> {
    let (lines, error) = split(pieces, 100);
    assert_eq!(error, None);
    let lines = lines.into_iter();
    lines
        .map(|line| String::from_utf8(line.2).unwrap())
        .collect()
}

#[test]
fn ends_of_lines() {
    assert!(texts(&[]).is_empty());
    assert_eq!(texts(&[b"\n"]), [""]);
    assert_eq!(texts(&[b"a\n\nb"]), ["a", "", "b"]);
    assert_eq!(texts(&[b"a\r\nb\r\n"]), ["a", "b"]);
    assert_eq!(
        texts(&[b"a\r", b"\nb", b"\r", b"\n", b"c"]),
        ["a", "b", "c"]
    );
    // Only before a `\n`.
    assert_eq!(texts(&[b"a\rb\nc\r"]), ["a\rb", "c\r"]);
}

#[test]
fn a_line_may_be_as_long_as_is_said() {
    for pieces in [
        &[&b"ab\nabc\r\nabc\nabcd\n"[..]][..],
        &[b"ab\nabc\r", b"\nab", b"c\nabc", b"d", b"\n"],
    ] {
        let (lines, error) = split(pieces, 3);
        assert_eq!(lines.len(), 3);
        let error = error.unwrap();
        assert_eq!((error.line, error.offset), (4, 12));
        assert_eq!(error.kind, LineErrorKind::TooLong(3));
    }
    // Without waiting for its end.
    let (_, error) = split(&[b"abcd"], 3);
    assert_eq!(error.unwrap().kind, LineErrorKind::TooLong(3));
    // At the end a `\r` counts.
    let (_, error) = split(&[b"abc\r"], 3);
    assert_eq!(error.unwrap().kind, LineErrorKind::TooLong(3));
}

proptest! {
    #[test]
    fn it_does_not_matter_how_bytes_come(
        text in "[ab\r\n]{0,60}",
        cuts in proptest::collection::vec(0..60_usize, 0..5),
        len_max in 0..8_usize,
    ) {
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.push(0);
        cuts.push(bytes.len());
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        let (lines, error) = split(&pieces, len_max);
        prop_assert_eq!(&(lines.clone(), error.clone()), &split(&[bytes], len_max));
        // As the standard library's, as far as it goes.
        let all: Vec<Vec<u8>> = std::io::BufRead::lines(bytes)
            .map(|line| line.unwrap().into_bytes())
            .collect();
        for (line, expected) in lines.iter().zip(&all) {
            prop_assert_eq!(&line.2, expected);
            prop_assert!(bytes[line.1 as usize..].starts_with(expected));
        }
        match error {
            None => prop_assert_eq!(lines.len(), all.len()),
            Some(error) => {
                prop_assert_eq!(error.line, lines.len() as u64 + 1);
                prop_assert!(all[lines.len()].len() > len_max);
            }
        }
    }
}
