//! References that are narrowed to one type of message.

use std::convert::Infallible;
use std::time::Duration;

use aqueduct_actor::{
    Actor, AskError, AskTarget, Asked, Cx, Mailbox, Recipient, Request, TellError, TellTarget,
    TryTellError, UnsentReason, actor, ask_all,
};

struct Add(u32);
struct Sum;

impl Request for Sum {
    type Answer = u32;
    type Error = Infallible;
}

enum Msg {
    Add(Add),
    Sum(Asked<Sum>),
}

impl From<Add> for Msg {
    fn from(add: Add) -> Self {
        Self::Add(add)
    }
}

impl From<Asked<Sum>> for Msg {
    fn from(sum: Asked<Sum>) -> Self {
        Self::Sum(sum)
    }
}

struct Adder(u32);

impl Actor for Adder {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, _: &mut Cx<Self>) {
        match message {
            Msg::Add(Add(n)) => self.0 += n,
            Msg::Sum(Asked { reply, .. }) => reply.send(self.0),
        }
    }
}

async fn tell_any(target: &impl TellTarget<Add>, n: u32) {
    target.tell_to(Add(n)).await.unwrap();
}

async fn ask_any(target: &impl AskTarget<Sum>) -> u32 {
    target.ask_to(Sum).await.unwrap()
}

#[tokio::test]
async fn a_recipient_is_told_one_type_and_waits_for_room() {
    let adder = actor(Adder(0)).with_mailbox(Mailbox::bounded(1)).spawn();
    let (add, sum) = (adder.recipient::<Add>(), adder.ask_recipient::<Sum>());
    assert_eq!(add.id(), adder.id());
    assert_eq!(add, add.clone());
    adder.freeze();
    add.try_tell(Add(1)).unwrap();
    assert!(matches!(
        add.try_tell(Add(9)),
        Err(TryTellError::Full(Some(Add(9))))
    ));
    let waits = tokio::spawn({
        let add: Recipient<Add> = add.clone();
        async move { add.tell(Add(10)).await }
    });
    tokio::task::yield_now().await;
    adder.thaw();
    waits.await.unwrap().unwrap();
    tell_any(&adder, 100).await;
    tell_any(&add, 1000).await;
    assert_eq!(sum.ask(Sum).await.unwrap(), 1111);
    assert_eq!(ask_any(&adder).await, ask_any(&sum).await);

    // It keeps its actor alive.
    let ended = adder.ended();
    drop((adder, sum));
    tell_any(&add, 1).await;
    drop(add);
    assert!(ended.await.exit.is_normal());
}

#[tokio::test]
async fn a_recipient_of_a_dead_actor_gives_the_message_back() {
    let adder = actor(Adder(0)).spawn();
    let (add, sum) = (adder.recipient::<Add>(), adder.ask_recipient::<Sum>());
    adder.stop();
    adder.ended().await;
    assert!(matches!(
        add.tell(Add(1)).await,
        Err(TellError(Some(Add(1))))
    ));
    assert!(matches!(
        add.try_tell(Add(1)),
        Err(TryTellError::Closed(Some(Add(1))))
    ));
    assert!(matches!(sum.ask(Sum).await, Err(AskError::Unsent(_))));
}

#[tokio::test(start_paused = true)]
async fn a_narrowed_ask_has_a_deadline() {
    let adder = actor(Adder(7)).with_mailbox(Mailbox::bounded(1)).spawn();
    let sum = adder.ask_recipient::<Sum>();
    let second = Duration::from_secs(1);
    assert_eq!(sum.ask(Sum).within(second).await.unwrap(), 7);
    adder.freeze();
    // One is in the mailbox, the other has no room.
    let late = ask_all([sum.ask(Sum).within(second), sum.ask(Sum)]);
    let late = late.within(2 * second).await;
    assert!(matches!(late[0], Err(AskError::Elapsed)));
    assert!(
        matches!(&late[1], Err(AskError::Unsent(unsent)) if unsent.reason == UnsentReason::Elapsed)
    );
    adder.thaw();
    let over = tokio::time::Instant::now();
    assert!(sum.ask(Sum).until(over).await.unwrap_err().is_unsent());
    assert_eq!(sum.ask(Sum).await.unwrap(), 7);
}

/// One of them dies with the request in its mailbox, another one was dead before.
#[tokio::test]
async fn a_group_is_asked_by_its_recipients() {
    let adders = [1, 2, 3, 4].map(|n| actor(Adder(n)).spawn());
    let group = adders.each_ref().map(|adder| adder.ask_recipient::<Sum>());
    adders[1].freeze();
    adders[2].kill();
    adders[2].ended().await;
    let asks = ask_all(group.iter().map(|member| member.ask(Sum)));
    let dies = async {
        while adders[1].stats().len == 0 {
            tokio::task::yield_now().await;
        }
        adders[1].kill();
    };
    let (sums, ()) = tokio::join!(asks.into_future(), dies);
    assert!(matches!(sums[..], [Ok(1), Err(_), Err(_), Ok(4)]));
    for dead in &sums[1..3] {
        assert!(
            matches!(dead, Err(AskError::Unsent(unsent)) if unsent.reason == UnsentReason::Closed)
        );
    }
}

#[cfg(feature = "test-util")]
#[tokio::test(start_paused = true)]
async fn an_ask_of_a_probe_has_a_deadline() {
    let mut probe = aqueduct_actor::Probe::<Asked<Sum>>::new();
    let sum = probe.ask_recipient();
    let second = Duration::from_secs(1);
    let late = sum.ask(Sum).within(second).await;
    assert!(matches!(late, Err(AskError::Elapsed)));
    let late = sum.ask(Sum).until(tokio::time::Instant::now()).await;
    assert!(late.unwrap_err().is_unsent());
    drop(probe.recv().await);
    assert!(probe.try_recv().is_none());
}
