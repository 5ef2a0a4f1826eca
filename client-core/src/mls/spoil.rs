//! What a malicious committer does (RFC 9420, section 16.12): members of its choice get path secrets that
//! they can't use. For tests and the simulation; other builds hold nothing of it.

#[cfg(any(test, feature = "testing"))]
mod hook {
    use core::cell::RefCell;

    use mls_rs::group::Node;

    use crate::mls::Group;

    std::thread_local! {
        /// Encryption keys of the members whose path secrets are spoilt; an empty one: all.
        static SPOILT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }

    /// Whether a path secret sealed to this key is to be spoilt.
    pub(in crate::mls) fn spoilt(to: &[u8]) -> bool {
        SPOILT.with_borrow(|keys| keys.iter().any(|key| key.is_empty() || key[..] == *to))
    }

    /// Whether this thread's program spoils what it commits.
    pub(crate) fn spoils() -> bool {
        SPOILT.with_borrow(|keys| !keys.is_empty())
    }

    /// The members with these encryption keys get path secrets that they can't use, as long as the closure
    /// runs.
    pub(crate) fn spoiling_path_for<T>(keys: Vec<Vec<u8>>, make: impl FnOnce() -> T) -> T {
        SPOILT.set(keys);
        let made = make();
        SPOILT.take();
        made
    }

    impl Group {
        /// The public encryption key of a member: everybody in the group knows it.
        pub(crate) fn encryption_key(&self, index: u32) -> Vec<u8> {
            let tree = self.inner.export_tree();
            match tree.nodes().get(2 * index as usize) {
                Some(Some(Node::Leaf(leaf))) => leaf.public_key.to_vec(),
                _ => Vec::new(),
            }
        }
    }
}

#[cfg(any(test, feature = "testing"))]
pub(super) use hook::spoilt;
#[cfg(any(test, feature = "testing"))]
pub(crate) use hook::{spoiling_path_for, spoils};

/// Whether this program spoils what it commits.
#[cfg(not(any(test, feature = "testing")))]
pub(crate) const fn spoils() -> bool {
    false
}
