use std::process::{Command, Output};
use std::time::Duration;

use crate::process::Running;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_echo-server"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("cannot run the echo server")
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn the_self_test_passes() {
    let mut test = Running::start(&mut command(&["--self-test", "--connections", "300"]));
    let begun = test.line();
    assert!(begun.starts_with("Self-test: 300 connections"), "{begun}");
    let ended = test.end(Duration::from_secs(60));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "every byte came back",
        "never more than 4 at once",
        "100 in the midst of sending lost nothing",
        "tasks alive after shutdown: 0\nself-test passed\n",
    ] {
        assert!(
            ended.stdout.contains(part),
            "{part} is not in\n{}",
            ended.stdout
        );
    }
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    for (args, wrong) in [
        (
            ["--listen", "localhost"],
            "it has no port: try localhost:7007",
        ),
        (["--listen", "localhost:http"], "'http' is no port"),
        (["--idle", "10"], "a time needs a unit: 10ms or 10s"),
        (["--idle", "0s"], "longer than no time at all"),
        (["--connections-max", "0"], "there must be at least 1"),
        (["--connections", "5"], "--self-test"),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(wrong), "{args:?}: {text}");
    }
}

#[test]
fn an_address_in_use_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let server = Running::start(&mut command(&["--listen", &address]));
    let ended = server.end(SOON);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told = format!("error: cannot listen on {address}: ");
    assert!(ended.stderr.starts_with(&told), "{ended:?}");
}

#[cfg(unix)]
mod signals {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use super::*;

    /// A server, and a client of it whose first bytes have come back.
    fn serving(args: &[&str]) -> (Running, TcpStream) {
        let mut server = Running::start(command(&["--listen", "127.0.0.1:0"]).args(args));
        let line = server.line();
        let address = line.split_whitespace().nth(2).unwrap_or_default();
        let mut client = TcpStream::connect(address).expect("it says that it listens");
        client.set_read_timeout(Some(SOON)).unwrap();
        client.write_all(b"hello").unwrap();
        let mut back = [0; 5];
        client.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"hello");
        (server, client)
    }

    /// Sends and reads until the server has had enough of it.
    fn talk_for_ever(mut client: TcpStream) {
        let mut back = [0; 64];
        while client.write_all(b"more").is_ok() && client.read(&mut back).is_ok_and(|read| read > 0)
        {
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn either_signal_stops_it_in_order() {
        for name in ["INT", "TERM"] {
            let (mut server, mut client) = serving(&[]);
            server.signal(name);
            let told = server.line();
            let wanted = format!("SIG{name}: 1 connection may finish within 10.00 s\n");
            assert_eq!(told, wanted);
            // It is quiet, so it has finished.
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
            let ended = server.end(SOON);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            for part in [
                "served 1 connection in ",
                "connections ended by the server's stop: 1\n",
                "stopped: nothing was cut off\n",
            ] {
                assert!(ended.stdout.contains(part), "{part} is not in {ended:?}");
            }
        }
    }

    #[test]
    fn what_is_under_way_when_the_signal_comes_is_echoed_to_the_end() {
        const LENGTH: usize = 4 << 20;

        let (server, mut client) = serving(&[]);
        let mut writer = client.try_clone().unwrap();
        let sent: Vec<u8> = (0..LENGTH).map(|at| (at % 251) as u8).collect();
        let mut back = vec![0; LENGTH];
        client.set_read_timeout(Some(SOON)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (first, rest) = sent.split_at(LENGTH / 4);
                writer.write_all(first).unwrap();
                server.signal("INT");
                writer.write_all(rest).unwrap();
            });
            client.read_exact(&mut back).unwrap();
        });
        assert!(back == sent, "what came back is not what was sent");
        drop((client, writer));
        let ended = server.end(SOON);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("by their clients: 1"), "{ended:?}");
    }

    #[test]
    fn a_client_that_does_not_stop_is_cut_off_and_the_code_says_so() {
        let (server, client) = serving(&["--grace", "300ms"]);
        let talk = thread::spawn(|| talk_for_ever(client));
        server.signal("INT");
        let ended = server.end(SOON);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let told = "stopped: 1 connection was cut off when the grace was over\n";
        assert!(ended.stdout.ends_with(told), "{ended:?}");
        talk.join().unwrap();
    }

    #[test]
    fn a_second_signal_ends_it_at_once() {
        let (mut server, client) = serving(&["--grace", "1h"]);
        let talk = thread::spawn(|| talk_for_ever(client));
        server.signal("INT");
        assert!(server.line().starts_with("SIGINT: 1 connection"));
        server.signal("INT");
        let ended = server.end(SOON);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        talk.join().unwrap();
    }

    #[test]
    fn the_self_test_can_be_interrupted() {
        let mut test = Running::start(&mut command(&["--self-test", "--connections", "5000"]));
        assert!(test.line().starts_with("Self-test: "));
        test.signal("INT");
        let ended = test.end(SOON);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let told = "interrupted: the self-test is not finished\n";
        assert_eq!(ended.stderr, told, "{ended:?}");
    }
}
