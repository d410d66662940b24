//! Crawls that are killed at any moment.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::thread::sleep;
use std::time::Duration;

use super::{assert_is_sound, content, of_site, rows, run};
use crate::process::Running;
use crate::scratch::Scratch;

#[cfg(unix)]
#[test]
fn a_crawl_that_is_killed_again_and_again_finds_the_same() {
    let scratch = Scratch::new();
    let (db, whole) = (
        scratch.path().join("killed.db"),
        scratch.path().join("whole.db"),
    );
    // Slow enough that there is something to be killed in, and no waiting for what is busy.
    let args = ["--depth", "5", "--rate", "70", "--burst", "5"];
    let mut before = Vec::new();
    let mut broken_off = 0;
    for kill in 0..6_u64 {
        let mut crawl = Running::start(&mut of_site(&db, &args));
        crawl.line();
        // Another moment each time.
        let moment = RandomState::new().hash_one(kill) % 400;
        sleep(Duration::from_millis(moment));
        crawl.signal("KILL");
        let ended = crawl.end(Duration::from_secs(5));
        broken_off += u32::from(ended.code.is_none());
        assert_is_sound(&db);
        let pages = rows(&db, "SELECT url, fetched_at FROM pages ORDER BY url");
        for page in &before {
            assert!(pages.contains(page), "{page} is lost or was fetched again");
        }
        before = pages;
    }
    assert!(broken_off > 0, "it always came to its end");
    let ended = run(&mut of_site(&db, &args));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(run(&mut of_site(&whole, &["--depth", "5"])).code, Some(0));
    assert_eq!(content(&db), content(&whole));
}
