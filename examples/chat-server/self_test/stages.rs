//! What is looked at in particular, one after the other, each with a server of its own.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

use super::client::{Buffer, Client, Told, Via};
use super::server::{App, Tested, options};
use super::{Outcome, Passed, expect, text};
use crate::books::{Entry, Why};
use crate::directory::DirectoryMsg;
use crate::protocol::{Limits, Name, Request};

/// Whatever a client does wrong, it is told what to do, and the connection goes on.
pub(super) async fn limits(app: &App) -> Outcome {
    let mut options = options();
    options.limits = Limits {
        rooms_of_user_max: 2,
        rooms_max: 3,
        members_max: 2,
        ..Limits::default()
    };
    let limits = options.limits;
    let server = Tested::start(app, options).await?;
    let mut refusals = 0;
    for (via, [ann, other_name, third, fourth]) in [
        (Via::Tcp, ["ann", "other", "third", "fourth"]),
        (Via::WebSocket, ["Ann", "Other", "Third", "Fourth"]),
    ] {
        let room = |room: &str| Request::Join {
            room: room.to_owned(),
        };
        let say = |room: &str, text: String| Request::Say {
            room: room.to_owned(),
            text,
            id: None,
        };
        let hello = |name: &str| Request::Hello {
            name: name.to_owned(),
        };
        let long = "x".repeat(limits.text_bytes_max + 1);
        let mut other = Client::connect(server.to, via, other_name).await?;
        other.join("c").await?;
        let mut client = Client::open(server.to, via, ann, Buffer::AsUsual).await?;
        client.put_raw("what?").await?;
        client.expect_refusal("bad_line").await?;
        if via == Via::Tcp {
            client
                .put_raw(&"x".repeat(limits.line_bytes_max + 1))
                .await?;
            client.expect_refusal("line_too_long").await?;
        }
        client.refused(&room("a"), "no_name").await?;
        client.refused(&hello("no name"), "bad_name").await?;
        client.refused(&hello(other_name), "name_taken").await?;
        client.hello().await?;
        client.refused(&hello("bob"), "named_already").await?;
        client.refused(&room("a/b"), "bad_name").await?;
        client
            .refused(&say("a", long.clone()), "not_in_room")
            .await?;
        client.join("a").await?;
        client.refused(&room("a"), "in_room_already").await?;
        client.refused(&say("a", long), "text_too_long").await?;
        client.refused(&say("a", " ".to_owned()), "no_text").await?;
        client.join("b").await?;
        client.refused(&room("c"), "too_many_rooms_of_user").await?;
        let mut third = Client::connect(server.to, via, third).await?;
        third.refused(&room("d"), "too_many_rooms").await?;
        third.join("a").await?;
        let mut fourth = Client::connect(server.to, via, fourth).await?;
        fourth.refused(&room("a"), "room_full").await?;
        // After all of that it can talk.
        client.ask(&say("a", "hi".to_owned())).await?;
        third.wait_for("said").await?;
        client.wait_for("said").await?;
        refusals += if via == Via::Tcp { 15 } else { 14 };
        for client in [other, client, third, fourth] {
            client.bye().await?;
        }
    }
    server.stop().await?;
    Ok(Passed {
        messages: 2,
        deliveries: 4,
        found: format!(
            "{refusals} refusals, each told with what to do, none of which cost the connection"
        ),
    })
}

/// A client that does not read is cut off; nobody waits for it, and nobody else loses anything.
pub(super) async fn slow(app: &App) -> Outcome {
    const MESSAGES_MAX: u64 = 20_000;

    let mut options = options();
    options.outbox_lines = 64;
    let server = Tested::start(app, options).await?;
    let mut sender = Client::connect(server.to, Via::Tcp, "sender").await?;
    sender.join("room").await?;
    let mut reader = Client::connect(server.to, Via::WebSocket, "reader").await?;
    reader.join("room").await?;
    let mut slow = Client::open(server.to, Via::Tcp, "slow", Buffer::Small).await?;
    slow.hello().await?;
    slow.join("room").await?;
    let what = "x".repeat(1500);
    let mut said = 0;
    let left = loop {
        if said == MESSAGES_MAX {
            return Err("a client that does not read was never cut off".to_owned());
        }
        said += 1;
        sender.say("room", what.clone(), Some(said)).await?;
        sender.flush().await?;
        // Its own, so that it is never behind.
        let line = sender.wait_for_one_of(&["said", "left"]).await?;
        let told = Told::of(&line)?;
        if told.event == "left" {
            break line;
        }
        expect("the number of a message", told.seq, Some(said))?;
        reader.wait_for("said").await?;
    };
    expect("who left", left.contains("\"slow\""), true)?;
    let mut read = 0;
    while let Some(line) = slow.line().await? {
        read += u64::from(Told::of(&line)?.event == "said");
    }
    sender.bye().await?;
    reader.bye().await?;
    let books = server.books.clone();
    let journal = server.stop().await?;
    let cut = journal.iter().find_map(|entry| match entry {
        Entry::Parted {
            name,
            membership,
            why: Why::TooSlow,
            ..
        } if name.as_str() == "slow" => Some(membership.until - membership.since),
        _ => None,
    });
    let due = cut.ok_or("that it was cut off is not in the journal")?;
    if due < read {
        return Err(format!("it has read {read} messages, and was due {due}"));
    }
    Ok(Passed {
        messages: books.accepted.value(),
        deliveries: books.queued.value(),
        found: format!(
            "cut off after {due} messages, {} of them unread; the others have all",
            due - read
        ),
    })
}

