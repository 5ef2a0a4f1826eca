//! `#[derive(Encode, Decode)]`: what `minicbor`'s own derives write and read, in a third of the code.
//!
//! `minicbor`'s derives write out each field's decoder twice, once for arrays of a known length and once for arrays of
//! an unknown one, a message for each field that may be missing, each field's encoder with the failures of a writer that
//! writes to memory, and a look at every field beforehand to count those at the end that are none. Phones download that.
//! Here a field is one call (`campana_protocol::wire`'s `Fields` and `Writer`), errors are one byte, for `wire::decode`
//! drops what they say, and nothing can fail to be written. Which bytes are written, and which are taken and as what,
//! must be the same to the last bit, since all devices judge a log alike: `protocol/tests/protocol/derived.rs` compares
//! the two on mutated bytes.
//!
//! Supported is what this workspace uses, of structs and enums without type parameters: `n(…)`, `default`, `skip`,
//! `with`, `index_only`. Anything else does not compile. `with` names `minicbor::bytes`, or a module with
//! `encode(&T, &mut Writer)` and `decode(&mut Reader) -> Result<T, Unread>`.
//!
//! `minicbor`'s traits are implemented besides, by these, for types that its own derives write: the relay's rows.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, LitInt, LitStr, Member, Path, Result, Type, Variant,
    parse_macro_input, parse_quote,
};

