//! A crawl of the site that is made up, which the program compares by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{SOON, assert_is_sound, command, content, of_site, rows, run};
use crate::process::Running;
use crate::scratch::Scratch;

#[test]
fn all_of_it_is_found_and_nothing_is_fetched_twice() {
    let scratch = Scratch::new();
    let db = scratch.path().join("site.db");
    let ended = run(&mut of_site(&db, &[]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for told in [
        "\nverified: it is what is on the site, page by page and link by link\n",
        " 0 too often for the rate, 0 before Retry-After, 0 against robots.txt\n",
    ] {
        assert!(ended.stdout.contains(told), "{told} is not in {ended:?}");
    }
    let mut lines = ended.stdout.lines();
    let all = lines.find(|line| line.starts_with("all")).unwrap();
    let cells: Vec<&str> = all.split_whitespace().collect();
    // Retries: /closed and /torn of three hosts, three each, and those that were busy for a while.
    assert_eq!(cells, ["all", "184", "0.3", "MB", "21"], "{ended:?}");
    assert_is_sound(&db);
    let before = content(&db);

    let again = run(&mut of_site(&db, &[]));
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(
        again.stdout.contains("\nthis run: 0 pages in "),
        "{again:?}"
    );
    assert_eq!(content(&db), before);

    // It would be seen if it were not so.
    rusqlite::Connection::open(&db)
        .unwrap()
        .execute("DELETE FROM links WHERE \"to\" LIKE '%/calendar/3'", ())
        .unwrap();
    let less = run(&mut of_site(&db, &[]));
    assert_eq!(less.code, Some(1), "{less:?}");
    assert!(less.stdout.contains("/calendar/3: missing\n"), "{less:?}");
    assert!(
        less.stdout
            .ends_with("verified: it is NOT what is on the site\n")
    );
}

#[test]
fn limits_are_kept_and_moved() {
    let scratch = Scratch::new();
    let (by_steps, at_once) = (scratch.path().join("steps"), scratch.path().join("once"));
    for pages in ["0", "1", "40", "90"] {
        let ended = run(&mut of_site(&by_steps, &["--pages", pages, "--depth", "5"]));
        assert_eq!(ended.code, Some(0), "{pages}: {ended:?}");
        let count = rows(&by_steps, "SELECT count(*) FROM pages");
        assert_eq!(count, [format!("[Integer({pages})]")]);
    }
    let ended = run(&mut of_site(&at_once, &["--pages", "90", "--depth", "5"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(content(&by_steps), content(&at_once));
}

#[test]
fn a_small_frontier_loses_nothing() {
    let scratch = Scratch::new();
    let (small, large) = (scratch.path().join("small"), scratch.path().join("large"));
    // The program checks that there were no more in memory, and says how many.
    let ended = run(&mut of_site(&small, &["--depth", "4", "--frontier", "3"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mut most = (1..=3).map(|most| format!("; at most {most} URL"));
    assert!(most.any(|most| ended.stdout.contains(&most)), "{ended:?}");
    let ended = run(&mut of_site(&large, &["--depth", "4"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(content(&small), content(&large));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_what_it_has_and_it_goes_on() {
    let scratch = Scratch::new();
    let whole = scratch.path().join("whole.db");
    assert_eq!(run(&mut of_site(&whole, &["--depth", "4"])).code, Some(0));
    // Fast, most are being tried again when it comes; slowly, most wait for their turn.
    for (name, rate, burst) in [("fast", "10000", "1000"), ("slow", "60", "2")] {
        let db = scratch.path().join(name);
        let args = [
            "--rate", rate, "--burst", burst, "--grace", "500ms", "--depth", "4",
        ];
        let mut crawl = Running::start(&mut of_site(&db, &args));
        let told = crawl.line();
        assert!(
            told.starts_with("Crawling http://a.seed-1.pages-30.test/, "),
            "{told}"
        );
        let begun = Instant::now();
        while rows(&db, "SELECT url FROM pages").len() < 10 && begun.elapsed() < SOON {
            sleep(Duration::from_millis(5));
        }
        crawl.signal("INT");
        let ended = crawl.end(Duration::from_secs(5));
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let told = "verified: all that is there is on the site\nstopped: the same command goes on from here\n";
        assert!(ended.stdout.ends_with(told), "{ended:?}");
        assert_is_sound(&db);
        let pages = rows(&db, "SELECT url, fetched_at FROM pages");
        assert!(pages.len() >= 10, "{ended:?}");

        let ended = run(&mut of_site(&db, &["--depth", "4"]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let after = rows(&db, "SELECT url, fetched_at FROM pages");
        assert!(
            after.len() > pages.len(),
            "it had all before it was stopped"
        );
        assert!(
            pages.iter().all(|page| after.contains(page)),
            "fetched again"
        );
        assert_eq!(content(&db), content(&whole));
    }
}

#[test]
fn what_takes_longer_than_the_grace_stays_pending() {
    let scratch = Scratch::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let db = scratch.path().join("db");
    let mut command = command(&[&url, "--deadline", "1h", "--grace", "100ms"]);
    let mut crawl = Running::start(command.arg("--db").arg(&db));
    crawl.line();
    let connection = silent.accept().unwrap();
    crawl.signal("INT");
    let ended = crawl.end(Duration::from_secs(5));
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stdout.contains("1 URL pending"), "{ended:?}");
    assert_is_sound(&db);
    drop(connection);
}

#[test]
fn what_cannot_be_written_ends_it() {
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let first = run(&mut of_site(&db, &["--depth", "2"]));
    assert_eq!(first.code, Some(0), "{first:?}");
    // A page that is there is to be fetched once more.
    rusqlite::Connection::open(&db)
        .unwrap()
        .execute("UPDATE frontier SET state = 'pending' WHERE depth = 0", ())
        .unwrap();
    let ended = run(&mut of_site(&db, &["--depth", "2"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = "error: cannot write into the database: cannot write rows: UNIQUE constraint failed: pages.url";
    assert!(ended.stderr.contains(told), "{ended:?}");
}

#[test]
fn bad_input_is_told_before_anything_is_fetched() {
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    assert_eq!(run(&mut of_site(&db, &["--pages", "0"])).code, Some(0));
    let db = db.to_str().unwrap();
    let text = scratch.file(
        "text",
        "no database, and long enough to be looked at as one".repeat(99),
    );
    for (args, code, wrong) in [
        (
            vec!["localhost"],
            2,
            "it does not say how (http://localhost?)",
        ),
        (
            vec!["localhost:80"],
            2,
            "localhost: is not spoken here, only http://",
        ),
        (vec!["https://x/"], 2, "https is not spoken here, only http"),
        (
            vec!["--rate", "0"],
            2,
            "it must be between 0.001 and 100000",
        ),
        (vec!["--rate", "fast"], 2, "it is no number"),
        (
            vec!["--frontier", "1"],
            2,
            "it must be between 2 and 10000000",
        ),
        (vec!["http://x/", "--verify"], 2, "cannot be used with"),
        (
            vec!["--db", db, "--seed", "2"],
            2,
            "it is of a crawl that began at http://a.seed-1.",
        ),
        (
            vec!["--db", text.to_str().unwrap()],
            1,
            "file is not a database",
        ),
        (
            vec!["--db", "/no/such/folder/db"],
            1,
            "unable to open database file",
        ),
    ] {
        let ended = run(&mut command(&args));
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(wrong), "{args:?}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}
