//! Takes out of the core's WebAssembly what nobody can read: the messages of panics and of errors.
//!
//! In a browser a panic's message goes to a standard error that does not exist, and the app tells people what a stable
//! word says, never the text of an error. Still the compiler keeps every message, the code that puts it together, and
//! the printing of numbers. A stable compiler cannot leave them out (`panic_immediate_abort` and `fmt-debug` are not
//! stable), so we do it here: what panics traps at once, and what would print an error prints nothing. wasm-opt then
//! finds that nobody calls the rest. What only these read stays in the module's data, where no tool sees that it is
//! dead: we write zeros over what can be told from everything else, which are the places in the source (`Location`)
//! that panics name.

use walrus::{ConstExpr, DataKind, FunctionBuilder, FunctionKind, LocalFunction, Module, ValType, ir::Value};

/// Functions that never return: they begin with one of these.
const PANICS: [&str; 18] = [
    "__rustc::rust_begin_unwind",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "core::cell::panic_already",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::index::slice_",
    "core::slice::sort::shared::smallsort::panic_on_ord_violation",
    "core::str::slice_error_fail",
    "std::alloc::rust_oom",
    "std::panicking::begin_panic",
    "std::panicking::panic_with_hook",
    "std::thread::local::panic_access_error",
    "<hashbrown::raw::Fallibility>::capacity_overflow",
];

/// Printing for programmers, of errors, and of what only errors hold: they contain one of these.
const UNREAD: [&str; 7] = [
    " as core::fmt::Debug>::fmt",
    "Error as core::fmt::Display>::fmt",
    "<f64 as core::fmt::Display>::fmt",
    "<serde_core::de::OneOf as core::fmt::Display>::fmt",
    "<serde_core::de::Unexpected as core::fmt::Display>::fmt",
    "<serde_core::de::WithDecimalPoint as core::fmt::Display>::fmt",
    "core::fmt::builders::",
];

/// Mutes a module; says how many functions that were.
pub(crate) fn mute(module: &mut Module) -> usize {
    let found: Vec<_> = module
        .funcs
        .iter_local()
        .filter_map(|(id, function)| {
            let name = plain(module.funcs.get(id).name.as_deref()?);
            let panics = PANICS.iter().any(|start| name.starts_with(start));
            (panics || UNREAD.iter().any(|part| name.contains(part))).then_some((id, function.ty(), panics))
        })
        .collect();
    let mut muted = 0;
    for (id, ty, panics) in found {
        let (parameters, results) = module.types.params_results(ty);
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        // What returns something does not panic; printing returns whether it failed.
        let body = match (panics, results.as_slice()) {
            (true, []) => None,
            (false, [ValType::I32]) => Some(0),
            _ => continue,
        };
        let function = stub(module, &parameters, &results, body);
        module.funcs.get_mut(id).kind = FunctionKind::Local(function);
        muted += 1;
    }
    muted
}

/// Writes zeros over what only messages hold; says how many bytes that were.
pub(crate) fn blank(module: &mut Module) -> usize {
    let mut blanked = 0;
    let segments: Vec<_> = module.data.iter().map(|segment| segment.id()).collect();
    for id in segments {
        let segment = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = segment.kind else {
            continue;
        };
        for (at, length) in places(&segment.value, start.cast_unsigned() as usize) {
            segment.value[at..at + length].fill(0);
            blanked += length;
        }
    }
    blanked
}