/// See the crate's documentation.
#[proc_macro_derive(Encode, attributes(n, cbor))]
pub fn encode(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_encode(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// See the crate's documentation.
#[proc_macro_derive(Decode, attributes(n, cbor))]
pub fn decode(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement_decode(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement_encode(input: &DeriveInput) -> Result<TokenStream> {
    let (name, options) = begin(input)?;
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, written) = write_fields(&data.fields)?;
            quote!(let Self #pattern = self; #written)
        }
        Data::Enum(data) => {
            let arm = |variant: &Variant| {
                let (index, ident) = (Options::of(&variant.attrs)?.index(&variant.ident)?, &variant.ident);
                let (pattern, written) = write_fields(&variant.fields)?;
                Ok(match options.index_only {
                    true => quote!(Self::#ident => writer.number(#index),),
                    false => quote!(Self::#ident #pattern => { writer.variant(#index); #written }),
                })
            };
            let arms = data.variants.iter().map(arm).collect::<Result<Vec<_>>>()?;
            quote!(match self { #(#arms)* })
        }
        Data::Union(data) => return Err(Error::new_spanned(data.union_token, "no unions, please")),
    };
    Ok(quote! {
        impl ::campana_protocol::wire::Encode for #name {
            fn write(&self, writer: &mut ::campana_protocol::wire::Writer) {
                #body
            }
        }

        impl<Ctx> ::minicbor::Encode<Ctx> for #name {
            fn encode<W: ::minicbor::encode::Write>(
                &self,
                encoder: &mut ::minicbor::Encoder<W>,
                _: &mut Ctx,
            ) -> ::core::result::Result<(), ::minicbor::encode::Error<W::Error>> {
                ::campana_protocol::wire::encode_item(self, encoder)
            }
        }
    })
}

/// A pattern that binds fields, and statements that write them as an array.
fn write_fields(fields: &Fields) -> Result<(TokenStream, TokenStream)> {
    let (mut bound, mut written) = (Vec::new(), Vec::new());
    for (at, field) in fields.iter().enumerate() {
        let options = Options::of(&field.attrs)?;
        if options.skip {
            continue;
        }
        let (member, place) = (member(at, field), format_ident!("field_{at}"));
        let write = match &options.with {
            None => quote!(::campana_protocol::wire::Encode::write(#place, writer);),
            Some(path) if is_bytes(path) => quote!(writer.bytes_or_null(#place);),
            Some(path) => quote!(#path::encode(#place, writer);),
        };
        bound.push(quote!(#member: #place,));
        written.push((options.index(field)?.base10_parse::<usize>()?, write));
    }
    written.sort_by_key(|(index, _)| *index);
    let (mut statements, mut count) = (Vec::new(), 0_usize);
    for (index, write) in written {
        statements.extend((count..index).map(|_| quote!(writer.null();)));
        statements.push(write);
        count = index + 1;
    }
    let pattern = match fields {
        Fields::Unit => quote!(),
        _ => quote!({ #(#bound)* .. }),
    };
    let begin = quote!(let begin = writer.begin_fields(););
    Ok((pattern, quote!(#begin #(#statements)* writer.end_fields(begin, #count);)))
}

fn implement_decode(input: &DeriveInput) -> Result<TokenStream> {
    let (name, options) = begin(input)?;
    let body = match &input.data {
        Data::Struct(data) => read_fields(&parse_quote!(Self), &data.fields)?,
        Data::Enum(data) => {
            let arm = |variant: &Variant| {
                let (index, ident) = (Options::of(&variant.attrs)?.index(&variant.ident)?, &variant.ident);
                let body = match &variant.fields {
                    Fields::Unit if options.index_only => quote!(Ok(Self::#ident)),
                    Fields::Unit => quote!({ reader.skip()?; Ok(Self::#ident) }),
                    some => read_fields(&parse_quote!(Self::#ident), some)?,
                };
                Ok(quote!(#index => #body,))
            };
            let arms = data.variants.iter().map(arm).collect::<Result<Vec<_>>>()?;
            let number = match options.index_only {
                true => quote!(reader.signed()?),
                false => quote!(reader.variant()?),
            };
            quote!({
                match #number {
                    #(#arms)*
                    _ => Err(::campana_protocol::wire::Unread::Later),
                }
            })
        }
        Data::Union(data) => return Err(Error::new_spanned(data.union_token, "no unions, please")),
    };
    Ok(quote! {
        impl ::campana_protocol::wire::Decode for #name {
            fn read(
                reader: &mut ::campana_protocol::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, ::campana_protocol::wire::Unread> #body
        }

        impl<'bytes, Ctx> ::minicbor::Decode<'bytes, Ctx> for #name {
            fn decode(
                decoder: &mut ::minicbor::Decoder<'bytes>,
                _: &mut Ctx,
            ) -> ::core::result::Result<Self, ::minicbor::decode::Error> {
                ::campana_protocol::wire::decode_item(decoder)
            }
        }
    })
}

/// A block that reads an array of fields into `of`.
fn read_fields(of: &Path, fields: &Fields) -> Result<TokenStream> {
    // Without fields there is nothing to read, as in a unit struct.
    if let Fields::Unit = fields {
        return Ok(quote!({ reader.fields()?.end()?; Ok(#of) }));
    }
    let (mut read, mut values) = (Vec::new(), Vec::new());
    for (at, field) in fields.iter().enumerate() {
        let (options, member) = (Options::of(&field.attrs)?, member(at, field));
        if options.skip {
            values.push(quote!(#member: ::core::default::Default::default()));
            continue;
        }
        let (index, place, ty) = (options.index(field)?, format_ident!("field_{at}"), &field.ty);
        let forgiven = is_option(ty);
        let absent = match options.default || forgiven {
            true => quote!(|| Some(::core::default::Default::default())),
            false => quote!(|| None),
        };
        let value = match &options.with {
            None if options.default => quote!(fields.field_or_default::<#ty>(#index)?),
            None => quote!(fields.field::<#ty>(#index)?),
            Some(path) if is_bytes(path) => quote! {
                fields.field_with::<#ty>(#index, ::campana_protocol::wire::Bytes::read, #forgiven, #absent)?
            },
            Some(path) => quote!(fields.field_with::<#ty>(#index, #path::decode, #forgiven, #absent)?),
        };
        read.push((index.base10_parse::<u64>()?, quote!(let #place: #ty = #value;)));
        values.push(quote!(#member: #place));
    }
    read.sort_by_key(|(index, _)| *index);
    let read = read.into_iter().map(|(_, statement)| statement);
    Ok(quote! {{
        let mut fields = reader.fields()?;
        #(#read)*
        fields.end()?;
        Ok(#of { #(#values,)* })
    }})
}

/// What both derives begin with.
fn begin(input: &DeriveInput) -> Result<(&syn::Ident, Options)> {
    match input.generics.params.is_empty() {
        true => Ok((&input.ident, Options::of(&input.attrs)?)),
        false => Err(Error::new_spanned(&input.generics, "no parameters, please")),
    }
}

fn member(at: usize, field: &Field) -> Member {
    field.ident.clone().map_or_else(|| Member::from(at), Member::from)
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// Bytes, and not an array of numbers.
fn is_bytes(with: &Path) -> bool {
    let names: Vec<String> = with.segments.iter().map(|segment| segment.ident.to_string()).collect();
    names == ["minicbor", "bytes"]
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
