use super::*;

#[test]
fn requests_are_lines_of_json() {
    let request = Request::parse(r#"{"op":"say","room":"a","text":"h\u00e9","id":7}"#).unwrap();
    let wanted = Request::Say {
        room: "a".to_owned(),
        text: "hé".to_owned(),
        id: Some(7),
    };
    assert_eq!(request, wanted);
    assert_eq!(
        Request::parse(r#" {"room":"a","op":"join"} "#).unwrap(),
        Request::Join {
            room: "a".to_owned()
        }
    );
    assert_eq!(Request::parse(r#"{"op":"rooms"}"#).unwrap(), Request::Rooms);
}

#[test]
fn what_is_no_request_is_said() {
    for line in [
        "",
        "hello",
        "[]",
        "{}",
        r#"{"op":"fly"}"#,
        r#"{"op":"join"}"#,
        r#"{"op":"join","room":1}"#,
        r#"{"op":"join","room":"a"} {}"#,
        r#"{"op":"say","room":"a","text":"b","id":-1}"#,
        r#"{"op":"say","room":"a","text":"b","to":"c"}"#,
    ] {
        let refused = Request::parse(line).unwrap_err();
        assert_eq!(refused.code(), "bad_line", "{line}");
        assert!(refused.to_string().contains("send one JSON object a line"));
    }
}

#[test]
fn depth_of_nesting_is_bounded() {
    let deep = format!("{}{}", "[".repeat(8000), "]".repeat(8000));
    assert_eq!(Request::parse(&deep).unwrap_err().code(), "bad_line");
}

#[test]
fn names_have_letters_digits_and_two_signs() {
    let longest = "x".repeat(NAME_BYTES_MAX);
    for good in ["a", "ann-2", "Бла_1", "雨", &longest] {
        assert_eq!(Name::new(good).unwrap().as_str(), good);
    }
    let too_long = "x".repeat(NAME_BYTES_MAX + 1);
    for bad in ["", " ", "a b", "a\n", "<b>", "a/b", "\u{202e}a", &too_long] {
        assert_eq!(Name::new(bad), Err(Refusal::BadName), "{bad:?}");
    }
}

#[test]
fn texts_are_bounded_in_bytes() {
    let limits = Limits::default();
    let longest = "é".repeat(limits.text_bytes_max / 2);
    assert_eq!(checked_text(&longest, &limits), Ok(()));
    let refused = checked_text(&format!("{longest}a"), &limits);
    assert_eq!(refused.unwrap_err().code(), "text_too_long");
    assert_eq!(checked_text(" \n", &limits), Err(Refusal::NoText));
}

/// A text at its limit never makes a line over its limit, however it is escaped.
#[test]
fn the_longest_text_fits_into_a_line() {
    let limits = Limits::default();
    let request = Request::Say {
        room: "r".repeat(NAME_BYTES_MAX),
        text: "\u{1}".repeat(limits.text_bytes_max),
        id: Some(u64::MAX),
    };
    let line = Line::of(&request);
    assert!(line.as_str().len() <= limits.line_bytes_max);
    assert_eq!(Request::parse(line.as_str()).unwrap(), request);
}

#[test]
fn events_are_read_back_as_written() {
    let said = Event::Said {
        room: "a".into(),
        seq: 3,
        from: "ann".into(),
        text: "line\nbreak \"quoted\" \u{2028}".into(),
        id: None,
    };
    let line = said.line();
    assert!(!line.as_str().contains('\n'), "{line:?}");
    assert!(!line.as_str().contains("\"id\""), "{line:?}");
    assert_eq!(
        serde_json::from_str::<Event<'_>>(line.as_str()).unwrap(),
        said
    );
}

#[test]
fn every_refusal_says_what_to_do() {
    let name = Name::new("x").unwrap();
    let all = [
        Refusal::BadLine("wrong".to_owned()),
        Refusal::LineTooLong { bytes_max: 1 },
        Refusal::NotText,
        Refusal::NoName,
        Refusal::NamedAlready,
        Refusal::BadName,
        Refusal::NameTaken(name.clone()),
        Refusal::NotIn(name.clone()),
        Refusal::InAlready(name.clone()),
        Refusal::TooManyRoomsOfUser { max: 1 },
        Refusal::TooManyRooms { max: 1 },
        Refusal::RoomFull {
            room: name.clone(),
            max: 1,
        },
        Refusal::NoText,
        Refusal::TextTooLong { bytes_max: 1 },
        Refusal::RoomEnded(name),
        Refusal::Stopping,
    ];
    for (at, refusal) in all.iter().enumerate() {
        assert!(refusal.to_string().contains(": "), "{refusal}");
        let line = refusal.line(Some(9));
        assert!(line.as_str().contains("\"id\":9"), "{line:?}");
        assert!(line.as_str().contains(refusal.code()), "{line:?}");
        let is_one_of_its_kind = all[..at].iter().all(|other| other.code() != refusal.code());
        assert!(is_one_of_its_kind, "{}", refusal.code());
    }
}
