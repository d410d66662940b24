//! Readers, and writers of bytes. See the kit for how they are written.

use std::fmt::Debug;

use aqueduct_stream::{Flow, Source, byte_lines, bytes, lines};
use tokio::io::BufReader;

use crate::kit::io::{Log, Reader, Writer, play_into};
use crate::kit::{paused, play, timeline};

/// Text as the letters in it; any error is a `!X`.
fn marked<S, T, E>(flow: Flow<S>) -> Flow<impl Source<Item = Result<Vec<char>, char>>>
where
    S: Source<Item = Result<T, E>>,
    T: AsRef<[u8]>,
    E: Debug,
{
    flow.map(|item| match item {
        Ok(text) => {
            let text = String::from_utf8_lossy(text.as_ref()).replace('\n', ",");
            Ok(text.chars().collect())
        }
        Err(_) => Err('X'),
    })
}

/// Plays a stream of each reader.
fn reads<S, T, E>(source: impl Fn(Reader) -> Flow<S>, table: &[(&str, &str)])
where
    S: Source<Item = Result<T, E>>,
    T: AsRef<[u8]>,
    E: Debug,
{
    for (input, output) in table {
        let played = paused(async { play(marked(source(Reader::new(input)))).await });
        assert_eq!(&played, output, "of {input}");
    }
}

const LINES: &[(&str, &str)] = &[
    ("|", "|"),
    // A line comes with its end, and those of a read are a chunk.
    ("(ab,)-(c,d,)|", "[ab]-([c][d])|"),
    ("a--b-,--|", "-----[ab]--|"),
    ("(,,)", "([][])"),
    // What is behind the last end comes with the end of all.
    ("(ab,c)--|", "[ab]--([c]|)"),
    ("a--|", "---([a]|)"),
    ("(a,|)", "([a]|)"),
    // Never-ending.
    ("(a,b)-,", "[a]-[b]"),
    ("--(ab)", ""),
    // An error comes behind the lines before it, takes with it what was begun, and is the last item.
    ("(a,b,)X(c,)|", "([a][b])(!X|)"),
    ("(a,b)--X|", "[a]--(!X|)"),
    ("(a,bX,c)|", "([a]!X|)"),
    ("X", "(!X|)"),
];

#[test]
fn lines_of_a_reader() {
    reads(|reader| lines(BufReader::new(reader)), LINES);
    reads(|reader| byte_lines(BufReader::new(reader)), LINES);
}

#[test]
fn lines_that_are_too_long() {
    let table = [
        ("(ab,abc,)--(c,)|", "([ab]!X|)"),
        // Its end is not waited for.
        ("(a,)(ab)c--,|", "[a]-(!X|)"),
        ("(ab)--|", "---([ab]|)"),
    ];
    reads(
        |reader| lines(BufReader::new(reader)).with_line_len_max(2),
        &table,
    );
    reads(
        |reader| byte_lines(BufReader::new(reader)).with_line_len_max(2),
        &table,
    );
}

#[test]
fn bytes_of_a_reader() {
    reads(
        |reader| bytes(reader, 3),
        &[
            ("|", "|"),
            // As they are read, which is what there is room for.
            ("a-(bc)|", "[a]-[bc]|"),
            ("(abcdefgh)-|", "([abc][def][gh])-|"),
            ("(abc|)", "([abc]|)"),
            ("--a", "--[a]"),
            ("(a,b)", "[a,b]"),
            ("a-X-b|", "[a]-(!X|)"),
            ("(abX)|", "([ab]!X|)"),
        ],
    );
}

/// Frames of two bytes. `x` is none.
#[cfg(feature = "tokio-util")]
struct Pairs;

#[cfg(feature = "tokio-util")]
impl tokio_util::codec::Decoder for Pairs {
    type Item = Vec<u8>;
    type Error = std::io::Error;

