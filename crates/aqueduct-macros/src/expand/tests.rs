use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Fields, File, ImplItem, Item, ItemEnum, ItemImpl, ItemTrait, TraitItem};

use super::messages;

mod misuse;

fn expand(options: TokenStream, item: TokenStream) -> File {
    let tokens = messages(options, item, &syn::parse_quote!(::aqueduct_actor))
        .unwrap_or_else(|error| panic!("{error}"));
    syn::parse2(tokens).expect("what is made parses")
}

/// Without spaces, for where they stand depends on how tokens came together.
fn text(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

fn the_enum(file: &File) -> &ItemEnum {
    let mut enums = file.items.iter().filter_map(|item| match item {
        Item::Enum(item) => Some(item),
        _ => None,
    });
    enums.next().expect("there is an enum")
}

fn the_trait(file: &File) -> &ItemTrait {
    let mut traits = file.items.iter().filter_map(|item| match item {
        Item::Trait(item) => Some(item),
        _ => None,
    });
    traits.next().expect("there is a trait")
}

/// The `impl`s of `wanted`, by the last word of the trait; of none where it is empty.
fn impls<'a>(file: &'a File, wanted: &str) -> Vec<&'a ItemImpl> {
    let of = |item: &ItemImpl| match &item.trait_ {
        Some((_, path, _)) => path.segments.last().unwrap().ident == wanted,
        None => wanted.is_empty(),
    };
    let impls = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) => Some(item),
        _ => None,
    });
    impls.filter(|item| of(item)).collect()
}

fn heads(methods: &ItemTrait) -> Vec<String> {
    let heads = methods.items.iter().map(|item| match item {
        TraitItem::Fn(item) => text(&item.sig),
        other => panic!("{}", text(other)),
    });
    heads.collect()
}

fn account() -> TokenStream {
    quote! {
        impl Actor for Account {
            const MESSAGE_BYTES_MAX: usize = 64;

            /// Pays in.
            #[tell]
            fn deposit(&mut self, mut cents: u32) {
                self.balance += cents;
            }

            #[ask]
            async fn withdraw(&mut self, cents: u32, cx: &mut Cx<Self>) -> Result<i64, Insufficient> {
                todo_by_hand(cx).await
            }

            #[ask]
            pub fn balance(&self) -> i64 {
                self.balance
            }

            async fn stop(&mut self, exit: &Exit, cx: &mut Cx<Self>) {}
        }
    }
}

#[test]
fn each_handler_has_a_variant_with_its_parameters_and_the_reply() {
    let file = expand(quote!(), account());
    let message = the_enum(&file);
    assert_eq!(message.ident, "AccountMsg");
    assert_eq!(text(&message.vis), "pub");
    let variants: Vec<_> = message.variants.iter().collect();
    assert_eq!(variants.len(), 3);
    assert_eq!(text(&variants[0].fields), text(quote!({ cents: u32 })));
    assert_eq!(
        text(&variants[1].fields),
        text(quote!({
            cents: u32,
            reply: ::aqueduct_actor::Reply<
                <Result<i64, Insufficient> as ::aqueduct_actor::Answer>::Ok,
                <Result<i64, Insufficient> as ::aqueduct_actor::Answer>::Err
            >
        })),
    );
    assert_eq!(
        text(&variants[2].fields),
        text(quote!({ reply: ::aqueduct_actor::Reply<i64, ::core::convert::Infallible> })),
    );
    let docs = text(&variants[0].attrs[0]);
    assert!(docs.contains("Paysin."), "{docs}");
    let docs = text(&variants[1].attrs[0]);
    assert!(docs.contains("Handledby`withdraw`."), "{docs}");
}

