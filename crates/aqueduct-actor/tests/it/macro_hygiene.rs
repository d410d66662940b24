//! `#[messages]` where names are otherwise, types have parameters, and lints are errors.

#![deny(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unreachable_pub,
    unused
)]

use std::fmt::Debug;

use aqueduct_actor::{ActorRef, actor, messages};

/// As an umbrella crate has it.
mod umbrella {
    pub(super) mod actor {
        pub(crate) use ::aqueduct_actor::*;
    }
}

/// Nothing that a prelude brings is what it seems.
mod strange {
    #![allow(dead_code, non_camel_case_types)]

    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Box;
    pub(super) struct Reply;
    pub(super) struct ActorRef;
    pub(super) struct Infallible;
    pub(super) type u8 = String;
    pub(super) trait Debug {}
    pub(super) trait From {}
    pub(super) trait Send {}

    /// Its type is private, and its enum is not.
    #[derive(Default)]
    struct Odd {
        seen: Vec<std::string::String>,
    }

    type String = std::string::String;

    #[super::messages(crate = super::umbrella::actor)]
    impl super::umbrella::actor::Actor for Odd {
        #[tell]
        fn put(&mut self, message: u8, context: u8, cx: u8, f: u8) {
            self.seen.extend([message, context, cx, f]);
        }

        #[ask]
        async fn get(
            &mut self,
            message: usize,
            actor: &mut super::umbrella::actor::Cx<Self>,
        ) -> u8 {
            assert_eq!(actor.id(), actor.me().id());
            self.seen[message].clone()
        }

        #[tell(from)]
        fn value(&mut self, value: std::vec::Vec<String>) {
            self.seen = value;
        }
    }

    #[tokio::test]
    async fn names_do_not_meet() {
        let odd = super::actor(Odd::default()).spawn();
        let word = |word: &str| word.to_owned();
        odd.put(word("a"), word("b"), word("c"), word("d"))
            .await
            .unwrap();
        assert_eq!(odd.get(2).await.unwrap(), "c");
        odd.tell(vec![word("x")].into()).await.unwrap();
        assert_eq!(odd.get(0).await.unwrap(), "x");
    }
}

/// The path of the crate is that of the trait.
mod by_path {
    pub(super) struct Plain;

    #[super::messages]
    impl super::umbrella::actor::Actor for Plain {
        #[ask]
        fn twice(&self, number: u32) -> u32 {
            2 * number
        }
    }
}

#[tokio::test]
async fn methods_are_imported_where_they_are_used() {
    use by_path::PlainMethods as _;

    let plain = actor(by_path::Plain).spawn();
    assert_eq!(plain.twice(4).await.unwrap(), 8);
}

mod generic {
    use aqueduct_actor::{Actor, Cx, messages};

    pub(super) struct Store<T, const N: usize>
    where
        T: Clone,
    {
        pub(super) items: Vec<T>,
    }

    #[messages]
    impl<T, const N: usize> Actor for Store<T, N>
    where
        T: Clone + Send + 'static,
        Self: Send,
    {
        const MESSAGE_BYTES_MAX: usize = 64;

        #[tell]
        async fn put(&mut self, item: T, cx: &mut Cx<Self>) {
            let _ = cx.me();
            self.items.push(item);
        }

        #[ask]
        fn first(&self) -> Result<[T; N], usize> {
            let first = self.items.first_chunk().cloned();
            first.ok_or(self.items.len())
        }

        #[tell]
        fn take(&mut self, mut other: Vec<Self>) {
            self.items
                .extend(other.drain(..).flat_map(|store| store.items));
        }
    }

    /// No message has the type of its parameter.
    pub(super) struct Quiet<T>(pub(super) T);

    #[messages]
    impl<T: Send + 'static> Actor for Quiet<T> {
        #[ask]
        fn bytes(&self) -> usize {
            size_of_val(&self.0)
        }
    }
}

#[tokio::test]
async fn actors_may_be_generic() {
    use generic::{QuietMethods as _, Store, StoreMethods, StoreMsg};

    let store = actor(Store::<_, 2> { items: Vec::new() }).spawn();
    store.put('a').await.unwrap();
    let error = store.first().await.unwrap_err();
    assert!(matches!(error, aqueduct_actor::AskError::Handler(1)));
    let other = Store { items: vec!['b'] };
    store.take(vec![other]).await.unwrap();
    assert_eq!(store.first().await.unwrap(), ['a', 'b']);

    let message: StoreMsg<char, 2> = StoreMsg::Put { item: 'c' };
    assert_eq!(format!("{message:?}"), "Put { item: _ }");

    let quiet = actor(generic::Quiet([0_u16; 3])).spawn();
    assert_eq!(quiet.bytes().await.unwrap(), 6);
    let _: fn(&ActorRef<Store<String, 1>>, String) -> _ =
        |store, item| StoreMethods::try_put(store, item).is_ok();
}

/// What the macro makes for others is what they expect of any type.
#[test]
fn messages_are_debug_and_send() {
    fn check<T: Debug + Send>() {}
    check::<generic::StoreMsg<Vec<u8>, 3>>();
    check::<by_path::PlainMsg>();
}
