use super::*;
use crate::reason::ReasonKind;

fn cause() -> Arc<Cause> {
    Arc::new(Cause::new(ReasonKind::Requested))
}

/// Everything that can happen to a word, in every order of up to four events.
#[test]
fn words_only_go_forward() {
    const EVENTS: [fn(&Word); 5] = [
        |word| {
            let _ = word.drain();
        },
        |word| word.set_clock(),
        |word| word.clear_clock(),
        |word| {
            word.watch();
        },
        |word| {
            let _ = word.cancel(&cause());
        },
    ];
    for events in 0..5usize.pow(4) {
        let word = Word::new();
        let mut before = word.load();
        let mut cancelled_by = None;
        for at in 0..4 {
            let event = events / 5usize.pow(at) % 5;
            EVENTS[event](&word);
            let after = word.load();
            assert!(after.is_cancelled() || !before.is_cancelled());
            assert!(after.is_draining() || !before.is_draining());
            assert!(after.is_cancelled() || after.is_watched() || !before.is_watched());
            assert_eq!(after.is_cancelled(), word.cause().is_some());
            match event {
                0 => assert!(after.is_draining()),
                1 => assert!(after.needs_clock() || after.is_cancelled()),
                2 => assert!(!after.needs_clock()),
                3 => assert!(after.is_watched() || after.is_cancelled()),
                _ => assert!(after.is_cancelled() && !after.needs_clock() && !after.is_watched()),
            }
            if let Some(cause) = word.cause() {
                let first = cancelled_by.get_or_insert_with(|| cause.clone());
                assert!(Arc::ptr_eq(first, &cause));
            }
            before = after;
        }
    }
}

#[test]
fn a_word_owns_one_reference_to_its_cause() {
    let (first, second) = (cause(), cause());
    let word = Word::new();
    assert!(word.cause().is_none());
    assert!(matches!(word.cancel(&first), Verdict::First(before) if before.is_quiet()));
    assert_eq!(word.cancel(&second), Verdict::Already);
    assert_eq!(word.drain(), Verdict::Already);
    assert_eq!(
        (Arc::strong_count(&first), Arc::strong_count(&second)),
        (2, 1)
    );
    assert!(Arc::ptr_eq(&word.cause().unwrap(), &first));
    assert_eq!(Arc::strong_count(&first), 2);
    drop(word);
    assert_eq!(Arc::strong_count(&first), 1);
}
