//! Ends children that have had something in hand for too long.
//!
//! A supervisor knows when a child has ended. That one waits for something that never comes it cannot know: whoever knows how
//! long work may take has to say so. Here that is this child, which looks into the book.
//!
//! It asks the supervisor to stop the child, in the way that its spec says (asked first and dropped when its time is up, or
//! dropped at once), and to start it again. That is a decision and no failure, so it counts for nothing in the intensity.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_supervision::error::{RestartChildError, TerminateChildError};
use aqueduct_supervision::{ChildContext, ChildRef, Failure};
use tokio::time::sleep;

use crate::shop::Shop;

/// So many times within its patience it looks.
const LOOKS: u32 = 4;

pub(crate) async fn run(
    cx: ChildContext,
    shop: Arc<Shop>,
    patience: Duration,
) -> Result<(), Failure> {
    loop {
        cx.scope().run(sleep(patience / LOOKS)).await?;
        let mut holders: Vec<ChildRef> = Vec::new();
        for overdue in shop.overdue(patience) {
            // A tally may have several things in hand.
            if !holders.contains(&overdue.by) {
                holders.push(overdue.by);
            }
        }
        for holder in holders {
            cx.scope().run(replace(&holder)).await??;
        }
    }
}

/// Stops a child, and starts it again.
async fn replace(child: &ChildRef) -> Result<(), Failure> {
    let supervisor = child.supervisor();
    match supervisor.terminate_child(child).await {
        Ok(()) => {}
        // It is over, or a supervisor is about to start them all again, this one with them.
        Err(TerminateChildError::NotRunning | TerminateChildError::NotFound) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    match supervisor.restart_child(child).await {
        Ok(_) | Err(RestartChildError::NotRunning | RestartChildError::NotFound) => Ok(()),
        // Somebody else was faster.
        Err(RestartChildError::Running(_) | RestartChildError::Restarting(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
