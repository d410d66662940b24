//! Finding actors by name and type.

use std::time::Duration;

use aqueduct_actor::{Actor, Cx, FindError, Mailbox, RegisterError, Registry, actor, actor_with};
use aqueduct_supervision::Supervisor;

use crate::support::{Census, Msg, Puppet, on_both_runtimes, until};

struct Other;

impl Actor for Other {
    type Msg = ();

    async fn handle(&mut self, (): (), _: &mut Cx<Self>) {}
}

#[test]
fn a_name_leads_to_its_actor_until_that_ends() {
    on_both_runtimes(|| async {
        let registry = Registry::new();
        let census = Census::default();
        let (puppet, _done) = Puppet::new(&census);
        let puppet = actor(puppet).spawn();
        registry.register("puppet", &puppet).unwrap();
        // Another name, and the same one again.
        registry.register("marionette", &puppet).unwrap();
        registry.register("puppet", &puppet).unwrap();
        assert_eq!(registry.find::<Puppet>("puppet").unwrap(), puppet);
        assert_eq!(registry.who("marionette"), Some(puppet.id()));
        assert_eq!(registry.len(), 2);
        assert!(matches!(
            registry.find::<Puppet>("nobody"),
            Err(FindError::NotFound { name }) if &*name == "nobody"
        ));
        let wrong = registry.find::<Other>("puppet").unwrap_err();
        let message = wrong.to_string();
        assert!(message.contains("\"puppet\"") && message.contains("Puppet"));
        assert!(message.contains("Other"), "{message}");

        let other = actor(Other).spawn();
        let taken = registry.register("puppet", &other).unwrap_err();
        assert!(matches!(&taken, RegisterError::Taken { by, .. } if *by == puppet.id()));
        registry.register("other", &other).unwrap();
        let all = registry.find_all::<Puppet>();
        let names: Vec<&str> = all.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["marionette", "puppet"]);
        drop(all);

        puppet.stop();
        puppet.ended().await;
        until("both names are free", || registry.len() == 1).await;
        assert!(registry.find::<Puppet>("puppet").is_err());
        assert_eq!(census.alive(), 0);
        registry.register("puppet", &other).unwrap();
        assert!(matches!(
            registry.register("late", &puppet),
            Err(RegisterError::Ended)
        ));
        assert_eq!(registry.names().len(), 2);
    });
}

#[test]
fn a_name_keeps_nobody_alive() {
    on_both_runtimes(|| async {
        let registry = Registry::new();
        let census = Census::default();
        let (puppet, _done) = Puppet::new(&census);
        let puppet = actor(puppet).spawn();
        registry.register("puppet", &puppet).unwrap();
        let ended = puppet.ended();
        drop(puppet);
        assert!(ended.await.exit.is_normal());
        until("the name is free", || registry.is_empty()).await;
        assert_eq!(census.alive(), 0);
    });
}

#[tokio::test]
async fn a_name_that_was_taken_away_is_free_and_stays_with_who_has_it_next() {
    let registry = Registry::new();
    let (first, second) = (actor(Other).spawn(), actor(Other).spawn());
    registry.register("other", &first).unwrap();
    assert!(registry.unregister("other"));
    assert!(!registry.unregister("other"));
    registry.register("other", &second).unwrap();
    // Its end is of no interest any more.
    first.stop();
    first.ended().await;
    assert_eq!(registry.find::<Other>("other").unwrap(), second);
    // Nor is the registry of interest to who outlives it.
    drop(registry);
    second.stop();
    second.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_the_name() {
    let registry = Registry::new();
    let census = Census::default();
    let make = {
        let census = census.clone();
        move || Puppet::new(&census).0
    };
    let (spec, puppet) = actor_with(make)
        .with_mailbox(Mailbox::unbounded())
        .child("puppet");
    registry.register("puppet", &puppet).unwrap();
    let backoff = aqueduct_resilience::Backoff::constant(Duration::from_secs(1));
    let supervisor = Supervisor::one_for_one().with_child(spec.with_backoff(backoff));
    let supervisor = supervisor.start().await.unwrap();
    puppet.tell(Msg::Panic(None)).await.unwrap();
    puppet.monitor().await;
    assert_eq!(census.alive(), 0);
    // Between two incarnations too.
    let found = registry.find::<Puppet>("puppet").unwrap();
    assert_eq!(found.ask(|reply| Msg::Ask(1, reply)).await.unwrap(), 1);
    supervisor.shutdown().await;
    puppet.ended().await;
    assert!(registry.is_empty());
}

#[tokio::test]
async fn the_global_one_is_one() {
    let other = actor(Other).spawn();
    Registry::global().register("the only one", &other).unwrap();
    assert_eq!(Registry::global().clone().find("the only one"), Ok(other));
    assert!(Registry::global().unregister("the only one"));
}

/// Of many who want a name at once, one has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_has_one_actor_whoever_races_for_it() {
    let registry = Registry::new();
    for _ in 0..100 {
        let race = (0..4).map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move {
                let other = actor(Other).spawn();
                let won = registry.register("other", &other).is_ok();
                (won, other)
            })
        });
        let mut runners = Vec::new();
        for runner in race.collect::<Vec<_>>() {
            runners.push(runner.await.unwrap());
        }
        let winners: Vec<_> = runners.iter().filter(|(won, _)| *won).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(registry.find::<Other>("other").as_ref(), Ok(&winners[0].1));
        for (_, other) in &runners {
            other.stop();
            other.ended().await;
        }
        until("the name is free", || registry.is_empty()).await;
    }
}
