//! Groups that are cancelled before they are first used, or while they are.

use std::future::pending;

use aqueduct_cancel::CancelScope;
use aqueduct_group::{Collect, group};
use tokio::time::{Instant, timeout};

use crate::support::{both, paused, secs};

#[test]
fn a_body_in_a_cancelled_scope_is_cut_short_after_the_grace() {
    paused(async {
        let scope = CancelScope::new();
        scope.cancel();
        let builder = group().with_scope(&scope).with_grace(secs(2));

        let start = Instant::now();
        let run = builder
            .clone()
            .run_with(Collect::<()>::new(), async |_| pending::<()>().await);
        let (returned, _) = timeout(secs(60), run).await.expect("it ends");
        assert!(returned.is_none());
        assert_eq!(start.elapsed(), secs(2));

        let run = builder.run_local(Collect::<()>::new(), async |_| pending().await);
        timeout(secs(60), run).await.expect("it ends");
        assert_eq!(start.elapsed(), secs(4));
    });
}

/// It is closed from then on, as any group that is cancelled, and not from its first task on.
#[test]
fn a_group_cancelled_before_it_is_first_used_takes_no_task() {
    both(|| async {
        let group = group().with_grace(secs(1)).open(Collect::new());
        group.scope().cancel();
        assert!(group.is_closed());
        assert!(group.spawn(async { 1 }).await.is_err());
        assert!(group.try_spawn(async { 2 }).is_err());
        assert!(group.join().await.is_empty());
    });
}
