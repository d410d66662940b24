//! What is said of blocks that cannot be expanded.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::messages;

/// What is said of a wrong block, in the order of the text.
fn errors(item: TokenStream) -> Vec<String> {
    errors_with(TokenStream::new(), item)
}

fn errors_with(options: TokenStream, item: TokenStream) -> Vec<String> {
    let Err(errors) = messages(options, item, &syn::parse_quote!(::aqueduct_actor)) else {
        panic!("it is refused");
    };
    errors.into_iter().map(|error| error.to_string()).collect()
}

#[test]
fn each_misuse_is_said() {
    let handler = |handler: TokenStream| errors(quote!(impl Actor for A { #handler }));
    let cases = [
        (
            quote!(
                #[tell]
                fn a(x: u8) {}
            ),
            "takes `&mut self`: it runs on the actor",
        ),
        (
            quote!(
                #[tell]
                fn a(self) {}
            ),
            "takes `&mut self`: the actor is there",
        ),
        (
            quote!(
                #[tell]
                fn a(self: Box<Self>) {}
            ),
            "takes `&mut self`: the actor is there",
        ),
        (
            quote!(
                #[tell]
                async fn a(&self) {}
            ),
            "only if the actor were `Sync`",
        ),
        (
            quote!(
                #[tell]
                fn a<T>(&mut self, t: T) {}
            ),
            "has no type parameters",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, f: impl AsyncFn()) {}
            ),
            "its type has a name",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, (x, y): (u8, u8)) {}
            ),
            "so it is a name",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, _: u8) {}
            ),
            "so it is a name",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, x: &str) {}
            ),
            "a reference is `&'static`",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, x: Cow<'a, str>) {}
            ),
            "borrows nothing",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self) -> u8 {}
            ),
            "nobody waits for what a `#[tell]` returns",
        ),
        (
            quote!(
                #[ask]
                fn a(&mut self) -> impl Sized {}
            ),
            "an answer is a field of a message",
        ),
        (
            quote!(
                #[ask]
                fn a(&mut self) -> &str {}
            ),
            "an answer is sent to another task",
        ),
        (
            quote!(
                #[ask]
                fn a(&mut self, reply: u8) {}
            ),
            "the field that the answer goes to",
        ),
        (
            quote!(
                #[tell]
                #[ask]
                fn a(&mut self) {}
            ),
            "one of `#[tell]` and `#[ask]`",
        ),
        (
            quote!(
                #[tell]
                #[tell]
                fn a(&mut self) {}
            ),
            "one of `#[tell]` and `#[ask]`, once",
        ),
        (
            quote!(
                #[tell(fast)]
                fn a(&mut self) {}
            ),
            "have one option, `from`",
        ),
        (
            quote!(
                #[ask(fast)]
                fn a(&mut self, x: u8) {}
            ),
            "have one option, `from`",
        ),
        (
            quote!(
                #[tell(from)]
                fn a(&mut self, x: u8, y: u8) {}
            ),
            "takes one parameter",
        ),
        (
            quote!(
                #[tell]
                const fn a(&mut self) {}
            ),
            "no `const fn`",
        ),
        (
            quote!(
                #[tell]
                unsafe fn a(&mut self) {}
            ),
            "not unsafe",
        ),
        (
            quote!(
                #[tell]
                extern "C" fn a(&mut self) {}
            ),
            "calling convention",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, cx: &Cx<Self>) {}
            ),
            "taken as `&mut Cx<Self>`",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, a: &mut Cx<Self>, b: &mut Cx<Self>) {}
            ),
            "the context once",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self, #[cfg(x)] x: u8) {}
            ),
            "a `cfg` can stand on the handler",
        ),
        (
            quote!(
                #[tell]
                fn handle(&mut self) {}
            ),
            "what `#[messages]` writes",
        ),
        (
            quote!(
                #[tell]
                fn start(&mut self) {}
            ),
            "a function of `Actor` itself",
        ),
        (
            quote!(
                #[tell]
                fn clone(&mut self) {}
            ),
            "`ActorRef` has a method `clone`",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self) {}
                fn helper(&self) {}
            ),
            "`helper` is no function of `Actor`",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self) {}
                async fn handle(&mut self) {}
            ),
            "writes `handle` itself",
        ),
        (
            quote!(
                type Msg = u8;
                #[tell]
                fn a(&mut self) {}
            ),
            "writes `type Msg` itself",
        ),
        (
            quote!(
                #[tell]
                fn a(&mut self) {}
                #[tell]
                fn a(&mut self) {}
            ),
            "two handlers `a`",
        ),
        (
            quote!(
                #[tell]
                fn a_b(&mut self) {}
                #[tell]
                fn a__b(&mut self) {}
            ),
            "both be the variant `AB`",
        ),
        (
            quote!(
                #[tell]
                fn put(&mut self) {}
                #[ask]
                fn try_put(&mut self) {}
            ),
            "the method of `put`",
        ),
        (quote!(), "there would be no messages"),
    ];
    for (block, expected) in cases {
        let said = handler(block.clone());
        assert_eq!(said.len(), 1, "{block}: {said:?}");
        assert!(said[0].contains(expected), "{block}: {said:?}");
    }
}

#[test]
fn each_misuse_of_the_block_is_said() {
    let one = quote!(
        #[tell]
        fn a(&mut self) {}
    );
    let cases = [
        (quote!(impl A { #one }), "stands on `impl Actor for"),
        (
            quote!(impl Actor<u8> for A { #one }),
            "stands on `impl Actor for",
        ),
        (
            quote!(impl<'a> Actor for A<'a> { #one }),
            "no lifetime parameters",
        ),
        (
            quote!(impl Actor for [u8; 4] { #one }),
            "a struct or an enum",
        ),
    ];
    for (block, expected) in cases {
        let said = errors(block.clone());
        assert!(said[0].contains(expected), "{block}: {said:?}");
    }
    let options = [
        (quote!(fast), "no option `fast`"),
        (quote!(msg = A, msg = B), "`msg` is given twice"),
        (quote!(debug, debug), "`debug` is given twice"),
        (quote!(crate = a, crate = b), "`crate` is given twice"),
    ];
    for (options, expected) in options {
        let said = errors_with(options, quote!(impl Actor for A { #one }));
        assert!(said[0].contains(expected), "{said:?}");
    }
}

#[test]
fn all_errors_are_said_at_once() {
    let said = errors(quote! {
        impl Actor for A {
            #[tell] fn a(x: &str) -> u8 {}
            fn b() {}
            #[ask] fn c<T>(&mut self) {}
        }
    });
    assert_eq!(said.len(), 5, "{said:?}");
}
