//! Types of parameters and answers, which become types of fields.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{Error, Lifetime, Result, Type, TypeImplTrait, TypeInfer, TypePath, TypeReference};

/// `ty` as it can stand in the enum, where `Self` is another: `actor` in its place.
///
/// # Errors
///
/// If it borrows, or has no name that can be written there. `what` it is says the beginning of the text.
pub(crate) fn owned(ty: &Type, actor: &Type, what: &str) -> Result<Type> {
    let mut ty = ty.clone();
    let mut owner = Owner {
        actor,
        what,
        error: None,
    };
    owner.visit_type_mut(&mut ty);
    owner.error.map_or(Ok(ty), Err)
}

/// Puts the actor's type in the place of `Self`.
pub(crate) struct Unself<'a>(pub(crate) &'a Type);

impl VisitMut for Unself<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        replace_self(ty, self.0);
        visit_mut::visit_type_mut(self, ty);
    }
}

fn replace_self(ty: &mut Type, actor: &Type) {
    let Type::Path(TypePath { qself, path }) = &mut *ty else {
        return;
    };
    let starts = path.leading_colon.is_none()
        && path
            .segments
            .first()
            .is_some_and(|first| first.ident == "Self");
    if qself.is_some() || !starts {
        return;
    }
    if path.segments.len() == 1 {
        *ty = actor.clone();
    } else {
        let rest = path.segments.iter().skip(1);
        *ty = syn::parse_quote!(<#actor> #(:: #rest)*);
    }
}

struct Owner<'a> {
    actor: &'a Type,
    what: &'a str,
    error: Option<Error>,
}

impl Owner<'_> {
    fn refuse(&mut self, span: Span, why: &str) {
        let error = Error::new(span, format!("{} {why}", self.what));
        match &mut self.error {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }
}

impl VisitMut for Owner<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        replace_self(ty, self.actor);
        // Signatures inside have elided lifetimes of their own.
        if !matches!(ty, Type::BareFn(_)) {
            visit_mut::visit_type_mut(self, ty);
        }
    }

    fn visit_parenthesized_generic_arguments_mut(
        &mut self,
        _: &mut syn::ParenthesizedGenericArguments,
    ) {
        // `Fn(&str)`, as above.
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            let span = reference.and_token.spans[0];
            self.refuse(span, "is sent to another task, so it owns what is in it: a reference is `&'static`, or another type");
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            let span = lifetime.span();
            self.refuse(
                span,
                "is sent to another task, so it borrows nothing: the only lifetime is `'static`",
            );
        }
    }

    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        let span = ty.impl_token.span;
        self.refuse(span, "is a field of a message, so its type has a name: a type parameter of the actor's, or `Box<dyn …>`");
    }

    fn visit_type_infer_mut(&mut self, ty: &mut TypeInfer) {
        self.refuse(
            ty.underscore_token.spans[0],
            "is a field of a message, so its type is written out",
        );
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        // `for<'a>` names lifetimes of its own.
        if bound.lifetimes.is_none() {
            visit_mut::visit_trait_bound_mut(self, bound);
        }
    }
}
