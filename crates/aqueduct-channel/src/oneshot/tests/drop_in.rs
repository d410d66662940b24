//! One source, compiled against Tokio's module and against ours.

macro_rules! the_same_program {
    ($name:ident, $($oneshot:tt)+) => {
        mod $name {
            use std::future::Future;
            use std::pin::Pin;
            use std::task::{Context, Poll, Waker};
            use std::time::Duration;

            use $($oneshot)+ as oneshot;
            use oneshot::error::{RecvError, TryRecvError};

            fn both_runtimes<F: Future<Output = ()>>(program: impl Fn() -> F) {
                let mut single = tokio::runtime::Builder::new_current_thread();
                single.enable_all().build().unwrap().block_on(program());
                let mut multi = tokio::runtime::Builder::new_multi_thread();
                multi.worker_threads(2).enable_all().build().unwrap().block_on(program());
            }

            #[test]
            fn sends_between_tasks() {
                both_runtimes(|| async {
                    let (tx, rx): (oneshot::Sender<u32>, oneshot::Receiver<u32>) = oneshot::channel();
                    tokio::spawn(async move {
                        tokio::task::yield_now().await;
                        tx.send(1).unwrap();
                    });
                    assert_eq!(rx.await, Ok(1));
                });
            }

            #[test]
            fn a_dropped_sender_is_an_error() {
                both_runtimes(|| async {
                    let (tx, rx) = oneshot::channel::<u32>();
                    let task = tokio::spawn(rx);
                    tokio::task::yield_now().await;
                    drop(tx);
                    let error: RecvError = task.await.unwrap().unwrap_err();
                    assert_eq!(error.to_string(), "channel closed");
                    assert_eq!(format!("{error:?}"), "RecvError(())");
                    let _: &dyn std::error::Error = &error.clone();
                });
            }

            #[test]
            fn a_sender_hears_of_the_end() {
                both_runtimes(|| async {
                    let (mut tx, rx) = oneshot::channel::<u32>();
                    let task = tokio::spawn(async move {
                        tx.closed().await;
                        tx.is_closed()
                    });
                    tokio::task::yield_now().await;
                    drop(rx);
                    assert!(task.await.unwrap());
                });
            }

            #[test]
            fn a_branch_of_select() {
                both_runtimes(|| async {
                    let (tx, mut rx) = oneshot::channel();
                    let mut tx = Some(tx);
                    let mut turns = 0;
                    let got = loop {
                        tokio::select! {
                            biased;
                            got = &mut rx => break got,
                            () = tokio::task::yield_now() => {
                                turns += 1;
                                if turns == 3 {
                                    tx.take().unwrap().send("it").unwrap();
                                }
                            }
                        }
                    };
                    assert_eq!((got, turns), (Ok("it"), 3));
                });
            }

            #[test]
            fn try_recv_before_between_and_after() {
                let (tx, mut rx) = oneshot::channel();
                let empty: TryRecvError = rx.try_recv().unwrap_err();
                assert_eq!((&empty, empty.to_string()), (&TryRecvError::Empty, "channel empty".into()));
                assert!(rx.is_empty() && !rx.is_terminated());
                tx.send(5).unwrap();
                assert!(!rx.is_empty() && !rx.is_terminated());
                assert_eq!(rx.try_recv(), Ok(5));
                assert!(rx.is_empty() && rx.is_terminated());
                let closed = rx.try_recv().unwrap_err();
                assert_eq!((&closed, closed.to_string()), (&TryRecvError::Closed, "channel closed".into()));
                rx.close();
            }

            #[test]
            fn close_keeps_what_was_sent() {
                let (tx, mut rx) = oneshot::channel();
                tx.send(1).unwrap();
                rx.close();
                rx.close();
                assert_eq!(rx.try_recv(), Ok(1));
            }

            #[test]
            fn close_refuses_what_was_not() {
                let (tx, mut rx) = oneshot::channel();
                assert!(!tx.is_closed());
                rx.close();
                assert!(tx.is_closed());
                assert_eq!(tx.send(1), Err(1));
                assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
            }

            #[test]
            #[should_panic]
            fn polling_after_the_end_panics() {
                let (_tx, mut rx) = oneshot::channel::<u8>();
                rx.close();
                assert!(rx.try_recv().is_err());
                let _ = Pin::new(&mut rx).poll(&mut Context::from_waker(Waker::noop()));
            }

            #[test]
            fn blocks_a_thread() {
                let (tx, rx) = oneshot::channel();
                let thread = std::thread::spawn(move || rx.blocking_recv());
                std::thread::sleep(Duration::from_millis(5));
                tx.send(10).unwrap();
                assert_eq!(thread.join().unwrap(), Ok(10));
            }

            #[test]
            fn blocks_a_blocking_thread_of_the_runtime() {
                both_runtimes(|| async {
                    let (tx, rx) = oneshot::channel();
                    let thread = tokio::task::spawn_blocking(move || rx.blocking_recv());
                    tokio::task::yield_now().await;
                    tx.send(10).unwrap();
                    assert_eq!(thread.await.unwrap(), Ok(10));
                });
            }

            #[tokio::test]
            #[should_panic = "within a runtime"]
            async fn refuses_to_block_a_runtime() {
                let (tx, rx) = oneshot::channel();
                tx.send(1).unwrap();
                let _ = rx.blocking_recv();
            }

            /// A task that only receives what is there must not keep its thread for ever.
            #[tokio::test(flavor = "current_thread")]
            async fn spends_the_budget() {
                let greedy = std::future::poll_fn(|cx| {
                    for ready in 0..10_000 {
                        let (tx, mut rx) = oneshot::channel();
                        tx.send(ready).unwrap();
                        if Pin::new(&mut rx).poll(cx).is_pending() {
                            // It was the budget and not the channel: the value is there.
                            assert_eq!(rx.try_recv(), Ok(ready));
                            return Poll::Ready(ready);
                        }
                    }
                    Poll::Ready(u32::MAX)
                });
                let received = tokio::spawn(greedy).await.unwrap();
                assert!(received <= 128, "{received}");
            }

            #[tokio::test(flavor = "current_thread")]
            async fn closed_spends_the_budget() {
                let greedy = std::future::poll_fn(|cx| {
                    for ready in 0..10_000 {
                        let (mut tx, rx) = oneshot::channel::<u8>();
                        drop(rx);
                        if tx.poll_closed(cx).is_pending() {
                            return Poll::Ready(ready);
                        }
                    }
                    Poll::Ready(u32::MAX)
                });
                assert!(tokio::spawn(greedy).await.unwrap() <= 128);
            }
        }
    };
}

the_same_program!(theirs, tokio::sync::oneshot);
the_same_program!(ours, crate::oneshot);
