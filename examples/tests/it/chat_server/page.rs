//! The page, as a user has it: by keyboard, in a real browser.

use std::time::Duration;

use super::browser::{Browser, Key, Page};
use super::{SOON, command};
use crate::process::Running;

/// A server, and where its page is.
fn serving(http: &str) -> (Running, String) {
    let mut server = Running::start(&mut command(&["--listen", "127.0.0.1:0", "--http", http]));
    server.line();
    let line = server.line();
    let url = line.split_whitespace().last().unwrap_or_default();
    assert!(url.starts_with("http://"), "{line}");
    (server, url.to_owned())
}

/// Opens the page, and enters a room without a mouse.
async fn enter(browser: &mut Browser, url: &str, name: &str) -> Page {
    let page = browser.open(url).await;
    browser
        .wait(&page, "document.activeElement?.id === 'name'")
        .await;
    browser.type_text(&page, name).await;
    browser.press(&page, Key::Tab).await;
    browser
        .wait(&page, "document.activeElement?.id === 'room'")
        .await;
    browser.press(&page, Key::Enter).await;
    browser
        .wait(&page, &shows(&format!("{name} in lobby")))
        .await;
    // Ready to talk, without a further key.
    browser
        .wait(&page, "document.activeElement?.id === 'text'")
        .await;
    page
}

async fn say(browser: &mut Browser, page: &Page, text: &str) {
    browser.type_text(page, text).await;
    browser.press(page, Key::Enter).await;
}

/// An expression: whether the page shows this text.
fn shows(text: &str) -> String {
    format!("document.body.innerText.includes({text:?})")
}

/// An expression: whether this line of this user is shown, as one that has been said.
fn has_line(from: &str, text: &str) -> String {
    let wanted = format!("{from}{text}");
    format!(
        "[...document.querySelectorAll('#lines li:not(.unsent)')].some(li => li.textContent === {wanted:?})"
    )
}

#[tokio::test]
async fn two_users_talk_and_go_on_after_a_restart_of_the_server() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let (server, url) = serving("127.0.0.1:0");
    let ann = enter(&mut browser, &url, "ann").await;
    let bob = enter(&mut browser, &url, "bob").await;
    browser.wait(&ann, &shows("bob came in")).await;

    say(&mut browser, &ann, "hello <b>bob</b>").await;
    browser
        .wait(&ann, &has_line("ann", "hello <b>bob</b>"))
        .await;
    browser
        .wait(&bob, &has_line("ann", "hello <b>bob</b>"))
        .await;
    say(&mut browser, &bob, "hello ann").await;
    browser.wait(&ann, &has_line("bob", "hello ann")).await;

    server.signal("INT");
    browser
        .wait(&ann, &shows("the server stops: connect again soon"))
        .await;
    browser.wait(&ann, &shows("connecting again in")).await;
    let ended = server.end(SOON);
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let (server, _) = serving(host);
    for (page, name) in [(&ann, "ann"), (&bob, "bob")] {
        browser
            .wait(page, &shows(&format!("{name} in lobby")))
            .await;
    }
    browser
        .wait(&bob, "!document.getElementById('text').disabled")
        .await;
    // Both may have come back in either order; who says something is heard by who is there.
    tokio::time::sleep(Duration::from_millis(100)).await;
    browser
        .eval(&bob, "document.getElementById('text').focus()")
        .await;
    say(&mut browser, &bob, "here we are again").await;
    browser
        .wait(&ann, &has_line("bob", "here we are again"))
        .await;
    drop(server);
}

#[tokio::test]
async fn what_is_refused_is_shown() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let (_server, url) = serving("127.0.0.1:0");
    let _ann = enter(&mut browser, &url, "ann").await;
    let page = browser.open(&url).await;
    browser
        .wait(&page, "document.activeElement?.id === 'name'")
        .await;
    browser.type_text(&page, "ann").await;
    browser.press(&page, Key::Enter).await;
    let told = shows("somebody is called ann: choose another name");
    browser.wait(&page, &told).await;
    // It does not try for ever, and lets one choose.
    browser.wait(&page, &shows("Not connected")).await;
    browser
        .wait(&page, "document.activeElement?.id === 'name'")
        .await;
}
