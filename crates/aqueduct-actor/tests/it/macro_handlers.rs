//! What handlers of `#[messages]` can take and answer, and what their callers get.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::time::Duration;

use aqueduct_actor::{
    Actor, ActorRef, AskError, AskRecipient, Cx, Mailbox, Recipient, Reply, Request, TryTellError,
    UnsentReason, actor, messages,
};
use aqueduct_supervision::exit::Exit;
use tokio::sync::oneshot;

#[derive(Debug, PartialEq)]
struct Insufficient {
    missing: i64,
}

#[derive(Default)]
struct Account {
    balance: i64,
    notes: Vec<usize>,
    stopped: Option<oneshot::Sender<i64>>,
}

#[messages]
impl Actor for Account {
    /// Pays in.
    #[tell]
    fn deposit(&mut self, cents: u32) {
        self.balance += i64::from(cents);
    }

    /// Pays out.
    #[ask]
    async fn withdraw(&mut self, cents: u32, cx: &mut Cx<Self>) -> Result<i64, Insufficient> {
        assert!(cx.name().is_none());
        tokio::task::yield_now().await;
        let left = self.balance - i64::from(cents);
        if left < 0 {
            return Err(Insufficient { missing: -left });
        }
        self.balance = left;
        Ok(left)
    }

    #[ask]
    fn balance(&self) -> i64 {
        self.balance
    }

    #[tell]
    async fn note(&mut self, _cx: &mut Cx<Self>, #[boxed] text: [u8; 4096]) {
        self.notes
            .push(text.iter().filter(|byte| **byte > 0).count());
    }

    #[ask]
    fn read(&mut self, #[allow(unused_mut)] mut place: usize) -> io::Result<usize> {
        let note = self.notes.get(place).copied();
        place += 1;
        note.ok_or_else(|| io::Error::other(format!("there are less than {place} notes")))
    }

    /// An answer without a value: that it was done.
    #[ask]
    fn sync(&mut self) {}

    #[tell]
    fn close_with(&mut self, stopped: oneshot::Sender<i64>, cx: &mut Cx<Self>) {
        self.stopped = Some(stopped);
        cx.stop(Exit::Normal);
    }

    #[tell]
    fn r#loop(&mut self, r#type: u8) {
        self.balance *= i64::from(r#type);
    }

    async fn stop(&mut self, _: &Exit, _: &mut Cx<Self>) {
        if let Some(stopped) = self.stopped.take() {
            let _ = stopped.send(self.balance);
        }
    }
}

#[tokio::test]
async fn methods_tell_and_ask() {
    let account = actor(Account::default()).spawn();
    account.deposit(500).await.unwrap();
    account.try_deposit(50).unwrap();
    assert_eq!(account.balance().await.unwrap(), 550);
    assert_eq!(
        account
            .withdraw(200)
            .within(Duration::from_secs(60))
            .await
            .unwrap(),
        350
    );
    assert_eq!(account.try_withdraw(50).await.unwrap(), 300);
    account.r#loop(2).await.unwrap();
    account.sync().await.unwrap();
    assert_eq!(account.balance().await.unwrap(), 600);
}

#[tokio::test]
async fn an_error_is_the_handlers() {
    let account = actor(Account::default()).spawn();
    let refused = account.withdraw(7).await.unwrap_err();
    assert!(matches!(
        refused,
        AskError::Handler(Insufficient { missing: 7 })
    ));
    let error: AskError<AccountMsg, io::Error> = account.read(3).await.unwrap_err();
    assert!(error.to_string().contains("less than 4 notes"), "{error}");
}

#[tokio::test]
async fn who_answers_without_a_result_cannot_fail() {
    let account = actor(Account::default()).spawn();
    let answer: Result<i64, AskError<AccountMsg, Infallible>> = account.balance().await;
    assert_eq!(answer.unwrap(), 0);
}

#[tokio::test]
async fn what_is_boxed_arrives() {
    let account = actor(Account::default()).spawn();
    let mut text = [0; 4096];
    text[..10].fill(1);
    account.note(text).await.unwrap();
    assert_eq!(account.read(0).await.unwrap(), 10);
    assert!(size_of::<AccountMsg>() <= 32, "{}", size_of::<AccountMsg>());
}

