//! Key packages that the library would not make.

use mls_rs::{
    group::LeafNode,
    mls_rs_codec::{MlsDecode, byte_vec},
};

use crate::mls::{Leaf, key_package};

/// Wire format and version of the message, version and suite of the key package, length of the
/// init key, the key, and length of the encryption key that follows (RFC 9420, section 10).
const LEAF: usize = 4 + 4 + 1 + 32;
const ENCRYPTION_KEY: usize = LEAF + 1;
/// A signature and its length.
const SIGNATURE: usize = 2 + 64;

/// A key package for `leaf`, signed as it should be, with an encryption key of somebody's choice.
pub(crate) fn key_package_with(leaf: &Leaf, credential: &[u8], encryption_key: &[u8]) -> Vec<u8> {
    let mut bytes = key_package(leaf, credential).unwrap().public;
    bytes[ENCRYPTION_KEY..ENCRYPTION_KEY + 32].copy_from_slice(encryption_key);
    let mut rest = &bytes[LEAF..];
    LeafNode::mls_decode(&mut rest).unwrap();
    let leaf_end = bytes.len() - rest.len();
    sign(leaf, "LeafNodeTBS", &mut bytes, LEAF, leaf_end);
    let end = bytes.len();
    sign(leaf, "KeyPackageTBS", &mut bytes, 4, end);
    bytes
}

/// Signs `bytes[from..to]` anew, whose signature comes last (RFC 9420, section 5.1.2).
fn sign(leaf: &Leaf, label: &str, bytes: &mut [u8], from: usize, to: usize) {
    let mut content = Vec::new();
    byte_vec::mls_encode(&format!("MLS 1.0 {label}").into_bytes(), &mut content).unwrap();
    byte_vec::mls_encode(&bytes[from..to - SIGNATURE].to_vec(), &mut content).unwrap();
    bytes[to - 64..to].copy_from_slice(&leaf.sign(&content).0);
}
