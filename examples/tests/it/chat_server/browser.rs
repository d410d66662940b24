//! A real browser, driven over the DevTools protocol: Debian's chromium, without a window.
//!
//! The protocol is JSON over a WebSocket: a command has an `id`, and so has its answer; all else is events, which are passed
//! over. That is all a test of one page needs, and a tenth of what a driver's library brings.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A browser that is running. It does not outlive the test, nor do its files.
pub(super) struct Browser {
    child: Child,
    socket: WebSocketStream<TcpStream>,
    last_id: u64,
    _profile: TempDir,
}

/// A tab.
#[derive(Clone, Debug)]
pub(super) struct Page {
    session: String,
}

const PROGRAMS: [&str; 2] = ["chromium", "chromium-browser"];

/// Longer than anything takes that does not hang. A first start on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

impl Browser {
    /// None where there is none, which is told.
    pub(super) async fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("no place for the browser's files");
        let child = PROGRAMS
            .iter()
            .find_map(|program| command(program, &profile).spawn().ok());
        let Some(mut child) = child else {
            // Not by `eprintln!`, which libtest keeps to itself.
            use std::io::Write as _;
            let told = "SKIPPED the page in a browser; this installs one on Debian: apt-get install -y chromium\n";
            let _ = std::io::stderr().write_all(told.as_bytes());
            return None;
        };
        let stderr = child.stderr.take().expect("it is piped");
        let address = tokio::task::spawn_blocking(move || address(BufReader::new(stderr)));
        let address = timeout(PATIENCE, address).await;
        let address = address.expect("the browser does not start").unwrap();
        let host = address.trim_start_matches("ws://");
        let host = host.split('/').next().expect("there is a first part");
        let stream = TcpStream::connect(host)
            .await
            .expect("it says that it listens");
        let (socket, _) = client_async(&address, stream).await.unwrap();
        Some(Self {
            child,
            socket,
            last_id: 0,
            _profile: profile,
        })
    }

    /// Opens a tab.
    pub(super) async fn open(&mut self, url: &str) -> Page {
        let opened = self
            .call(None, "Target.createTarget", json!({ "url": "about:blank" }))
            .await;
        let target = opened["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach).await;
        let page = Page {
            session: attached["sessionId"].as_str().unwrap().to_owned(),
        };
        // As if it were in front: a tab in the background has its timers slowed down, and nothing focused.
        let focus = json!({ "enabled": true });
        self.call(Some(&page), "Emulation.setFocusEmulationEnabled", focus)
            .await;
        // Answered when the new document is there: what is asked before would be asked of the old one.
        let navigate = json!({ "url": url });
        self.call(Some(&page), "Page.navigate", navigate).await;
        self.wait(&page, "document.readyState === 'complete'").await;
        page
    }

    /// The value of an expression.
    pub(super) async fn eval(&mut self, page: &Page, expression: &str) -> Value {
        let evaluate =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let evaluated = self.call(Some(page), "Runtime.evaluate", evaluate).await;
        assert!(
            evaluated.get("exceptionDetails").is_none(),
            "{expression}: {evaluated}"
        );
        evaluated["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(super) async fn wait(&mut self, page: &Page, condition: &str) {
        let until = Instant::now() + PATIENCE;
        while self.eval(page, condition).await != json!(true) {
            if Instant::now() > until {
                let text = self.eval(page, "document.body.innerText").await;
                panic!(
                    "never was {condition}, in the page\n{}",
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Types into whatever has the focus.
    pub(super) async fn type_text(&mut self, page: &Page, text: &str) {
        let text = json!({ "text": text });
        self.call(Some(page), "Input.insertText", text).await;
    }

    /// Presses a key, and lets go.
    pub(super) async fn press(&mut self, page: &Page, key: Key) {
        let (name, code, text) = match key {
            Key::Tab => ("Tab", 9, ""),
            Key::Enter => ("Enter", 13, "\r"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code,
            });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call(Some(page), "Input.dispatchKeyEvent", event).await;
        }
    }

    async fn call(&mut self, page: Option<&Page>, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(page) = page {
            command["sessionId"] = json!(page.session);
        }
        let message = Message::text(command.to_string());
        self.socket.send(message).await.unwrap();
        let answer = timeout(PATIENCE, self.answer(id)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{method} is not answered"));
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self
                .socket
                .next()
                .await
                .expect("the browser has gone")
                .unwrap();
            let Message::Text(text) = message else {
                continue;
            };
            let said: Value = serde_json::from_str(&text).unwrap();
            if said["id"] == json!(id) {
                return said;
            }
        }
    }
}

/// A key that has no character.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    Tab,
    Enter,
}

fn command(program: &str, profile: &TempDir) -> Command {
    let mut command = Command::new(program);
    command
        .args([
            "--headless=new",
            "--remote-debugging-port=0",
            "--no-first-run",
        ])
        // It is often root who builds, in a container, where the browser's own walls cannot be set up. It opens our page only.
        .args(["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        // Nothing from the network, and nothing of whoever runs the test.
        .args([
            "--disable-background-networking",
            "--disable-sync",
            "--disable-extensions",
        ])
        .args([
            "--disable-component-update",
            "--no-default-browser-check",
            "--no-proxy-server",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("about:blank")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The address that the browser says it listens on. What it says after that is read too, or it would wait for it.
fn address(mut stderr: BufReader<std::process::ChildStderr>) -> String {
    let mut said = String::new();
    loop {
        let mut line = String::new();
        let read = stderr.read_line(&mut line).unwrap_or(0);
        assert!(read > 0, "the browser ended:\n{said}");
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.trim().to_owned();
            thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
            return address;
        }
        said.push_str(&line);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
