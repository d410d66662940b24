//! The enum of messages: its variants, what `Debug` shows of it, how it is made of bare values, and how large it may be.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::block::Block;
use crate::handler::{Handler, Kind};

/// The enum and what is implemented for it.
pub(super) fn message(block: &Block) -> TokenStream {
    let Block {
        message,
        visibility,
        actor,
        ..
    } = block;
    let (generics, arguments, bounds) = block.generics.split_for_impl();
    let parameters = &block.generics;
    let variants = block.handlers.iter().map(|handler| variant(block, handler));
    let nobody = nobody(block);
    let about = format!("What `{}` is told and asked.", quote!(#actor));
    let shown = block.handlers.iter().map(|handler| shown(block, handler));
    let nobody_arm = nobody_arm(block);
    let froms = block.handlers.iter().filter(|handler| handler.from);
    let froms = froms.map(|handler| from(block, handler));
    quote! {
        #[doc = #about]
        #[allow(
            missing_docs,
            private_bounds,
            private_interfaces,
            unreachable_pub,
            clippy::large_enum_variant,
            clippy::type_complexity
        )]
        #visibility enum #message #parameters #bounds {
            #(#variants)*
            #nobody
        }

        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #message #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self {
                    #(#shown)*
                    #nobody_arm
                }
            }
        }

        #(#froms)*
    }
}

fn variant(block: &Block, handler: &Handler) -> TokenStream {
    let Handler { cfgs, variant, .. } = handler;
    let docs = handler.docs_or(&format!("Handled by `{}`.", handler.name));
    let fields = handler.field_types(block);
    let fields = fields.iter().map(|(name, ty)| quote!(#name: #ty));
    quote! {
        #(#docs)*
        #(#cfgs)*
        #variant { #(#fields),* },
    }
}

/// The variant that uses the actor's type parameters where no message does. Nobody has one.
fn nobody(block: &Block) -> Option<TokenStream> {
    let types: Vec<_> = block
        .generics
        .type_params()
        .map(|parameter| &parameter.ident)
        .collect();
    (!types.is_empty()).then(|| {
        quote! {
            #[doc(hidden)]
            __Nobody(::core::convert::Infallible, ::core::marker::PhantomData<fn() -> (#(#types,)*)>),
        }
    })
}

/// Its arm in a match of a message, by value or by place.
pub(super) fn nobody_arm(block: &Block) -> Option<TokenStream> {
    let message = &block.message;
    let never = super::local("never");
    nobody(block).map(|_| quote!(#message::__Nobody(#never, _) => match #never {},))
}

/// One arm of `Debug`.
fn shown(block: &Block, handler: &Handler) -> TokenStream {
    let message = &block.message;
    let Handler { cfgs, variant, .. } = handler;
    let name = variant.to_string();
    let fields: Vec<Ident> = handler.fields().map(|field| field.name.clone()).collect();
    let labels = fields
        .iter()
        .map(|field| quote::format_ident!("{field}").to_string());
    let labels = labels.map(|label| label.trim_start_matches("r#").to_owned());
    let (pattern, values): (TokenStream, Vec<TokenStream>) = if block.debug {
        let values = fields.iter().map(|field| quote!(#field)).collect();
        (quote!(#(ref #fields,)* ..), values)
    } else {
        let hidden = fields
            .iter()
            .map(|_| quote!(&::core::format_args!("_")))
            .collect();
        (quote!(..), hidden)
    };
    let reply = handler
        .answer(block)
        .map(|_| quote!(.field("reply", &::core::format_args!("_"))));
    quote! {
        #(#cfgs)*
        #message::#variant { #pattern } => f
            .debug_struct(#name)
            #(.field(#labels, #values))*
            #reply
            .finish(),
    }
}

/// A message of its only value: `#[tell(from)]`, and `#[ask(from)]`, which is made of the value with its reply.
fn from(block: &Block, handler: &Handler) -> TokenStream {
    let (generics, arguments, bounds) = block.generics.split_for_impl();
    let krate = &block.krate;
    let message = &block.message;
    let Handler { cfgs, variant, .. } = handler;
    let value = super::local("value");
    let fields = handler.fields().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        let (from, taken, reply) = match handler.kind {
            Kind::Tell => (quote!(#ty), quote!(#value), None),
            Kind::Ask(_) => (
                quote!(#krate::Asked<#ty>),
                quote!(#value.request),
                Some(quote!(reply: #value.reply)),
            ),
        };
        let boxed = if field.boxed {
            quote!(::std::boxed::Box::new(#taken))
        } else {
            taken
        };
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #generics ::core::convert::From<#from> for #message #arguments #bounds {
                fn from(#value: #from) -> Self {
                    #message::#variant { #name: #boxed, #reply }
                }
            }
        }
    });
    quote!(#(#fields)*)
}

/// For each variant an assertion that names it, if the message is too large and this variant with its tag alone is. Of an
/// actor with type parameters the sizes are known only where it is used.
pub(super) fn sizes(block: &Block) -> TokenStream {
    if is_generic(block) {
        return TokenStream::new();
    }
    let message = &block.message;
    let assertions = block.handlers.iter().map(|handler| {
        let cfgs = &handler.cfgs;
        let assertion = assertion(block, handler, quote!(#message));
        quote! {
            #(#cfgs)*
            const _: () = #assertion;
        }
    });
    quote!(#(#assertions)*)
}

/// As [`sizes`], inside of `handle`.
pub(super) fn generic_sizes(block: &Block) -> TokenStream {
    if !is_generic(block) {
        return TokenStream::new();
    }
    let (_, arguments, _) = block.generics.split_for_impl();
    let message = &block.message;
    let assertions = block.handlers.iter().map(|handler| {
        let cfgs = &handler.cfgs;
        let assertion = assertion(block, handler, quote!(#message #arguments));
        quote! {
            #(#cfgs)*
            const { #assertion };
        }
    });
    quote!(#(#assertions)*)
}

fn is_generic(block: &Block) -> bool {
    !block.generics.params.is_empty()
}

fn assertion(block: &Block, handler: &Handler, message: TokenStream) -> TokenStream {
    let Block { krate, actor, .. } = block;
    let types = handler.field_types(block);
    let types = types.iter().map(|(_, ty)| ty);
    let text = format!(
        "`{}::{}` is larger than a message may be (`Actor::MESSAGE_BYTES_MAX`, 128 bytes unless the actor says otherwise): \
         mark a large parameter of `{}` with `#[boxed]`",
        block.message, handler.variant, handler.name
    );
    let span = handler.name.span();
    quote::quote_spanned! {span=>
        ::core::assert!(
            ::core::mem::size_of::<#message>() <= <#actor as #krate::Actor>::MESSAGE_BYTES_MAX
                || ::core::mem::size_of::<(u8, #(#types,)*)>()
                    <= <#actor as #krate::Actor>::MESSAGE_BYTES_MAX,
            #text
        )
    }
}
