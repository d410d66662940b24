//! The chat server, from outside: what it says, how it ends, and its page in a browser.

#[cfg(unix)]
mod browser;
#[cfg(unix)]
mod page;

use std::process::{Command, Output};
use std::time::Duration;

use crate::process::Running;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-server"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().expect("cannot run the chat server")
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn the_self_test_passes() {
    let args = ["--self-test", "--clients", "100", "--messages", "10000"];
    let mut test = Running::start(&mut command(&args));
    let begun = test.line();
    assert!(
        begun.starts_with("Self-test: 10,000 messages by 100 clients"),
        "{begun}"
    );
    let ended = test.end(Duration::from_secs(120));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "29 refusals, each told with what to do",
        "the others have all",
        "all members kept",
        "a farewell behind",
        "order kept, every loss explained",
        "Messages said                        10,000",
        "unexplained                             0",
        "actors and tasks alive after shutdown: 0\nself-test passed\n",
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
            "it has no port: try localhost:7008",
        ),
        (["--http", "localhost:http"], "'http' is no port"),
        (["--grace", "10"], "a time needs a unit: 10ms or 10s"),
        (["--outbox", "0"], "there must be at least 1"),
        (["--clients", "50"], "--self-test"),
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
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpStream;

    use super::*;

    struct Client(BufReader<TcpStream>);

    impl Client {
        /// A client with a name, in a room.
        fn join(address: &str, name: &str) -> Self {
            let stream = TcpStream::connect(address).expect("it says that it listens");
            Self::over(stream, name)
        }

        fn over(stream: TcpStream, name: &str) -> Self {
            stream.set_read_timeout(Some(SOON)).unwrap();
            let mut client = Self(BufReader::new(stream));
            client.send(&format!(r#"{{"op":"hello","name":"{name}"}}"#));
            client.send(r#"{"op":"join","room":"lobby"}"#);
            client.wait_for("\"joined\"");
            client
        }

        fn send(&mut self, line: &str) {
            // At once: the second of two small writes would wait until the first is acknowledged.
            let line = format!("{line}\n");
            self.0.get_mut().write_all(line.as_bytes()).unwrap();
        }

        fn line(&mut self) -> String {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            line
        }

        fn wait_for(&mut self, part: &str) -> String {
            loop {
                let line = self.line();
                assert!(!line.is_empty(), "it was closed before {part}");
                if line.contains(part) {
                    return line;
                }
            }
        }
    }

    /// A connection for which the system keeps little that is not read. Only Tokio's sockets can be asked for it.
    fn with_small_buffer(address: &str) -> TcpStream {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_io().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(address.parse().unwrap()).await.unwrap()
        });
        let stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream
    }

    fn serving(args: &[&str]) -> (Running, String) {
        let mut server = Running::start(command(&["--listen", "127.0.0.1:0"]).args(args));
        let line = server.line();
        let address = line.split_whitespace().nth(2).unwrap_or_default();
        (server, address.to_owned())
    }

    #[test]
    fn either_signal_stops_it_in_order() {
        for name in ["INT", "TERM"] {
            let (server, address) = serving(&[]);
            let mut ann = Client::join(&address, "ann");
            let mut bob = Client::join(&address, "bob");
            ann.send(r#"{"op":"say","room":"lobby","text":"hi","id":1}"#);
            ann.wait_for("\"said\"");
            server.signal(name);
            let said = bob.wait_for("\"said\"");
            assert_eq!(
                said,
                "{\"event\":\"said\",\"room\":\"lobby\",\"seq\":1,\"from\":\"ann\",\"text\":\"hi\",\"id\":1}\n"
            );
            for client in [&mut ann, &mut bob] {
                let farewell = client.wait_for("\"farewell\"");
                assert!(farewell.contains("connect again soon"), "{farewell}");
                assert_eq!(client.line(), "", "nothing follows");
            }
            let ended = server.end(SOON);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            for part in [
                "served 2 connections in ",
                ": 1 message accepted, 2 deliveries made\n",
                "stopped: all that was taken was delivered\n",
            ] {
                assert!(ended.stdout.contains(part), "{part} is not in {ended:?}");
            }
        }
    }

    #[test]
    fn a_client_that_does_not_read_is_cut_off_when_the_grace_is_over() {
        let (server, address) = serving(&["--grace", "300ms", "--outbox", "100000"]);
        let _silent = Client::over(with_small_buffer(&address), "silent");
        let mut loud = Client::join(&address, "loud");
        let text = "x".repeat(1900);
        // More than the system takes for a client that does not read.
        for id in 1..=500 {
            loud.send(&format!(
                r#"{{"op":"say","room":"lobby","text":"{text}","id":{id}}}"#
            ));
            loud.wait_for("\"said\"");
        }
        server.signal("INT");
        let ended = server.end(SOON);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let told = "stopped: 1 client was cut off when the grace was over\n";
        assert!(ended.stdout.ends_with(told), "{ended:?}");
    }

    #[test]
    fn the_self_test_can_be_interrupted() {
        let mut test = Running::start(&mut command(&["--self-test", "--clients", "40"]));
        assert!(test.line().starts_with("Self-test: "));
        test.signal("INT");
        let ended = test.end(SOON);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let told = "interrupted: the self-test is not finished\n";
        assert_eq!(ended.stderr, told, "{ended:?}");
    }
}
