use std::error::Error;

use super::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};

fn words(error: &(impl Error + 'static)) -> (String, String) {
    assert!(error.source().is_none());
    // Tokio puts some in quotes, by an accident.
    let debug = format!("{error:?}");
    (error.to_string(), debug.trim_matches('"').to_owned())
}

fn pair(display: &str, debug: &str) -> (String, String) {
    (display.to_owned(), debug.to_owned())
}

#[test]
fn errors_say_the_same() {
    assert_eq!(
        words(&SendError(1)),
        pair("channel closed", "SendError { .. }")
    );
    assert_eq!(
        words(&TrySendError::Full(1)),
        pair("no available capacity", "Full(..)")
    );
    assert_eq!(
        words(&TrySendError::Closed(1)),
        pair("channel closed", "Closed(..)")
    );
    assert_eq!(
        words(&SendTimeoutError::Timeout(1)),
        pair("timed out waiting on send operation", "Timeout(..)")
    );
    assert_eq!(
        words(&SendTimeoutError::Closed(1)),
        pair("channel closed", "Closed(..)")
    );
    assert_eq!(
        words(&TryRecvError::Empty),
        pair("receiving on an empty channel", "Empty")
    );
    assert_eq!(
        words(&TryRecvError::Disconnected),
        pair("receiving on a closed channel", "Disconnected")
    );
}

#[test]
fn errors_convert_and_compare() {
    assert_eq!(TrySendError::from(SendError(1)), TrySendError::Closed(1));
    assert_eq!(SendError(1), SendError(1).clone());
    assert_ne!(TrySendError::Full(1), TrySendError::Closed(1));
    let copied = TryRecvError::Empty;
    assert_eq!(copied, TryRecvError::Empty);
    assert_eq!(SendTimeoutError::Closed(2).into_inner(), 2);
}

/// Errors are sent between threads when messages are.
#[test]
fn errors_are_send() {
    fn is_send<E: Error + Send + Sync + 'static>() {}
    is_send::<SendError<u8>>();
    is_send::<TrySendError<u8>>();
    is_send::<SendTimeoutError<u8>>();
    is_send::<TryRecvError>();
}