#[tokio::test]
async fn other_functions_are_the_traits() {
    let account = actor(Account::default()).spawn();
    account.deposit(3).await.unwrap();
    let (stopped, when) = oneshot::channel();
    account.close_with(stopped).await.unwrap();
    assert_eq!(when.await.unwrap(), 3);
}

#[tokio::test]
async fn what_does_not_wait_gives_the_message_back() {
    let account = actor(Account::default())
        .with_mailbox(Mailbox::bounded(1))
        .spawn();
    account.try_deposit(1).unwrap();
    let full = account.try_deposit(2).unwrap_err();
    assert!(matches!(
        full,
        TryTellError::Full(AccountMsg::Deposit { cents: 2 })
    ));
    let Err(AskError::Unsent(unsent)) = account.try_withdraw(4).await else {
        panic!("there is no room");
    };
    assert!(matches!(unsent.reason, UnsentReason::Full));
    assert!(matches!(
        unsent.message,
        AccountMsg::Withdraw { cents: 4, .. }
    ));
}

/// The enum is there for whoever needs it.
#[tokio::test]
async fn messages_can_be_made_by_hand() {
    let account = actor(Account::default()).spawn();
    account
        .tell(AccountMsg::Deposit { cents: 9 })
        .await
        .unwrap();
    let ask = |reply: Reply<i64>| AccountMsg::Balance { reply };
    assert_eq!(account.ask(ask).await.unwrap(), 9);
}

#[test]
fn debug_shows_no_values() {
    let message = AccountMsg::Deposit { cents: 5 };
    assert_eq!(format!("{message:?}"), "Deposit { cents: _ }");
    let message = AccountMsg::Loop { r#type: 5 };
    assert_eq!(format!("{message:?}"), "Loop { type: _ }");
}

/// What one type of message is for has no other name.
struct Audit {
    seen: Vec<String>,
}

struct Line(String);

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is asked of whoever keeps a book.
#[derive(Debug)]
struct Count {
    of: &'static str,
}

impl Request for Count {
    type Answer = usize;
    type Error = Infallible;
}

#[messages(msg = Entry, methods = Book, vis = pub(crate), debug)]
impl Actor for Audit {
    #[tell(from)]
    fn line(&mut self, line: Line) {
        self.seen.push(line.0);
    }

    #[tell(from)]
    fn page(&mut self, #[boxed] page: [u8; 1000]) {
        self.seen.push(format!("{} bytes", page.len()));
    }

    #[ask]
    fn all(&self) -> Vec<String> {
        self.seen.clone()
    }

    #[ask(from)]
    fn count(&self, count: Count) -> usize {
        let lines = self.seen.iter();
        lines.filter(|line| line.contains(count.of)).count()
    }

    #[cfg(any())]
    #[ask]
    fn never(&self, nothing: NoSuchType) -> NoSuchType {
        nothing
    }

    #[cfg(feature = "macros")]
    #[tell]
    fn always(&mut self) {
        self.seen.push("always".to_owned());
    }
}

#[tokio::test]
async fn names_are_as_chosen_and_values_become_messages() {
    let audit: ActorRef<Audit> = actor(Audit { seen: Vec::new() }).spawn();
    audit.tell(Line("one".to_owned()).into()).await.unwrap();
    audit.tell([0; 1000].into()).await.unwrap();
    Book::always(&audit).await.unwrap();
    assert_eq!(audit.all().await.unwrap(), ["one", "1000 bytes", "always"]);
}

#[tokio::test]
async fn references_can_be_narrowed_to_one_message() {
    let audit = actor(Audit { seen: Vec::new() }).spawn();
    let lines: Recipient<Line> = audit.recipient();
    lines.tell(Line("a line".to_owned())).await.unwrap();
    let counts: AskRecipient<Count> = audit.ask_recipient();
    assert_eq!(counts.ask(Count { of: "line" }).await.unwrap(), 1);
    assert_eq!(audit.count(Count { of: "page" }).await.unwrap(), 0);
}

#[test]
fn debug_shows_values_where_it_is_asked_for() {
    let entry = Entry::from(Line("one".to_owned()));
    assert_eq!(format!("{entry:?}"), "Line { line: one }");
}
