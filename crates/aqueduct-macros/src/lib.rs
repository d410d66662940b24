#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod block;
mod expand;
mod handler;
mod names;
mod options;
mod types;

use proc_macro::TokenStream;
use syn::{Path, parse_quote};

/// Makes the messages of an actor, and methods on its reference, from the functions that handle them.
///
/// It stands on the `impl Actor for …` block. In it, functions marked `#[tell]` or `#[ask]` are handlers; all others are
/// the trait's own.
///
/// ```ignore
/// #[messages]
/// impl Actor for Account {
///     /// Pays in.
///     #[tell]
///     fn deposit(&mut self, cents: u32) {
///         self.balance += i64::from(cents);
///     }
///
///     #[ask]
///     async fn withdraw(&mut self, cents: u32, cx: &mut Cx<Self>) -> Result<i64, Insufficient> {
///         // …
///     }
///
///     async fn stop(&mut self, exit: &Exit, cx: &mut Cx<Self>) {}
/// }
///
/// account.deposit(500).await?;
/// let left = account.withdraw(20).within(Duration::from_millis(50)).await?;
/// ```
///
/// # What it makes
///
/// - `pub enum AccountMsg`, a variant a handler: `Deposit { cents: u32 }`, `Withdraw { cents: u32, reply: Reply<…> }`.
///   Its `Debug` shows the names of the fields; `#[messages(debug)]` shows what is in them.
/// - In the block, `type Msg = AccountMsg` and `handle`; beside it an `impl Account` with the handlers as they were
///   written, private unless they say `pub`.
/// - `pub trait AccountMethods`, which `ActorRef<Account>` implements. For each handler it has two methods: `deposit` and
///   `withdraw` give what [`tell`] and [`ask`] give, `try_deposit` and `try_withdraw` what `try_tell` and `try_ask` do.
///   Where it is not in scope, it is to be imported.
///
/// # Handlers
///
/// - They take `&mut self`, and may be `async` or not. One that is not may take `&self`.
/// - A parameter `&mut Cx<Self>`, anywhere among them, is the actor's context. The others are the message's fields: each has
///   a name, and a type that owns what is in it.
/// - `#[boxed]` before a parameter puts it in a box for the way. It is what to do when a message is too large, which the
///   compiler says with the variant's name.
/// - `#[ask]` answers with what the function returns. If the last word of its type is `Result`, an error is the asker's
///   `AskError::Handler`; if it is not, an answer never is an error.
/// - `#[tell(from)]`, with one parameter, makes `impl From<ThatType> for AccountMsg`, with which a `Recipient<ThatType>` can
///   be had. `#[ask(from)]` makes it from `Asked<ThatType>`, for an `AskRecipient`; the type is a `Request`, whose answer
///   and error are the handler's.
/// - `cfg` on a handler holds for all that is made of it; its documentation is its variant's and its methods' too.
///
/// Type parameters and `where` clauses of the block are repeated on what is made.
///
/// # Options
///
/// `#[messages(crate = aqueduct::actor, msg = AccountMsg, methods = AccountMethods, vis = pub(crate), debug)]`, each of
/// which may be left out:
///
/// - `crate`: the path of `aqueduct-actor`, where that goes by another name. Without it, it is what stands before `Actor` in
///   `impl aqueduct::actor::Actor for …`, and otherwise where this attribute is from: `::aqueduct_actor`, or
///   `::aqueduct::actor` for `aqueduct::actor::messages`.
/// - `msg`, `methods`: other names for the enum and the trait.
/// - `vis`: the visibility of both, `pub` without it.
/// - `debug`: the messages' `Debug` shows the values of all fields.
///
/// [`tell`]: https://docs.rs/aqueduct-actor/latest/aqueduct_actor/struct.ActorRef.html#method.tell
/// [`ask`]: https://docs.rs/aqueduct-actor/latest/aqueduct_actor/struct.ActorRef.html#method.ask
#[proc_macro_attribute]
pub fn messages(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, parse_quote!(::aqueduct_actor))
}

/// [`messages`](macro@messages), for who has it by the crate `aqueduct`: as `aqueduct::actor::messages`.
#[proc_macro_attribute]
pub fn messages_of_umbrella(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, parse_quote!(::aqueduct::actor))
}

/// An attribute cannot ask where it is from, as `$crate` does in other macros: so there is one for each place.
fn expand(options: TokenStream, item: TokenStream, home: Path) -> TokenStream {
    expand::messages(options.into(), item.into(), &home)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
