use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{Ended, Running};
use crate::scratch::Scratch;

const SOON: Duration = Duration::from_secs(10);

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-client"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Ended {
    Running::start(&mut command(args)).end(Duration::from_secs(30))
}

/// The cells of the table's row of this name.
fn row<'a>(ended: &'a Ended, name: &str) -> Vec<&'a str> {
    let mut lines = ended.stdout.lines();
    let row = lines.find(|line| line.starts_with(name));
    let row = row.unwrap_or_else(|| panic!("no row {name} in {ended:?}"));
    row.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

#[test]
fn all_of_a_server_of_its_own_are_fetched() {
    let ended = run(&["--requests", "100"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let fetched = row(&ended, "fetched");
    assert_eq!(fetched.len(), 6, "{ended:?}");
    assert_eq!(fetched[1], "100");
    // From 1 to 64 KiB each, one of each size and then those of the first 36.
    let bytes = 1024 * (64 * 65 / 2 + 36 * 37 / 2);
    let told = format!("100 URLs, {:.1} MB in ", f64::from(bytes) / 1e6);
    assert!(ended.stdout.contains(&told), "{told} is not in {ended:?}");
}

#[test]
fn every_failure_is_collected_with_its_reason() {
    let ended = run(&["--requests", "50", "--faults", "6", "--deadline", "500ms"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(row(&ended, "fetched")[1], "44");
    assert_eq!(row(&ended, "failed")[1], "6");
    for reason in [
        "the answer is 503 Service Unavailable",
        "the request failed: connection closed before message completed",
        "no answer within 500.0 ms",
    ] {
        let told = ended.stdout.matches(reason).count();
        assert_eq!(told, 2, "{reason} in {ended:?}");
    }
    assert!(!ended.stdout.contains("PARTIAL"), "{ended:?}");
}

#[test]
fn the_first_error_ends_the_run_if_so_told() {
    let ended = run(&["--first-error", "--requests", "5000", "--faults", "1"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(row(&ended, "failed")[1], "1");
    assert!(
        ended.stdout.contains("/unavailable/0: the answer is 503"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("(PARTIAL: "), "{ended:?}");
}

#[test]
fn an_unreachable_host_is_a_failure_of_its_url_alone() {
    // Nobody listens where somebody did a moment ago.
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ended = run(&[&format!("http://{gone}/")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("failed: http://{gone}/: cannot connect: Connection refused");
    assert!(ended.stdout.contains(&told), "{told} is not in {ended:?}");
    assert_eq!(row(&ended, "fetched"), ["fetched", "0"]);
}

#[test]
fn bad_input_is_told_before_anything_is_fetched() {
    let scratch = Scratch::new();
    let empty = scratch.file("empty", "# nothing yet\n");
    for (args, wrong) in [
        (
            vec!["localhost", "ftp://x/"],
            "error: localhost: no URL: it does not say how (http://localhost?)\nerror: ftp://x/: ftp is not spoken here, only http\n",
        ),
        (
            vec!["https://localhost/"],
            "error: https://localhost/: https is not spoken here, only http\n",
        ),
        (
            vec!["--file", "no/such/file"],
            "error: cannot read no/such/file: ",
        ),
        (
            vec!["--file", empty.to_str().unwrap()],
            "error: there is no URL in the file\n",
        ),
        (vec!["--limit", "0"], "error: invalid value '0'"),
        (vec!["--deadline", "soon"], "error: invalid value 'soon'"),
        (
            vec!["--faults", "1", "http://localhost/"],
            "error: the argument '--faults <N>' cannot be used with",
        ),
    ] {
        let ended = run(&args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with(wrong), "{args:?}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}

#[test]
fn urls_come_from_standard_input_too() {
    let mut child = command(&["--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"http://a/\nhttps://b/\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("error: https://b/: "), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_the_figures_until_then() {
    // It takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let mut client = Running::start(&mut command(&[&url, &url, "--deadline", "1h"]));
    let begun = client.line();
    assert_eq!(begun, "Fetching 2 URLs, 16 at once (Ctrl-C stops)\n");
    let connections = [silent.accept().unwrap(), silent.accept().unwrap()];
    client.signal("INT");
    let ended = client.end(SOON);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(
        ended.stdout.ends_with("(PARTIAL: 2 not fetched)\n"),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains("failed"), "{ended:?}");
    drop(connections);
}
