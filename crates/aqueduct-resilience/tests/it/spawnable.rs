//! A retry can be spawned, whatever its calls capture.
//!
//! The compiler checks this for lifetimes that it has forgotten, so that a bound too many shows only where something is
//! captured by reference.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use aqueduct_cancel::CancelScope;
use aqueduct_resilience::{Backoff, Retry, RetryError};

use crate::Failed;

fn at_once() -> Retry<Failed> {
    Retry::new(Backoff::none())
}

struct Client {
    base: String,
    retry: Retry<Failed>,
    calls: AtomicU32,
}

impl Client {
    async fn call(&self, path: &str) -> Result<String, Failed> {
        tokio::task::yield_now().await;
        match self.calls.fetch_add(1, Relaxed) {
            0 => Err(Failed(0)),
            _ => Ok(format!("{}{path}", self.base)),
        }
    }

    async fn get(&self, path: &str) -> Result<String, RetryError<Failed>> {
        self.retry.run(async || self.call(path).await).await
    }

    async fn get_in(&self, scope: &CancelScope, path: &str) -> Result<String, RetryError<Failed>> {
        self.retry.run_in(scope, || self.call(path)).await
    }
}

fn client() -> Client {
    Client {
        base: "http://".into(),
        retry: at_once(),
        calls: AtomicU32::new(0),
    }
}

#[tokio::test]
async fn of_a_method_that_borrows_self_and_arguments() {
    let task = tokio::spawn(async {
        let (client, scope) = (client(), CancelScope::new());
        let path = String::from("a");
        let first = client.get(&path).await?;
        Ok::<_, RetryError<Failed>>((first, client.get_in(&scope, &path).await?))
    });
    let (first, second) = task.await.unwrap().unwrap();
    assert_eq!((first.as_str(), second.as_str()), ("http://a", "http://a"));
}

#[tokio::test]
async fn of_a_closure_that_changes_what_it_captured() {
    let task = tokio::spawn(async {
        let mut seen = Vec::new();
        let retry = at_once();
        let length = retry.run(|| {
            seen.push(7);
            let length = seen.len();
            async move {
                tokio::task::yield_now().await;
                match length {
                    3.. => Ok(length),
                    _ => Err(Failed(0)),
                }
            }
        });
        (length.await.unwrap(), seen)
    });
    assert_eq!(task.await.unwrap(), (3, vec![7, 7, 7]));
}

#[tokio::test]
async fn of_static_strs_and_locks_and_boxes() {
    let word: &'static str = "four";
    let lock = Mutex::new(0);
    let task = tokio::spawn(async move {
        let retry = at_once();
        let all = &lock;
        let spelled = retry.run(async || {
            tokio::task::yield_now().await;
            *all.lock().unwrap() += word.len();
            Ok(word)
        });
        let spelled = spelled.await.unwrap();
        let boxed: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { retry.run(async || Ok(word.len())).await });
        (spelled, boxed.await.unwrap(), lock.into_inner().unwrap())
    });
    assert_eq!(task.await.unwrap(), ("four", 4, 4));
}

/// A function is a call as well.
#[tokio::test]
async fn of_a_function() {
    async fn answer() -> Result<u8, Failed> {
        Ok(42)
    }
    let task = tokio::spawn(async { at_once().run(answer).await });
    assert_eq!(task.await.unwrap().unwrap(), 42);
}

/// Nothing has to be Send where nothing is sent.
#[tokio::test]
async fn on_one_thread_it_need_not_be_send() {
    let shared = std::rc::Rc::new(std::cell::Cell::new(0));
    let local = tokio::task::LocalSet::new();
    let seen = shared.clone();
    let task = local.run_until(async move {
        let call = async move {
            let retry = Retry::<std::rc::Rc<str>>::new(Backoff::none());
            retry
                .run(async || {
                    seen.set(seen.get() + 1);
                    match seen.get() {
                        2 => Ok(()),
                        _ => Err("once more".into()),
                    }
                })
                .await
        };
        tokio::task::spawn_local(call).await
    });
    task.await.unwrap().unwrap();
    assert_eq!(shared.get(), 2);
}
