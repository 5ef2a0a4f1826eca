//! The group context of ours: one extension of our own, and the statement that every leaf must know
//! it (without which other implementations refuse to change it).

use mls_rs::{
    Extension, ExtensionList,
    extension::{ExtensionType, MlsExtension, built_in::RequiredCapabilitiesExt},
};

use super::CONTEXT_EXTENSION;

pub(super) const TYPE: ExtensionType = ExtensionType::new(CONTEXT_EXTENSION);

/// The extensions of a group with this context.
pub(super) fn extensions(context: &[u8]) -> ExtensionList {
    let required = RequiredCapabilitiesExt::new(vec![TYPE], vec![], vec![]);
    let required = required.into_extension().expect("one number fits its length prefix");
    ExtensionList::from(vec![required, Extension::new(TYPE, context.to_vec())])
}

/// The context in extensions made by [`extensions`]; nothing when they hold more or less than that.
pub(super) fn read(list: &ExtensionList) -> Option<Vec<u8>> {
    let context = list.get(TYPE)?.extension_data;
    (*list == extensions(&context)).then_some(context)
}
