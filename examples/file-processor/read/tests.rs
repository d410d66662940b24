use std::fs;

use super::*;
use crate::scratch::Scratch;

fn count(path: &Path) -> Result<Counts, Uncounted> {
    count_until(path, CancelScope::new())
}

fn count_until(path: &Path, scope: CancelScope) -> Result<Counts, Uncounted> {
    let mut counts = Counts::default();
    let outcome = FileCounter::new(scope).count(path, &mut counts);
    if outcome.is_err() {
        assert_eq!(counts.entries(), 0, "a file that failed is in the figures");
    }
    outcome.map(|(file_type, size)| {
        let tally = &counts.types[&file_type];
        assert_eq!(size, tally.size(), "it is the only file");
        counts
    })
}

fn skipped(path: &Path) -> String {
    match count(path) {
        Err(Uncounted::Skipped(why)) => why.to_string(),
        other => panic!("expected a skip, found {other:?}"),
    }
}

#[test]
fn a_nul_byte_near_the_front_makes_a_file_binary() {
    let scratch = Scratch::new();
    let with_nul_at = |place: usize| {
        let mut content = vec![b'a'; BINARY_PROBE + 10];
        content[place] = 0;
        scratch.file(&format!("nul_at_{place}.txt"), content)
    };
    for place in [0, BINARY_PROBE - 1] {
        assert_eq!(skipped(&with_nul_at(place)), Skip::Binary.to_string());
    }
    assert_eq!(count(&with_nul_at(BINARY_PROBE)).unwrap().files(), 1);
}

#[test]
fn files_around_the_buffers_size_are_counted_whole() {
    let scratch = Scratch::new();
    for length in [
        0,
        1,
        BUFFER - 1,
        BUFFER,
        BUFFER + 1,
        2 * BUFFER,
        2 * BUFFER + 5,
    ] {
        let mut text = b"two words\n".repeat(length / 10 + 1);
        text.truncate(length);
        let counts = count(&scratch.file("a.txt", &text)).unwrap();
        let tally = &counts.types[&FileType::of(Path::new("a.txt"))];
        let mut whole = Tally::default();
        let mut counter = Counter::new(&mut whole);
        counter.feed(&text);
        counter.finish();
        assert_eq!((tally.files, tally.bytes), (1, length as u64));
        assert_eq!((tally.lines, tally.words), (whole.lines, whole.words));
        assert_eq!(tally.names.top(9), whole.names.top(9));
    }
}

#[test]
fn a_large_file_can_be_stopped_half_way() {
    let scratch = Scratch::new();
    let scope = CancelScope::new();
    scope.cancel();
    let large = scratch.file("large.txt", vec![b'a'; BUFFER]);
    assert_eq!(count_until(&large, scope).unwrap_err(), Uncounted::Stopped);
}

#[test]
fn a_file_that_is_gone_has_vanished() {
    let scratch = Scratch::new();
    let path = scratch.file("a.rs", "");
    fs::remove_file(&path).unwrap();
    assert_eq!(skipped(&path), Skip::Vanished.to_string());
}

/// A process's own memory opens as a regular file and fails when read from its start, root or not.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_fails_when_read_is_skipped_in_the_systems_words() {
    assert_eq!(
        skipped(Path::new("/proc/self/mem")),
        "unreadable: Input/output error"
    );
}

#[test]
fn short_and_interrupted_reads_fill_the_buffer() {
    struct Trickle(u8);
    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                step if step % 2 == 0 => Err(io::ErrorKind::Interrupted.into()),
                9.. => Ok(0),
                step => {
                    buffer[0] = step;
                    Ok(1)
                }
            }
        }
    }
    assert_eq!(fill(&mut Trickle(0), &mut [0; 3]).unwrap(), [1, 3, 5]);
    assert_eq!(fill(&mut Trickle(0), &mut [0; 9]).unwrap(), [1, 3, 5, 7]);
}

#[test]
fn each_file_of_a_type_has_a_size_of_its_own() {
    let scratch = Scratch::new();
    let mut counts = Counts::default();
    let mut counter = FileCounter::new(CancelScope::new());
    let large = "a b\n".repeat(BUFFER / 2);
    for (text, size) in [
        ("one\n", (4, 1, 1)),
        (
            &large,
            (2 * BUFFER as u64, BUFFER as u64 / 2, BUFFER as u64),
        ),
        ("two words", (9, 0, 2)),
        ("", (0, 0, 0)),
    ] {
        let file = scratch.file("a.rs", text);
        let (file_type, found) = counter.count(&file, &mut counts).unwrap();
        assert_eq!(file_type.as_str(), "Rust");
        assert_eq!((found.bytes, found.lines, found.words), size);
    }
}
