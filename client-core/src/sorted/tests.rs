//! Against the standard library's trees.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Map, Set, sort};

/// For tests, which know what is there.
impl<K: Ord, V> core::ops::Index<&K> for Map<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).expect("the test has put it there")
    }
}

proptest! {
    #[test]
    fn a_map_is_what_a_tree_is(steps in prop::collection::vec((0..4u8, 0..24u8, any::<u16>()), 0..200)) {
        let (mut map, mut tree) = (Map::new(), BTreeMap::new());
        for (step, key, value) in steps {
            match step {
                0 => prop_assert_eq!(map.insert(key, value), tree.insert(key, value)),
                1 => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                2 => prop_assert_eq!(map.get_or_insert_with(key, || value), tree.entry(key).or_insert(value)),
                _ => {
                    map.retain(|other, _| *other != key);
                    tree.retain(|other, _| *other != key);
                }
            }
            prop_assert_eq!((map.get(&key), map.contains_key(&key)), (tree.get(&key), tree.contains_key(&key)));
            prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert!(map.iter().eq(tree.iter()));
        }
        prop_assert!(map.keys_from(&12).eq(tree.range(12..).map(|(key, _)| key)));
        map.values_mut().zip(tree.values_mut()).for_each(|(a, b)| (*a, *b) = (1, 1));
        prop_assert!(map.values().eq(tree.values()) && map.keys().eq(tree.keys()));
        prop_assert!(map.into_iter().eq(tree));
    }

    #[test]
    fn collecting_keeps_the_last(entries in prop::collection::vec((0..24u8, any::<u16>()), 0..60)) {
        let map: Map<_, _> = entries.iter().copied().collect();
        let tree: BTreeMap<_, _> = entries.into_iter().collect();
        prop_assert!(map.iter().eq(tree.iter()));
    }

    #[test]
    fn a_set_is_what_a_tree_is(keys in prop::collection::vec(0..24u8, 0..60), other: u8) {
        let (mut set, mut tree): (Set<u8>, BTreeSet<u8>) =
            (keys.iter().copied().collect(), keys.iter().copied().collect());
        prop_assert_eq!(set.contains(&other), tree.contains(&other));
        prop_assert_eq!(set.insert(other), tree.insert(other));
        prop_assert_eq!(set.remove(&3), tree.remove(&3));
        prop_assert_eq!((set.len(), set.is_empty()), (tree.len(), tree.is_empty()));
        prop_assert!(set.iter().eq(tree.iter()));
        prop_assert!(set.into_iter().eq(tree));
    }

    #[test]
    fn sorting_leaves_equals_as_they_were(items in prop::collection::vec((0..9u8, any::<u16>()), 0..60)) {
        let mut expected = items.clone();
        expected.sort_by_key(|item| item.0);
        prop_assert_eq!(sort(items, &|a, b| a.0.cmp(&b.0)), expected);
    }
}
