//! What is made of a block: the enum of messages, the trait of methods, the handlers, and the rest of the trait's
//! implementation.
//!
//! Paths are absolute, or begin with the crate's; local names are the macro's own (`mixed_site`), so that a parameter of a
//! handler may be called as it likes.

mod message;
mod methods;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Path, Result};

use crate::block::Block;
use crate::handler::{Answer, Handler, Kind};
use crate::options::Options;

/// The whole of what the attribute makes.
pub(crate) fn messages(
    options: TokenStream,
    item: TokenStream,
    home: &Path,
) -> Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let item = syn::parse2(item)?;
    let block = Block::of(options, item, home)?;
    let message = message::message(&block);
    let sizes = message::sizes(&block);
    let methods = methods::methods(&block);
    let actor = actor(&block);
    let handlers = handlers(&block);
    Ok(quote! {
        #message
        #sizes
        #methods
        #actor
        #handlers
    })
}

/// The trait's implementation, with `Msg` and `handle`.
fn actor(block: &Block) -> TokenStream {
    let Block { krate, message, .. } = block;
    let item = &block.item;
    let (attributes, unsafety) = (&item.attrs, &item.unsafety);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let path = item.trait_.as_ref().map(|(_, path, _)| path);
    let (actor, own) = (&item.self_ty, &item.items);
    let (_, arguments, _) = block.generics.split_for_impl();
    let [received, context] = ["message", "context"].map(local);
    let arms = block
        .handlers
        .iter()
        .map(|handler| arm(block, handler, &context));
    let nobody = message::nobody_arm(block);
    let generic_sizes = message::generic_sizes(block);
    // Where the compiler points when a handler's future is not `Send`.
    let place = path.map_or_else(Span::call_site, Spanned::span);
    let head = quote_spanned! {place.resolved_at(Span::call_site())=>
        async fn handle(&mut self, #received: Self::Msg, #context: &mut #krate::Cx<Self>)
    };
    // A handler that does not take the context leaves it unused, and one that is not async does not wait.
    quote! {
        #(#attributes)*
        #unsafety impl #generics #path for #actor #bounds {
            type Msg = #message #arguments;

            #[allow(unused_variables, clippy::unused_async, clippy::manual_async_fn)]
            #head {
                #generic_sizes
                match #received {
                    #(#arms)*
                    #nobody
                }
            }

            #(#own)*
        }
    }
}

/// Takes a message apart, and calls its handler.
fn arm(block: &Block, handler: &Handler, context: &Ident) -> TokenStream {
    let Block {
        krate,
        message,
        actor,
        ..
    } = block;
    let Handler {
        cfgs,
        variant,
        name,
        ..
    } = handler;
    let names: Vec<_> = handler.fields().map(|field| &field.name).collect();
    let arguments = handler.arguments(context);
    let wait = handler.function.sig.asyncness.map(|_| quote!(.await));
    let call = quote!(<#actor>::#name(self #(, #arguments)*) #wait);
    match &handler.kind {
        Kind::Tell => quote! {
            #(#cfgs)*
            #message::#variant { #(#names),* } => #call,
        },
        Kind::Ask(answer) => {
            let reply = local("reply");
            let answered = match answer {
                Answer::Plain(_) => quote!(#krate::Reply::send(#reply, #call)),
                Answer::Fallible(ty) => {
                    let result = quote!(<#ty as #krate::Answer>::into_result(#call));
                    quote!(#krate::Reply::send_result(#reply, #result))
                }
            };
            quote! {
                #(#cfgs)*
                #message::#variant { #(#names,)* reply: #reply } => #answered,
            }
        }
    }
}

/// The functions as they were written.
fn handlers(block: &Block) -> TokenStream {
    let (generics, _, bounds) = block.generics.split_for_impl();
    let actor = &block.actor;
    let functions = block.handlers.iter().map(|handler| &handler.function);
    quote! {
        impl #generics #actor #bounds {
            #(#functions)*
        }
    }
}

impl Handler {
    /// What the handler is called with, in its order.
    fn arguments(&self, context: &Ident) -> Vec<TokenStream> {
        use crate::handler::Parameter::{Context, Field};
        let argument = |parameter: &_| match parameter {
            Context => quote!(#context),
            Field(field) => {
                let name = &field.name;
                if field.boxed {
                    quote!(*#name)
                } else {
                    quote!(#name)
                }
            }
        };
        self.parameters.iter().map(argument).collect()
    }

    /// The types of an answer and of an error.
    fn answer(&self, block: &Block) -> Option<[TokenStream; 2]> {
        let krate = &block.krate;
        match &self.kind {
            Kind::Tell => None,
            Kind::Ask(Answer::Plain(ty)) => {
                Some([quote!(#ty), quote!(::core::convert::Infallible)])
            }
            Kind::Ask(Answer::Fallible(ty)) => Some([
                quote!(<#ty as #krate::Answer>::Ok),
                quote!(<#ty as #krate::Answer>::Err),
            ]),
        }
    }

    /// The names, attributes left out, and types of the variant's fields, that of the reply among them.
    fn field_types(&self, block: &Block) -> Vec<(Ident, TokenStream)> {
        let krate = &block.krate;
        let mut types: Vec<_> = self
            .fields()
            .map(|field| {
                let ty = &field.ty;
                let ty = if field.boxed {
                    quote!(::std::boxed::Box<#ty>)
                } else {
                    quote!(#ty)
                };
                (field.name.clone(), ty)
            })
            .collect();
        if let Some([answer, error]) = self.answer(block) {
            let reply = Ident::new("reply", self.name.span());
            types.push((reply, quote!(#krate::Reply<#answer, #error>)));
        }
        types
    }

    /// Its documentation, or `or`.
    fn docs_or(&self, or: &str) -> Vec<Attribute> {
        if self.docs.is_empty() {
            return vec![syn::parse_quote!(#[doc = #or])];
        }
        self.docs.clone()
    }
}

/// A local variable that no name of the user's meets.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

#[cfg(test)]
mod tests;
