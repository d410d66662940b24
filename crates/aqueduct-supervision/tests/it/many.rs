//! Many children, asked for at once.
#![allow(
    clippy::async_yields_async,
    reason = "futures are made, and polled by hand"
)]

use std::sync::{Arc, Mutex};

use aqueduct_supervision::error::{StartChildError, StartFailure};
use aqueduct_supervision::{ChildContext, ChildSpec, DynamicSpec, Exit, Failure, Supervisor};

use crate::drops::at_each_poll;
use crate::support::{Census, both, both_beside};

/// Children that wait, and say in which order they began. Every seventh fails to start.
fn numbered(census: &Census, began: &Arc<Mutex<Vec<usize>>>) -> DynamicSpec<usize, usize> {
    let (census, began) = (census.clone(), began.clone());
    Supervisor::dynamic(move |number: usize| {
        let (census, began) = (census.clone(), began.clone());
        let work = move |cx: ChildContext| {
            let guard = census.guard();
            began.lock().unwrap().push(number);
            async move {
                let _guard = guard;
                if number % 7 == 3 {
                    return Err(Failure::msg("a seventh"));
                }
                cx.ready();
                cx.scope().cancelled().await;
                Ok(())
            }
        };
        (ChildSpec::acknowledged("it", work), number * 10)
    })
}

#[test]
fn many_are_started_in_order_and_answered_in_order() {
    both(|| async {
        for count in [0, 1, 2, 31, 32, 33, 63, 64, 65, 200, 1000] {
            let (census, began) = (Census::default(), Arc::default());
            let supervisor = numbered(&census, &began).start().await.unwrap();
            let started = supervisor.start_children(0..count).await;
            assert_eq!(started.len(), count);
            assert_eq!(*began.lock().unwrap(), Vec::from_iter(0..count));
            for (number, started) in started.into_iter().enumerate() {
                match started {
                    Ok((child, beside)) => {
                        assert!(number % 7 != 3 && child.is_alive());
                        assert_eq!(beside, number * 10);
                    }
                    Err(StartChildError::Failed(StartFailure::Exited(Exit::Failed(_)))) => {
                        assert_eq!(number % 7, 3);
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            let active = supervisor.count_children().await.unwrap().active;
            assert_eq!(active, (0..count).filter(|number| number % 7 != 3).count());
            assert!(supervisor.shutdown().await.is_clean());
            assert_eq!(census.alive(), 0);
        }
    });
}

#[test]
fn one_that_stops_amid_it_starts_no_more() {
    both(|| async {
        let (census, began) = (Census::default(), Arc::default());
        let supervisor = numbered(&census, &began).start().await.unwrap();
        let reference = supervisor.reference();
        let stop = |number| {
            if number == 300 {
                reference.ask_to_stop("enough");
            }
            number
        };
        let started = supervisor.start_children((0..600).map(stop)).await;
        assert_eq!(started.len(), 600);
        let is_refused =
            |number: usize| matches!(started[number], Err(StartChildError::NotRunning));
        assert!((0..100).all(|number| !is_refused(number)));
        assert!((500..600).all(is_refused));
        assert!(supervisor.shutdown().await.is_clean());
        let late = reference.start_children(0..3).await;
        assert!(
            late.iter()
                .all(|it| matches!(it, Err(StartChildError::NotRunning)))
        );
        assert_eq!(census.alive(), 0);
    });
}

/// What was asked for is started, the rest is not; and the supervisor goes on.
#[test]
fn starts_of_many_that_are_dropped_keep_to_what_was_asked() {
    both_beside(|| async {
        let (census, began) = (Census::default(), Arc::default());
        let supervisor = numbered(&census, &began).start().await.unwrap();
        let reference = supervisor.reference();
        at_each_poll(
            async || {
                let reference = reference.clone();
                began.lock().unwrap().clear();
                async move { reference.start_children(0..150).await }
            },
            async |output| {
                supervisor.count_children().await.unwrap();
                let began = began.lock().unwrap();
                assert_eq!(*began, Vec::from_iter(0..began.len()));
                assert!(output.is_none() || began.len() == 150);
            },
        )
        .await;
        assert!(supervisor.shutdown().await.is_clean());
        assert_eq!(census.alive(), 0);
    });
}
