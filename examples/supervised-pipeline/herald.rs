//! Tells what happens in the tree, as it happens: `--events`.
//!
//! It is the first child. So it has subscribed before another one starts, and is stopped when all others have ended.

use aqueduct_supervision::{ChildContext, Event, EventKind, Failure};
use tokio::time::Instant;

/// Whether somebody wants to hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    Told,
    Untold,
}

pub(crate) async fn run(cx: ChildContext, events: Events) -> Result<(), Failure> {
    if events == Events::Untold {
        cx.ready();
        cx.scope().cancelled().await;
        return Ok(());
    }
    let (supervisor, start) = (cx.supervisor(), Instant::now());
    let mut received = supervisor.events();
    cx.ready();
    let tell = |event: Event| {
        let after = event.at.saturating_duration_since(start);
        eprintln!("{:9.3} s  {event}", after.as_secs_f64());
        if event.child.is_none() && matches!(event.kind, EventKind::Ready) && is_root(&event) {
            eprintln!("{}", supervisor.tree());
        }
    };
    loop {
        match cx.scope().run(received.recv()).await {
            Ok(Ok(event)) => tell(event),
            Ok(Err(behind)) => eprintln!("events: {behind}"),
            Err(_) => break,
        }
    }
    while let Ok(event) = received.try_recv() {
        tell(event);
    }
    eprintln!("{}", supervisor.tree());
    Ok(())
}

fn is_root(event: &Event) -> bool {
    !event.supervisor.contains('/')
}
