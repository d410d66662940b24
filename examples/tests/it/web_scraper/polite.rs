//! What a server of another make sees of a crawl.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{SOON, assert_is_sound, command, rows, run};
use crate::process::Running;
use crate::scratch::Scratch;

/// When it was asked for what.
type Asked = Arc<Mutex<Vec<(Instant, String)>>>;

/// Answers each question, on a thread a connection, with what `answer` makes of the path and of how often it was asked
/// for: status and headers, and the body. Gives its URL.
fn server(answer: fn(&str, usize) -> (String, String)) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Asked::default();
    let all = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let asked = Arc::clone(&all);
            thread::spawn(move || serve(stream.unwrap(), &asked, answer));
        }
    });
    (url, asked)
}

fn serve(mut stream: TcpStream, asked: &Asked, answer: fn(&str, usize) -> (String, String)) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let times = {
            let mut asked = asked.lock().unwrap();
            asked.push((Instant::now(), path.clone()));
            asked.iter().filter(|(_, before)| *before == path).count()
        };
        let (head, body) = answer(&path, times);
        let length = body.len();
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn html(body: impl Into<String>) -> (String, String) {
    ("200 OK\r\ncontent-type: text/html".to_owned(), body.into())
}

fn moments(asked: &Asked, path: &str) -> Vec<Instant> {
    let asked = asked.lock().unwrap();
    let moments = asked.iter().filter(|(_, asked)| asked.starts_with(path));
    moments.map(|(at, _)| *at).collect()
}

#[test]
fn retry_after_is_honoured() {
    let (url, asked) = server(|path, times| match (path, times) {
        ("/robots.txt", _) => ("404 Not Found".to_owned(), String::new()),
        ("/", _) => html("<a href=seconds><a href=unsaid><a href=for-long>"),
        ("/seconds", 1) => ("429 Too Many\r\nretry-after: 1".to_owned(), String::new()),
        ("/unsaid", 1) => ("503 Busy".to_owned(), String::new()),
        ("/for-long", _) => ("503 Busy\r\nretry-after: 3600".to_owned(), String::new()),
        _ => html("<title>there</title>"),
    });
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let ended = run(command(&[&url, "--rate", "1000"]).arg("--db").arg(&db));
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let [first, again] = moments(&asked, "/seconds")[..] else {
        panic!("asked once, or more than twice: {asked:?}");
    };
    let waited = again - first;
    assert!(waited >= Duration::from_secs(1), "asked after {waited:?}");
    assert_eq!(moments(&asked, "/unsaid").len(), 2);
    // Nobody waits for an hour. It is left for another run.
    assert_eq!(moments(&asked, "/for-long").len(), 1);
    let pending = rows(&db, "SELECT url FROM frontier WHERE state = 'pending'");
    assert_eq!(pending, [format!("[Text(\"{url}for-long\")]")]);
    let there = rows(&db, "SELECT tries FROM pages WHERE title = 'there'");
    assert_eq!(there, ["[Integer(2)]", "[Integer(2)]"]);
    assert_is_sound(&db);
}

#[test]
fn the_rate_of_a_host_holds() {
    const RATE: f64 = 40.0;
    const BURST: f64 = 4.0;

    fn many(path: &str, _: usize) -> (String, String) {
        match path {
            "/" => html(
                (0..50)
                    .map(|n| format!("<a href=/{n}>"))
                    .collect::<String>(),
            ),
            // Retries are in the rate as well.
            "/7" => ("503 Busy".to_owned(), String::new()),
            _ => html("nothing"),
        }
    }
    let (url, asked) = server(many);
    let (other_url, other_asked) = server(many);
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let mut crawl = command(&[&url, &other_url, "--rate", "40", "--burst", "4"]);
    let ended = run(crawl.args(["--concurrency", "64", "--db"]).arg(&db));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let both = [asked, other_asked].map(|asked| moments(&asked, "/"));
    for moments in &both {
        assert_eq!(
            moments.len(),
            1 + 1 + 50 + 3,
            "robots.txt, the start, 50 pages, 3 retries"
        );
        for (i, from) in moments.iter().enumerate() {
            for (j, to) in moments.iter().enumerate().skip(i) {
                // What is held up on its way comes together with the next.
                let window = (*to - *from + Duration::from_millis(100)).as_secs_f64();
                let most = BURST + RATE * window;
                let count = (j - i + 1) as f64;
                assert!(count <= most, "{count} within {window} s");
            }
        }
    }
    // Each has its own: they are crawled at the same time.
    let [(first, last), (other_first, other_last)] =
        both.map(|moments| (moments[0], moments[moments.len() - 1]));
    let together = last.min(other_last) - first.max(other_first);
    assert!(together > (last - first) / 2, "{together:?}");
}

#[test]
fn robots_txt_is_asked_for_first_and_obeyed() {
    let (url, asked) = server(|path, _| match path {
        "/robots.txt" => (
            "200 OK\r\ncontent-type: text/plain".to_owned(),
            "User-agent: *\nDisallow: /no\n".to_owned(),
        ),
        "/" => html("<a href=yes><a href=no/thanks>"),
        _ => html(""),
    });
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let ended = run(command(&[&url, "--rate", "1000"]).arg("--db").arg(&db));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("0 URLs pending, 1 disallowed"),
        "{ended:?}"
    );
    let asked = asked.lock().unwrap();
    let paths: Vec<&str> = asked.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["/robots.txt", "/", "/yes"]);
}

#[cfg(unix)]
#[test]
fn what_was_asked_for_is_finished_within_the_grace() {
    let (url, asked) = server(|path, _| match path {
        "/" => html("<a href=slow>"),
        "/slow" => {
            thread::sleep(Duration::from_millis(500));
            html("<title>there</title><a href=next>")
        }
        _ => ("404 Not Found".to_owned(), String::new()),
    });
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let mut crawl = Running::start(command(&[&url, "--rate", "1000"]).arg("--db").arg(&db));
    crawl.line();
    let begun = Instant::now();
    while moments(&asked, "/slow").is_empty() && begun.elapsed() < SOON {
        thread::sleep(Duration::from_millis(5));
    }
    crawl.signal("INT");
    let ended = crawl.end(SOON);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let slow = rows(&db, "SELECT title, error FROM pages WHERE depth = 1");
    assert_eq!(slow, ["[Text(\"there\"), Null]"]);
    let pending = rows(&db, "SELECT url FROM frontier WHERE state = 'pending'");
    assert_eq!(pending, [format!("[Text(\"{url}next\")]")]);
    assert!(moments(&asked, "/next").is_empty());
}

#[test]
fn a_host_that_does_not_answer_is_left_alone() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{gone}/");
    let scratch = Scratch::new();
    let db = scratch.path().join("db");
    let ended = run(command(&[&url, "--rate", "1000"]).arg("--db").arg(&db));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = format!("{url}robots.txt: no connection: Connection refused");
    assert!(ended.stderr.contains(&told), "{told} is not in {ended:?}");
    assert!(ended.stdout.contains("1 URL pending"), "{ended:?}");
}
