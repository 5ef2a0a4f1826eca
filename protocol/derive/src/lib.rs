//! `#[derive(Decode)]`: implements `minicbor::Decode` as `minicbor`'s own derive does, in half of the code.
//!
//! `minicbor`'s derive writes out each field's decoder twice, once for arrays of a known length and once for arrays of
//! an unknown one, and a message for each field that may be missing. Phones download that: it was a tenth of the core.
//! Here both kinds of array share one loop (`campana_protocol::wire::Fields`), and errors say nothing, for
//! `wire::decode` drops what they say. Which bytes are taken, and as what, must be the same to the last bit, since all
//! devices judge a log alike: `protocol/tests/protocol/derived.rs` compares the two on mutated bytes.
//!
//! Supported is what this workspace uses, of structs and enums without type parameters: `n(…)`, `default`, `skip`,
//! `with`, `index_only`. Anything else does not compile. `Encode` stays `minicbor`'s.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, LitInt, LitStr, Member, Path, Result, Type,
    parse_macro_input, parse_quote,
};

/// See the crate's documentation.
#[proc_macro_derive(Decode, attributes(n, cbor))]
pub fn decode(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "no parameters, please"));
    }
    let name = &input.ident;
    let options = Options::of(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => fields(&parse_quote!(Self), &data.fields)?,
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let (index, ident) = (Options::of(&variant.attrs)?.index(&variant.ident)?, &variant.ident);
                let body = match &variant.fields {
                    Fields::Unit if options.index_only => quote!(Ok(Self::#ident)),
                    Fields::Unit => quote!({ decoder.skip()?; Ok(Self::#ident) }),
                    some => fields(&parse_quote!(Self::#ident), some)?,
                };
                Ok(quote!(#index => #body,))
            });
            let arms = arms.collect::<Result<Vec<_>>>()?;
            let whole = (!options.index_only).then(|| quote!(::campana_protocol::wire::variant(decoder)?;));
            quote! {{
                #whole
                match decoder.i64()? {
                    #(#arms)*
                    other => Err(::minicbor::decode::Error::unknown_variant(other)),
                }
            }}
        }
        Data::Union(data) => return Err(Error::new_spanned(data.union_token, "no unions, please")),
    };
    Ok(quote! {
        impl<'bytes, Ctx> ::minicbor::Decode<'bytes, Ctx> for #name {
            fn decode(
                decoder: &mut ::minicbor::Decoder<'bytes>,
                context: &mut Ctx,
            ) -> ::core::result::Result<Self, ::minicbor::decode::Error> #body
        }
    })
}

/// A block that decodes an array of fields into `of`.
fn fields(of: &Path, fields: &Fields) -> Result<TokenStream> {
    let (mut places, mut arms, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (at, field) in fields.iter().enumerate() {
        let options = Options::of(&field.attrs)?;
        let member = field.ident.clone().map_or_else(|| Member::from(at), Member::from);
        if options.skip {
            values.push(quote!(#member: ::core::default::Default::default()));
            continue;
        }
        let (index, place, ty) = (options.index(field)?, format_ident!("field_{at}"), &field.ty);
        let (decoded, absent) = match &options.with {
            Some(module) => (quote!(#module::decode(decoder, context)), absent(field)),
            None => (
                quote!(<#ty as ::minicbor::Decode<'bytes, Ctx>>::decode(decoder, context)),
                quote!(<#ty as ::minicbor::Decode<'bytes, Ctx>>::nil()),
            ),
        };
        let before = if is_option(ty) { quote!(Some(None)) } else { quote!(None) };
        let forgiven = if is_option(ty) { quote!(true) } else { quote!(#absent.is_some()) };
        places.push(quote!(let mut #place: ::core::option::Option<#ty> = #before;));
        arms.push(quote! {
            #index => match #decoded {
                Ok(value) => #place = Some(value),
                Err(error) => ::campana_protocol::wire::forgive(error, #forgiven, decoder)?,
            },
        });
        let otherwise =
            if options.default { quote!(Some(::core::default::Default::default())) } else { absent };
        values.push(quote! {
            #member: match #place.or_else(|| #otherwise) {
                Some(value) => value,
                None => return Err(::campana_protocol::wire::missing()),
            }
        });
    }
    // Without fields there is nothing to read, as in a unit struct.
    if let Fields::Unit = fields {
        return Ok(quote!({ ::campana_protocol::wire::Fields::skip(decoder)?; Ok(#of) }));
    }
    Ok(quote! {{
        #(#places)*
        let mut fields = ::campana_protocol::wire::Fields::of(decoder)?;
        while let Some(index) = fields.next(decoder)? {
            match index {
                #(#arms)*
                _ => decoder.skip()?,
            }
        }
        Ok(#of { #(#values,)* })
    }})
}

/// What a field with a decoder of its own is when it is not there.
fn absent(field: &Field) -> TokenStream {
    let ty = &field.ty;
    if is_option(ty) { quote!(Some(None)) } else { quote!(::core::option::Option::<#ty>::None) }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// What the attributes say.
#[derive(Default)]
struct Options {
    index: Option<LitInt>,
    default: bool,
    skip: bool,
    index_only: bool,
    with: Option<Path>,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("n") {
                options.index = Some(attribute.parse_args()?);
            } else if attribute.path().is_ident("cbor") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("n") {
                        let content;
                        syn::parenthesized!(content in meta.input);
                        options.index = Some(content.parse()?);
                    } else if meta.path.is_ident("default") {
                        options.default = true;
                    } else if meta.path.is_ident("skip") {
                        options.skip = true;
                    } else if meta.path.is_ident("index_only") {
                        options.index_only = true;
                    } else if meta.path.is_ident("with") {
                        options.with = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                    } else {
                        return Err(meta.error("not known here: see the crate's documentation"));
                    }
                    Ok(())
                })?;
            }
        }
        Ok(options)
    }

    fn index(&self, at: &impl quote::ToTokens) -> Result<LitInt> {
        self.index.clone().ok_or_else(|| Error::new_spanned(at, "which number does it have?"))
    }
}
