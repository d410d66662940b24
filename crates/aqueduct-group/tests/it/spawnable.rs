//! Futures that spawn into groups can be spawned themselves, whatever their tasks capture.
//!
//! The compiler checks this for lifetimes that it has forgotten, so a bound like `'static` in the wrong place shows only
//! where a task captures a reference.

use std::sync::Mutex;

use aqueduct_group::{AllOk, Discard, group};

type Lengths = AllOk<usize, String>;

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_body_with_tasks_that_capture_a_static_str() {
    let word: &'static str = "four";
    let lengths = is_send(group().run(Lengths::new(), async |group| {
        group.spawn(async { Ok(word.len()) }).await.unwrap();
        let named = group.task("named").spawn(async { Ok(word.len()) });
        named.await.unwrap();
    }));
    assert_eq!(lengths.await.unwrap(), [4, 4]);
}

#[tokio::test]
async fn every_way_of_spawning() {
    let word: &'static str = "four";
    let all = is_send(async move {
        let group = group().open(Discard::<usize>::new());
        let blocking = group.unnamed().spawn_blocking(move || word.len());
        blocking.await.unwrap();
        let handle = group.unnamed().spawn_with_handle(async move { word }).await;
        let given = handle.unwrap().await.unwrap();
        let started = group.unnamed().start(|ready| async move {
            ready.ready(word);
            word.len()
        });
        let started = started.await.unwrap();
        let spawner = group.spawner();
        spawner.spawn(async move { word.len() }).await.unwrap();
        group.join().await.unwrap();
        (given, started)
    });
    assert_eq!(all.await, ("four", "four"));
}

#[tokio::test]
async fn a_local_group_with_tasks_that_borrow() {
    let lengths = tokio::spawn(async {
        let text = String::from("a bb ccc");
        let mut spawned = 0;
        let lengths = group().run_local(Lengths::new(), async |tasks| {
            for word in text.split(' ') {
                let task = tasks.task("measure");
                task.spawn(async { Ok(word.len()) }).await.unwrap();
                spawned += 1;
            }
        });
        let lengths = lengths.await.unwrap();
        assert_eq!(spawned, 3);
        lengths
    });
    assert_eq!(lengths.await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_local_group_whose_tasks_spawn() {
    let sum = tokio::spawn(async {
        let (text, lengths) = (String::from("a bb ccc"), Mutex::new(0));
        let (words, all) = (text.split(' '), &lengths);
        let done = group().run_local(Discard::new(), |tasks| async move {
            let within = tasks.clone();
            let first = async move {
                for word in words {
                    let visit = async move { *all.lock().unwrap() += word.len() };
                    within.spawn(visit).await.unwrap();
                }
            };
            tasks.spawn(first).await.unwrap();
            while !tasks.is_empty() {
                tokio::task::yield_now().await;
            }
        });
        done.await.unwrap();
        lengths.into_inner().unwrap()
    });
    assert_eq!(sum.await.unwrap(), 6);
}