/// A room that fails has its members afterwards, and says what became of the message that it failed on.
pub(super) async fn restart(app: &App) -> Outcome {
    const MEMBERS: usize = 5;
    const REACHED: usize = 2;
    const ROUNDS: u64 = 20;

    let server = Tested::start(app, options()).await?;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let via = if number % 2 == 0 {
            Via::Tcp
        } else {
            Via::WebSocket
        };
        let mut client = Client::connect(server.to, via, &format!("m{number}")).await?;
        client.join("room").await?;
        members.push(client);
    }
    let name = Name::new("room").map_err(text)?;
    let rooms = server.hub.directory.ask(DirectoryMsg::RoomRefs).await;
    let room = rooms.map_err(text)?.remove(0);
    for round in 0..ROUNDS {
        // Two messages at once: one that it fails on, and one that waits meanwhile.
        server.faults.of(&name).light(REACHED as u32 + 1);
        let sender = &mut members[4];
        sender.say("room", "fails".to_owned(), Some(1)).await?;
        sender.say("room", "waits".to_owned(), Some(2)).await?;
        sender.flush().await?;
        let line = sender.wait_for("lost").await?;
        let told = Told::of(&line)?;
        let found = (told.seq, told.id, told.delivered, told.due);
        let wanted = (Some(3 * round + 1), Some(1), Some(REACHED), Some(MEMBERS));
        expect("what is told to the sender", found, wanted)?;
        // Killed between two messages nothing is lost, and the reference is the same.
        room.kill();
        sender
            .ask(&Request::Say {
                room: "room".to_owned(),
                text: "after".to_owned(),
                id: Some(3),
            })
            .await?;
        for (number, client) in members.iter_mut().enumerate() {
            let first = if number < REACHED { 1 } else { 2 };
            for seq in first..=3 {
                let line = client.wait_for("said").await?;
                expect("a message", Told::of(&line)?.seq, Some(3 * round + seq))?;
            }
        }
    }
    let restarts = server.books.rooms_restarted.value();
    if !(ROUNDS..=2 * ROUNDS).contains(&restarts) {
        return Err(format!(
            "{restarts} restarts, for {ROUNDS} failures and as many kills"
        ));
    }
    for client in members {
        client.bye().await?;
    }
    server.stop().await?;
    Ok(Passed {
        messages: 3 * ROUNDS,
        deliveries: ROUNDS * (3 * MEMBERS - (MEMBERS - REACHED)) as u64,
        found: format!(
            "{restarts} restarts, all members kept; senders told of {ROUNDS} messages cut short"
        ),
    })
}

/// The server stops while all are in the midst of talking.
pub(super) async fn drain(app: &App) -> Outcome {
    const CLIENTS: usize = 20;
    const ROOMS: usize = 2;

    let server = Tested::start(app, options()).await?;
    let mut tasks = Vec::new();
    for number in 0..CLIENTS {
        let via = if number % 4 == 0 {
            Via::WebSocket
        } else {
            Via::Tcp
        };
        let client = Client::connect(server.to, via, &format!("c{number}")).await?;
        let room = format!("room{}", number % ROOMS);
        let task = app.task(format!("client {number}"));
        let talking = talk(client, room, CLIENTS / ROOMS);
        tasks.push(task.spawn_with_handle(talking).await.map_err(text)?);
    }
    sleep(Duration::from_millis(300)).await;
    server.begin_stop();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.map_err(text)??);
    }
    let to = server.to.tcp;
    let books = server.books.clone();
    server.stop().await?;
    if TcpStream::connect(to).await.is_ok() {
        return Err("somebody listens after the stop".to_owned());
    }
    for (number, talked) in all.iter().enumerate() {
        let same_room = &all[number % ROOMS];
        expect(
            "messages of a room, to each of its members",
            talked.last,
            same_room.last,
        )?;
    }
    let accepted: u64 = (0..ROOMS).map(|room| all[room].last).sum();
    expect("messages accepted", books.accepted.value(), accepted)?;
    let own: u64 = all.iter().map(|talked| talked.own).sum();
    expect("messages that came back to their senders", own, accepted)?;
    let deliveries: u64 = all.iter().map(|talked| talked.last).sum();
    expect("deliveries", books.queued.value(), deliveries)?;
    let refused: u64 = all.iter().map(|talked| talked.refused).sum();
    Ok(Passed {
        messages: accepted,
        deliveries,
        found: format!(
            "each that was taken came to all, {refused} were refused, and a farewell behind"
        ),
    })
}

#[derive(Debug, Default)]
struct Talked {
    last: u64,
    own: u64,
    refused: u64,
}

/// Talks until the server has said farewell.
async fn talk(mut client: Client, room: String, members: usize) -> Result<Talked, String> {
    const AT_ONCE: u64 = 8;

    client.gather(&room, members).await?;
    let mut talked = Talked::default();
    let mut said = 0;
    let mut is_over = false;
    loop {
        while !is_over && said < talked.own + talked.refused + AT_ONCE {
            said += 1;
            client.say(&room, "hello".to_owned(), Some(said)).await?;
        }
        // The server may have closed: then there is a farewell to read.
        let _ = client.flush().await;
        let line = client.line().await?;
        let line = line.ok_or("it was closed without a farewell")?;
        let told = Told::of(&line)?;
        match told.event {
            "said" => {
                talked.last += 1;
                expect("the number of a message", told.seq, Some(talked.last))?;
                talked.own += u64::from(told.from == Some(&client.name));
            }
            "error" => {
                expect("the code of an error", told.code, Some("stopping"))?;
                is_over = true;
                talked.refused += 1;
            }
            "farewell" => break,
            _ => {}
        }
    }
    match client.line().await? {
        None => Ok(talked),
        Some(line) => Err(format!("{line} came after the farewell")),
    }
}
