//! The trait with a method a handler, or two, and its implementation for the actor's reference.

use proc_macro2::TokenStream;
use quote::quote;

use crate::block::Block;
use crate::handler::Handler;
use crate::names;

pub(super) fn methods(block: &Block) -> TokenStream {
    let Block {
        krate,
        methods,
        visibility,
        actor,
        ..
    } = block;
    let (generics, arguments, bounds) = block.generics.split_for_impl();
    let parameters = &block.generics;
    let about = format!("What can be done with a reference to `{}`.", quote!(#actor));
    let declared = block
        .handlers
        .iter()
        .map(|handler| declared(block, handler));
    let defined = block.handlers.iter().map(|handler| defined(block, handler));
    quote! {
        #[doc = #about]
        #[allow(
            dead_code,
            missing_docs,
            private_bounds,
            private_interfaces,
            unreachable_pub,
            clippy::too_many_arguments,
            clippy::type_complexity
        )]
        #visibility trait #methods #parameters #bounds {
            #(#declared)*
        }

        #[automatically_derived]
        #[allow(
            private_interfaces,
            clippy::boxed_local,
            clippy::too_many_arguments,
            clippy::type_complexity
        )]
        impl #generics #methods #arguments for #krate::ActorRef<#actor> #bounds {
            #(#defined)*
        }
    }
}

/// The heads of the method that waits for room and of the one that does not.
fn heads(block: &Block, handler: &Handler) -> [TokenStream; 2] {
    let Block {
        krate,
        actor,
        message,
        ..
    } = block;
    let (_, generic, _) = block.generics.split_for_impl();
    let name = &handler.name;
    let trying = names::trying(name);
    let parameters: Vec<_> = handler
        .fields()
        .map(|field| {
            let (name, ty) = (&field.name, &field.ty);
            quote!(#name: #ty)
        })
        .collect();
    let [plain, try_] = match handler.answer(block) {
        None => [
            quote!(#krate::Tell<'_, #actor>),
            quote!(::core::result::Result<(), #krate::TryTellError<#message #generic>>),
        ],
        Some([answer, error]) => {
            let ask = quote!(#krate::Ask<'_, #actor, #answer, #error>);
            [ask.clone(), ask]
        }
    };
    [
        quote!(fn #name(&self #(, #parameters)*) -> #plain),
        quote!(fn #trying(&self #(, #parameters)*) -> #try_),
    ]
}

fn declared(block: &Block, handler: &Handler) -> TokenStream {
    let [plain, trying] = heads(block, handler);
    let (cfgs, name) = (&handler.cfgs, &handler.name);
    let docs = handler.docs_or(&format!(
        "Sends [`{}::{}`].",
        block.message, handler.variant
    ));
    let about = format!("As [`{name}`](Self::{name}), without waiting for room in the mailbox.");
    quote! {
        #(#docs)*
        #(#cfgs)*
        #plain;

        #[doc = #about]
        #(#cfgs)*
        #trying;
    }
}

fn defined(block: &Block, handler: &Handler) -> TokenStream {
    let Block { krate, message, .. } = block;
    let Handler { cfgs, variant, .. } = handler;
    let [plain, trying] = heads(block, handler);
    let fields: Vec<_> = handler
        .fields()
        .map(|field| {
            let name = &field.name;
            if field.boxed {
                quote!(#name: ::std::boxed::Box::new(#name))
            } else {
                quote!(#name)
            }
        })
        .collect();
    let [plain_body, try_body] = if handler.answer(block).is_none() {
        let made = quote!(#message::#variant { #(#fields),* });
        [
            quote!(#krate::ActorRef::tell(self, #made)),
            quote!(#krate::ActorRef::try_tell(self, #made)),
        ]
    } else {
        let reply = super::local("reply");
        let make = quote!(move |#reply| #message::#variant { #(#fields,)* reply: #reply });
        [
            quote!(#krate::ActorRef::ask(self, #make)),
            quote!(#krate::ActorRef::try_ask(self, #make)),
        ]
    };
    quote! {
        #(#cfgs)*
        #[inline]
        #plain {
            #plain_body
        }

        #(#cfgs)*
        #[inline]
        #trying {
            #try_body
        }
    }
}