/// Each `Location`, which is a path's address and length, a line and a column, and the path.
fn places(data: &[u8], start: usize) -> Vec<(usize, usize)> {
    const LOCATION: usize = 16;
    let word = |at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]) as usize;
    let mut found = Vec::new();
    let aligned = start.next_multiple_of(4) - start;
    for at in (aligned..data.len().saturating_sub(LOCATION - 1)).step_by(4) {
        let (address, length, line, column) = (word(at), word(at + 4), word(at + 8), word(at + 12));
        let path = address
            .checked_sub(start)
            .and_then(|path| Some((path, data.get(path..path.checked_add(length)?)?)));
        let plausible = (1..100_000).contains(&line) && (1..1_000).contains(&column);
        if let Some((path, text)) = path.filter(|(_, text)| plausible && text.ends_with(b".rs")) {
            found.extend([(at, LOCATION), (path, text.len())]);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A function that returns a number, or traps.
fn stub(
    module: &mut Module,
    parameters: &[ValType],
    results: &[ValType],
    returns: Option<i32>,
) -> LocalFunction {
    let mut builder = FunctionBuilder::new(&mut module.types, parameters, results);
    match returns {
        Some(number) => builder.func_body().const_(Value::I32(number)),
        None => builder.func_body().unreachable(),
    };
    let arguments = parameters.iter().map(|ty| module.locals.add(*ty)).collect();
    builder.local_func(arguments)
}

/// A function's name without the hashes of crates: `core[c5930c85a12de822]::option` is `core::option`.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once(']') {
            Some((hash, after)) if hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                rest = after;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one function of a name, which returns 7, or nothing.
    fn module(name: &str, results: &[ValType]) -> Module {
        let mut module = Module::default();
        let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], results);
        builder.name(name.to_owned());
        if !results.is_empty() {
            builder.func_body().i32_const(7);
        }
        let argument = module.locals.add(ValType::I32);
        let id = builder.finish(vec![argument], &mut module.funcs);
        module.exports.add("it", id);
        module
    }

    /// What the one function of a module does, written down.
    fn body(module: &Module) -> String {
        let (_, function) = module.funcs.iter_local().next().expect("one function");
        let block = function.block(function.entry_block());
        format!("{:?}", block.instrs.iter().map(|(instruction, _)| instruction).collect::<Vec<_>>())
    }

    fn muted(name: &str, results: &[ValType]) -> (usize, String) {
        let mut module = module(name, results);
        let muted = mute(&mut module);
        (muted, body(&module))
    }

    #[test]
    fn what_panics_traps_and_what_prints_errors_prints_nothing() {
        let (count, body) = muted("core[c5930c85a12de822]::option::unwrap_failed", &[]);
        assert!(count == 1 && body.contains("Unreachable"), "{body}");
        for prints in [
            "<mls_rs::client::MlsError as core::fmt::Display>::fmt::hbe943e5c6b519108",
            "<f64 as core[c5930c85a12de822]::fmt::Display>::fmt",
            "<alloc::vec::Vec<T,A> as core::fmt::Debug>::fmt::h01",
        ] {
            let (count, body) = muted(prints, &[ValType::I32]);
            assert!(count == 1 && body.contains("I32(0)"), "{prints}: {body}");
        }
    }

    #[test]
    fn places_in_the_source_are_blank_and_nothing_else() {
        let path = b"/root/src/lib.rs";
        let mut data = b"campana plea v1/root/src/lib.rs ".to_vec();
        let text = data.len();
        data.extend(path);
        let number = |data: &mut Vec<u8>, number: usize| data.extend((number as u32).to_le_bytes());
        // A path's slice without a line stays; then a place.
        for word in [1024 + text, path.len(), 0, 0, 1024 + text, path.len(), 7, 9] {
            number(&mut data, word);
        }
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let offset = ConstExpr::Value(Value::I32(1024));
        let id = module.data.add(DataKind::Active { memory, offset }, data.clone());
        assert_eq!(blank(&mut module), path.len() + 16);
        let after = &module.data.get(id).value;
        let after_text = text + path.len();
        assert_eq!(after[..text], data[..text]);
        assert!(after[text..after_text].iter().all(|byte| *byte == 0));
        assert_eq!(after[after_text..after_text + 16], data[after_text..after_text + 16]);
        assert_eq!(after[after_text + 16..], [0; 16]);
    }

    #[test]
    fn whatever_else_there_is_stays_as_it_was() {
        for (name, results) in [
            ("<u64 as core[c5930c85a12de822]::fmt::Display>::fmt", vec![ValType::I32]),
            ("campana_core::log::entry", vec![ValType::I32]),
            // What returns does not panic, whatever its name.
            ("core::panicking::something", vec![ValType::I32]),
        ] {
            let before = body(&module(name, &results));
            assert_eq!(muted(name, &results), (0, before), "{name}");
        }
    }
}
