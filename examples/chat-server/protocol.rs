//! What is said between a client and the server: one JSON object a line, or a WebSocket message.
//!
//! ```text
//! client: {"op":"hello","name":"ann"}                      server: {"event":"welcome","name":"ann",…}
//!         {"op":"join","room":"lobby"}                             {"event":"joined","room":"lobby","seq":0,"members":["ann"]}
//!         {"op":"say","room":"lobby","text":"hi","id":1}           {"event":"said","room":"lobby","seq":1,"from":"ann","text":"hi","id":1}
//! ```
//!
//! What is refused is answered with an `error` that says what to do, and the connection goes on. A client's own line comes
//! back to it like everybody's, with the `id` it gave: that is the acknowledgement, and `seq` its place in the room.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How much of each there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of what a client sends, in bytes, without its end.
    pub(crate) line_bytes_max: usize,
    pub(crate) text_bytes_max: usize,
    /// In how many rooms one user may be.
    pub(crate) rooms_of_user_max: usize,
    pub(crate) rooms_max: usize,
    pub(crate) members_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Room for a text every byte of which is written as `\u00xx`, and what is around it.
            line_bytes_max: 16 * 1024,
            text_bytes_max: 2000,
            rooms_of_user_max: 16,
            rooms_max: 1024,
            members_max: 256,
        }
    }
}

/// Of users and rooms alike.
pub(crate) const NAME_BYTES_MAX: usize = 32;

/// The name of a user or a room: letters and digits of any script, `-` and `_`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(Arc<str>);

impl Name {
    pub(crate) fn new(text: &str) -> Result<Self, Refusal> {
        let is_sound = text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if text.is_empty() || text.len() > NAME_BYTES_MAX || !is_sound {
            return Err(Refusal::BadName);
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// The first of all.
    Hello {
        name: String,
    },
    Join {
        room: String,
    },
    Leave {
        room: String,
    },
    Say {
        room: String,
        text: String,
        /// Whatever the client likes to know its own line by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Who is in a room. Answered behind all that was said there before.
    Who {
        room: String,
    },
    Rooms,
    /// The client is about to go.
    Bye,
}

impl Request {
    pub(crate) fn parse(line: &str) -> Result<Self, Refusal> {
        serde_json::from_str(line).map_err(|error| Refusal::BadLine(error.to_string()))
    }
}

/// What the server says. A client that reads borrows from the line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    Welcome {
        name: Cow<'a, str>,
        text_bytes_max: usize,
        rooms_of_user_max: usize,
    },
    /// To who joins; all that is said after `seq` will come.
    Joined {
        room: Cow<'a, str>,
        seq: u64,
        members: Vec<Cow<'a, str>>,
    },
    /// To the others.
    Entered {
        room: Cow<'a, str>,
        name: Cow<'a, str>,
    },
    Left {
        room: Cow<'a, str>,
        name: Cow<'a, str>,
    },
    Said {
        #[serde(borrow)]
        room: Cow<'a, str>,
        seq: u64,
        #[serde(borrow)]
        from: Cow<'a, str>,
        #[serde(borrow)]
        text: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    Members {
        room: Cow<'a, str>,
        seq: u64,
        members: Vec<Cow<'a, str>>,
    },
    Rooms {
        rooms: Vec<Cow<'a, str>>,
    },
    /// To who said it: the room failed on it.
    Lost {
        room: Cow<'a, str>,
        seq: u64,
        id: Option<u64>,
        /// So many have got it,
        delivered: usize,
        /// of so many that were to.
        due: usize,
        text: Cow<'a, str>,
    },
    Error {
        code: Cow<'a, str>,
        text: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The last.
    Farewell {
        text: Cow<'a, str>,
    },
}

impl Event<'_> {
    pub(crate) fn line(&self) -> Line {
        Line::of(self)
    }
}

/// A line as it goes out, without its end. All who get it share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Utf8Bytes);

impl Line {
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let text = serde_json::to_string(value).expect("its maps have keys that are text");
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Why something is not done, and what the client can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    BadLine(String),
    LineTooLong { bytes_max: usize },
    NotText,
    NoName,
    NamedAlready,
    BadName,
    NameTaken(Name),
    NotIn(Name),
    InAlready(Name),
    TooManyRoomsOfUser { max: usize },
    TooManyRooms { max: usize },
    RoomFull { room: Name, max: usize },
    NoText,
    TextTooLong { bytes_max: usize },
    RoomEnded(Name),
    Stopping,
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::BadLine(_) => "bad_line",
            Self::LineTooLong { .. } => "line_too_long",
            Self::NotText => "not_text",
            Self::NoName => "no_name",
            Self::NamedAlready => "named_already",
            Self::BadName => "bad_name",
            Self::NameTaken(_) => "name_taken",
            Self::NotIn(_) => "not_in_room",
            Self::InAlready(_) => "in_room_already",
            Self::TooManyRoomsOfUser { .. } => "too_many_rooms_of_user",
            Self::TooManyRooms { .. } => "too_many_rooms",
            Self::RoomFull { .. } => "room_full",
            Self::NoText => "no_text",
            Self::TextTooLong { .. } => "text_too_long",
            Self::RoomEnded(_) => "room_ended",
            Self::Stopping => "stopping",
        }
    }

    pub(crate) fn line(&self, id: Option<u64>) -> Line {
        Event::Error {
            code: self.code().into(),
            text: self.to_string().into(),
            id,
        }
        .line()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLine(wrong) => write!(
                f,
                "this is no request ({wrong}): send one JSON object a line, such as {{\"op\":\"join\",\"room\":\"lobby\"}}"
            ),
            Self::LineTooLong { bytes_max } => {
                write!(f, "a line has at most {bytes_max} bytes: send less at once")
            }
            Self::NotText => write!(f, "this is no UTF-8: send text"),
            Self::NoName => write!(
                f,
                "nobody knows you yet: first send {{\"op\":\"hello\",\"name\":\"…\"}}"
            ),
            Self::NamedAlready => {
                write!(f, "you have a name: to have another one, connect once more")
            }
            Self::BadName => write!(
                f,
                "a name has 1 to {NAME_BYTES_MAX} bytes, letters, digits, - and _: choose such a one"
            ),
            Self::NameTaken(name) => write!(f, "somebody is called {name}: choose another name"),
            Self::NotIn(room) => write!(f, "you are not in {room}: join it first"),
            Self::InAlready(room) => write!(f, "you are in {room}: there is nothing to do"),
            Self::TooManyRoomsOfUser { max } => {
                write!(f, "you are in {max} rooms, which is the most: leave one")
            }
            Self::TooManyRooms { max } => write!(
                f,
                "there are {max} rooms, which is the most: join one that is there"
            ),
            Self::RoomFull { room, max } => write!(
                f,
                "{room} has {max} members, which is the most: join another room, or come again"
            ),
            Self::NoText => write!(f, "the text is empty: say something"),
            Self::TextTooLong { bytes_max } => {
                write!(f, "a text has at most {bytes_max} bytes: say it in parts")
            }
            Self::RoomEnded(room) => write!(f, "{room} has ended: join it once more"),
            Self::Stopping => write!(f, "the server is about to stop: connect again soon"),
        }
    }
}

/// What may be said.
pub(crate) fn checked_text(text: &str, limits: &Limits) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::NoText);
    }
    if text.len() > limits.text_bytes_max {
        return Err(Refusal::TextTooLong {
            bytes_max: limits.text_bytes_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
