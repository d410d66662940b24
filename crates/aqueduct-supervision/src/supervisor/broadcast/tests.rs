use aqueduct_channel::broadcast::error::TryRecvError;

use super::*;
use crate::event::EventKind;
use crate::exit::Exit;
use tokio::time::Instant;

fn event(kind: EventKind) -> Event {
    Event {
        supervisor: "top".into(),
        child: None,
        incarnation: 1,
        kind,
        at: Instant::now(),
    }
}

fn all(events: &mut Events) -> (Vec<String>, bool) {
    let mut told = Vec::new();
    loop {
        match events.try_recv() {
            Ok(event) => told.push(event.to_string()),
            Err(end) => return (told, matches!(end, TryRecvError::Closed)),
        }
    }
}

const LAST: &str = "top: the supervisor has ended: killed";

/// B2: who is about to send does so before the last event, whichever of them is through last.
#[test]
fn nothing_comes_after_the_last_event() {
    let shared = Arc::new(Shared::root("top".into(), false, Broadcast::default()));
    let mut events = shared.broadcast().subscribe();
    let [one, two] = [0; 2].map(|_| Listener::of(shared.clone()).unwrap());
    shared
        .broadcast()
        .end_with(event(EventKind::Ended(Exit::Killed)));
    assert_eq!(all(&mut events), (vec![], false), "it is on its way");
    assert!(Listener::of(shared.clone()).is_none());
    one.tell(&event(EventKind::Ready));
    drop(one);
    assert_eq!(all(&mut events).0.len(), 1);
    two.tell(&event(EventKind::Ready));
    two.tell(&event(EventKind::Escalated));
    shared.broadcast().close();
    drop(two);
    let (told, is_closed) = all(&mut events);
    assert_eq!((told.len(), told.last().unwrap().as_str()), (3, LAST));
    assert!(is_closed);
    assert_eq!(all(&mut shared.broadcast().subscribe()), (vec![], true));
}

#[test]
fn the_last_event_is_sent_at_once_if_nobody_else_sends() {
    let shared = Arc::new(Shared::root("top".into(), false, Broadcast::default()));
    let mut events = shared.broadcast().subscribe();
    drop(Listener::of(shared.clone()));
    shared
        .broadcast()
        .end_with(event(EventKind::Ended(Exit::Killed)));
    assert_eq!(all(&mut events), (vec![LAST.to_owned()], true));
    // A second one, of nobody.
    shared.broadcast().end_with(event(EventKind::Ready));
    assert_eq!(all(&mut events), (vec![], true));
}