#[test]
fn each_handler_has_two_methods() {
    let file = expand(quote!(), account());
    let methods = the_trait(&file);
    assert_eq!(methods.ident, "AccountMethods");
    let expected = [
        quote!(fn deposit(&self, cents: u32) -> ::aqueduct_actor::Tell<'_, Account>),
        quote!(fn try_deposit(&self, cents: u32)
            -> ::core::result::Result<(), ::aqueduct_actor::TryTellError<AccountMsg>>),
    ];
    let heads = heads(methods);
    assert_eq!(heads.len(), 6);
    assert_eq!(heads[..2], expected.map(text));
    let asked = text(quote!(fn balance(&self)
        -> ::aqueduct_actor::Ask<'_, Account, i64, ::core::convert::Infallible>));
    assert_eq!(heads[4], asked);
    let implemented = impls(&file, "AccountMethods");
    assert_eq!(
        text(&implemented[0].self_ty),
        text(quote!(::aqueduct_actor::ActorRef<Account>))
    );
    assert_eq!(implemented[0].items.len(), 6);
}

#[test]
fn handlers_stay_as_they_were_written_without_their_marks() {
    let file = expand(quote!(), account());
    let own = impls(&file, "");
    let heads = own[0].items.iter().map(|item| match item {
        ImplItem::Fn(function) => (text(&function.vis), text(&function.sig)),
        other => panic!("{}", text(other)),
    });
    let heads: Vec<_> = heads.collect();
    assert_eq!(
        heads[0].1,
        text(quote!(fn deposit(&mut self, mut cents: u32)))
    );
    assert_eq!(
        heads[2],
        ("pub".to_owned(), text(quote!(fn balance(&self) -> i64)))
    );
    let marked = text(own[0]);
    assert!(
        !marked.contains("#[tell]") && !marked.contains("#[ask]"),
        "{marked}"
    );
}

#[test]
fn what_is_the_traits_own_stays_in_the_block() {
    let file = expand(quote!(), account());
    let actor = impls(&file, "Actor")[0];
    let names = actor.items.iter().map(|item| match item {
        ImplItem::Fn(function) => function.sig.ident.to_string(),
        ImplItem::Const(constant) => constant.ident.to_string(),
        ImplItem::Type(ty) => ty.ident.to_string(),
        other => panic!("{}", text(other)),
    });
    let names: Vec<_> = names.collect();
    assert_eq!(names, ["Msg", "handle", "MESSAGE_BYTES_MAX", "stop"]);
    let all = text(actor);
    let tell = quote!(AccountMsg::Deposit { cents } => <Account>::deposit(self, cents),);
    assert!(all.contains(&text(tell)), "{all}");
    let ask = quote!(<Account>::withdraw(self, cents, context).await);
    assert!(all.contains(&text(ask)), "{all}");
}

#[test]
fn the_crate_is_where_it_is_said_or_where_the_trait_is() {
    let says = |options, item| text(impls(&expand(options, item), "Actor")[0]);
    let said = says(quote!(crate = aqueduct::actor), account());
    assert!(
        said.contains(&text(quote!(&mut aqueduct::actor::Cx<Self>))),
        "{said}"
    );

    let block = quote!(impl aqueduct::actor::Actor for A { #[tell] fn a(&mut self) {} });
    let seen = says(quote!(), block.clone());
    assert!(
        seen.contains(&text(quote!(&mut aqueduct::actor::Cx<Self>))),
        "{seen}"
    );

    let said = says(quote!(crate = ::other), block);
    assert!(
        said.contains(&text(quote!(&mut ::other::Cx<Self>))),
        "{said}"
    );

    let block = quote!(impl ::aqueduct_actor::Actor for A { #[tell] fn a(&mut self) {} });
    let seen = says(quote!(), block);
    assert!(
        seen.contains(&text(quote!(&mut ::aqueduct_actor::Cx<Self>))),
        "{seen}"
    );
}

#[test]
fn names_and_visibility_can_be_chosen() {
    let options = quote!(msg = Order, methods = Orders, vis = pub(super), debug,);
    let file = expand(options, account());
    let (message, methods) = (the_enum(&file), the_trait(&file));
    assert_eq!(
        (message.ident.to_string(), methods.ident.to_string()),
        ("Order".into(), "Orders".into())
    );
    assert_eq!(text(&message.vis), "pub(super)");
    assert_eq!(text(&methods.vis), "pub(super)");
    let debug = text(impls(&file, "Debug")[0]);
    assert!(debug.contains(r#"field("cents",cents)"#), "{debug}");
}

#[test]
fn a_generic_actor_keeps_its_parameters_and_bounds() {
    let file = expand(
        quote!(),
        quote! {
            impl<T: Clone, const N: usize> Actor for Store<T, N> where T: Send + 'static, Self: Sized {
                #[tell] fn put(&mut self, item: T) {}
                #[ask] fn all(&mut self) -> [T; N] {}
            }
        },
    );
    let message = the_enum(&file);
    assert_eq!(
        text(&message.generics),
        text(quote!(<T: Clone, const N: usize>))
    );
    let bounds = text(&message.generics.where_clause);
    assert_eq!(
        bounds,
        text(quote!(where T: Send + 'static, Store<T, N>: Sized))
    );
    assert_eq!(message.variants.last().unwrap().ident, "__Nobody");
    let methods = impls(&file, "StoreMethods")[0];
    assert_eq!(
        text(&methods.self_ty),
        text(quote!(::aqueduct_actor::ActorRef<Store<T, N>>))
    );
    let handle = text(impls(&file, "Actor")[0]);
    assert!(handle.contains("const{::core::assert!"), "{handle}");
    assert!(!file.items.iter().any(|item| matches!(item, Item::Const(_))));
}

#[test]
fn self_is_the_actor_in_the_enum_too() {
    let file = expand(
        quote!(),
        quote! {
            impl Actor for Tree {
                #[tell] fn graft(&mut self, other: Vec<Self>) {}
                #[ask] fn split(&mut self) -> Option<Self> {}
            }
        },
    );
    let variants = text(&the_enum(&file).variants);
    assert!(
        variants.contains(&text(quote!(other: Vec<Tree>))),
        "{variants}"
    );
    assert!(variants.contains("Option<Tree>"), "{variants}");
    assert!(!variants.contains("Self"), "{variants}");
}

#[test]
fn cfg_holds_for_all_that_is_made() {
    let file = expand(
        quote!(),
        quote! {
            impl Actor for A {
                #[tell] fn a(&mut self) {}
                #[cfg(feature = "b")]
                #[tell(from)]
                fn b(&mut self, b: B) {}
            }
        },
    );
    let count = text(&file).matches(r##"#[cfg(feature="b")]"##).count();
    // Variant, Debug, From, size, two methods twice, arm, handler.
    assert_eq!(count, 10);
}

#[test]
fn a_boxed_parameter_travels_in_a_box() {
    let file = expand(
        quote!(),
        quote!(impl Actor for A { #[tell(from)] fn a(&mut self, #[boxed] big: [u8; 4096]) {} }),
    );
    let Fields::Named(fields) = &the_enum(&file).variants[0].fields else {
        panic!("fields have names");
    };
    assert_eq!(
        text(&fields.named[0].ty),
        text(quote!(::std::boxed::Box<[u8; 4096]>))
    );
    let all = text(&file);
    assert!(all.contains(&text(quote!(<A>::a(self, *big)))), "{all}");
    assert!(
        all.contains(&text(quote!(A {
            big: ::std::boxed::Box::new(big)
        }))),
        "{all}"
    );
    assert!(
        all.contains(&text(quote!(From<[u8; 4096]> for AMsg))),
        "{all}"
    );
    let handlers = text(impls(&file, "")[0]);
    assert!(!handlers.contains("#[boxed]"), "{handlers}");
}

#[test]
fn the_context_is_passed_where_it_is_taken() {
    let block = quote! {
        impl Actor for A { #[tell] fn a(&mut self, x: u8, ctx: &mut actor::Cx<Self>, cx: u8) {} }
    };
    let all = text(expand(quote!(), block));
    assert!(
        all.contains(&text(quote!(<A>::a(self, x, context, cx)))),
        "{all}"
    );
    assert!(
        all.contains(&text(quote!(fn a(&self, x: u8, cx: u8)))),
        "{all}"
    );
}
