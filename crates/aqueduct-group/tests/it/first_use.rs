//! Groups that are cancelled before they are first used, or while they are.

use std::future::pending;

use aqueduct_cancel::CancelScope;
use aqueduct_group::{Collect, group};
use tokio::time::{Instant, timeout};

use crate::support::{paused, secs};

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