    fn decode(
        &mut self,
        bytes: &mut tokio_util::bytes::BytesMut,
    ) -> std::io::Result<Option<Vec<u8>>> {
        if bytes.first() == Some(&b'x') {
            return Err(std::io::Error::other("no frame"));
        }
        Ok((bytes.len() >= 2).then(|| bytes.split_to(2).to_vec()))
    }
}

#[cfg(feature = "tokio-util")]
#[test]
fn frames_of_a_reader() {
    reads(
        |reader| aqueduct_stream::frames(reader, Pairs),
        &[
            ("|", "|"),
            // All of a read are a chunk; what is left waits for more.
            ("(abcd)-|", "([ab][cd])-|"),
            ("(abc)--(de)-|", "[ab]--[cd]-(!X|)"),
            ("a-b-|", "--[ab]-|"),
            ("(ab|)", "([ab]|)"),
            ("a--", ""),
            // The reader's error, and the decoder's, behind what came before.
            ("(ab)-X-(cd)|", "[ab]-(!X|)"),
            ("(abX)|", "([ab]!X|)"),
            ("(abxc)(de)|", "([ab]!X|)"),
            ("a-X", "--(!X|)"),
        ],
    );
}

/// The blocks of a file are read on other threads, which a paused clock does not know; so the timeline has no ticks, and there
/// is a real clock.
#[tokio::test]
async fn lines_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    for (text, output) in [
        ("", "|"),
        ("ab\ncd", "([ab][cd]|)"),
        ("a\n\nb\n", "([a][][b]|)"),
        ("a\n\u{fffd}\n", "([a][\u{fffd}]|)"),
    ] {
        std::fs::write(&path, text).unwrap();
        let mut flow = marked(aqueduct_stream::lines_of_file(&path).await.unwrap());
        let mut items = Vec::new();
        while flow.next_many(&mut items, 100).await > 0 {}
        let mut played = String::new();
        for item in &items {
            played += &crate::kit::Mark::mark(item);
        }
        let played = match items.len() {
            0 => "|".to_owned(),
            _ => format!("({played}|)"),
        };
        assert_eq!(played, output);
    }
}

/// Plays each input into a writer that takes bytes as its own timeline says.
fn writes(behind: bool, table: &[(&str, &str, &str)]) {
    for (input, writer, output) in table {
        let played = paused(async {
            let log = Log::default();
            let writer = Writer::new(writer, &log);
            let items = timeline(input).map(|c| c.to_string());
            let written = match behind {
                false => items.write_into(writer),
                true => items.write_lines_into(writer),
            };
            play_into(log, written).await
        });
        assert_eq!(&played, output, "of {input} into {writer}");
    }
}

#[test]
fn write_into() {
    writes(
        false,
        &[
            ("|", "", "(f|)"),
            // It is flushed when nothing more is there, and at the end.
            ("a-b|", "", "([a]f)-([b]f)(f|)"),
            ("(abc)-|", "", "([abc]f)-(f|)"),
            ("(ab|)", "", "([ab]f|)"),
            ("a--", "", "([a]f)"),
            // The writer takes a part, or has to be waited for; meanwhile nothing is taken. What one pull brings is written at once.
            ("(abcde)-|", "23", "[ab]([cde]f)(f|)"),
            ("abcd--|", "---9", "---([a][b][c][d]f)--(f|)"),
            ("(ab)-(cd)|", "1---1", "[a]---([b][cd]f|)"),
            // A writer that fails, or takes nothing.
            ("(ab)-c|", "X", "!"),
            ("(ab)-c|", "1-X", "[a]-!"),
            ("(ab)-c|", "0", "([]!)"),
            ("a-b-c|", "9-X", "([a]f)-!"),
        ],
    );
}

#[test]
fn write_lines_into() {
    writes(
        true,
        &[
            ("|", "", "(f|)"),
            ("(ab)-c|", "", "([a,b,]f)-([c,]f)(f|)"),
            ("(ab|)", "3", "([a,b][,]f|)"),
            ("a", "--X", "--!"),
        ],
    );
}
