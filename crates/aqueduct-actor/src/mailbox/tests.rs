use super::Envelope;
use crate::Reply;

#[expect(dead_code, reason = "it is measured, and not made")]
enum Message {
    Tell(u64),
    Ask(u64, Reply<u64>),
}

/// A mailbox has room for its messages from the start on: a word here is one for each of them, in each actor.
#[cfg(target_pointer_width = "64")]
#[test]
fn an_envelope_is_a_word_more_than_its_message() {
    assert_eq!(size_of::<Message>(), 16, "a reply is a word with a niche");
    assert_eq!(size_of::<Envelope<Message>>(), 24);
}
