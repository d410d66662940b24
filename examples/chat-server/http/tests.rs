use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    pairs.collect()
}

const GOOD: [(&str, &str); 5] = [
    ("host", "localhost:7009"),
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// The example of RFC 6455, section 1.3.
#[test]
fn a_handshake_is_answered() {
    let accepted = accepted(&headers(&GOOD));
    assert_eq!(accepted.unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn what_lacks_something_is_refused() {
    for (missing, status) in [
        ("connection", 426),
        ("upgrade", 426),
        ("sec-websocket-version", 426),
        ("sec-websocket-key", 400),
    ] {
        let mut headers = headers(&GOOD);
        headers.remove(missing);
        assert_eq!(accepted(&headers).unwrap_err().0, status, "{missing}");
    }
}

#[test]
fn only_our_own_page_is_let_in() {
    for (origin, is_ours) in [
        ("http://localhost:7009", true),
        ("https://localhost:7009", true),
        ("http://localhost:7008", false),
        ("http://example.org", false),
        ("null", false),
    ] {
        let mut headers = headers(&GOOD);
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        let status = accepted(&headers).err().map(|(status, _)| status.as_u16());
        assert_eq!(status, (!is_ours).then_some(403), "{origin}");
    }
}

/// What the policy forbids would not work; and nothing in the page has to come from elsewhere.
#[test]
fn the_page_needs_nothing_from_elsewhere() {
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!PAGE.contains(outside), "{outside}");
    }
    assert!(!PAGE.contains("innerHTML"), "what others say is text");
}
