//! One batch in the making: reads see the changes made so far.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

use campana_protocol::wire;
use minicbor::bytes::ByteVec;

use crate::store::bodies::{Bodies, Pending, Place};
use crate::store::engine::{Change, Engine, EngineError};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::log::Log;
use crate::store::row;

pub(super) struct Tx<'e, E> {
    engine: &'e E,
    pub(super) log: Option<&'e Log>,
    bodies: Option<&'e Bodies>,
    pending: Pending,
    erased: Vec<Place>,
    rows: BTreeMap<Vec<u8>, Touched>,
}

/// A batch that is made.
pub(super) struct Done {
    /// To be durable before the changes are.
    pub(super) bodies: Pending,
    /// What changed, each with what was there before.
    pub(super) changes: Vec<(Change, Option<Vec<u8>>)>,
    /// To be erased after that.
    pub(super) erased: Vec<Place>,
}

/// A row this batch has looked at.
struct Touched {
    old: Option<Vec<u8>>,
    /// `None`: not changed.
    new: Option<Option<Vec<u8>>>,
}

impl Touched {
    fn now(&self) -> Option<&Vec<u8>> {
        self.new.as_ref().unwrap_or(&self.old).as_ref()
    }
}

impl<'e, E: Engine> Tx<'e, E> {
    pub(super) fn new(engine: &'e E, log: Option<&'e Log>, bodies: Option<&'e Bodies>) -> Self {
        let (pending, erased) = (Pending::default(), Vec::new());
        Self { engine, log, bodies, pending, erased, rows: BTreeMap::new() }
    }

    /// What a row holds of a body that expires then: itself, or the place that it gets beside the rows.
    pub(super) fn keep(&mut self, expires_at: u64, body: &[u8]) -> (ByteVec, Option<Place>) {
        match self.bodies {
            Some(bodies) => (Vec::new().into(), Some(bodies.add(&mut self.pending, expires_at, body))),
            None => (body.to_vec().into(), None),
        }
    }

    /// The body of a row that is deleted before its time goes from the disk once that is durable.
    pub(super) fn erase(&mut self, place: Option<Place>) {
        self.erased.extend(place);
    }

    /// The row of `key`. One that cannot be read is an error, never "not there".
    pub(super) fn get<T: wire::Decode>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        match self.touch(key.encode())?.now() {
            Some(bytes) => row::decode(bytes).map(Some).ok_or(StoreError::Damaged),
            None => Ok(None),
        }
    }

    pub(super) fn put<T: wire::Encode>(&mut self, key: &Key, value: &T) -> Result<(), StoreError> {
        self.touch(key.encode())?.new = Some(Some(row::encode(value)));
        Ok(())
    }

    /// For rows that cannot be there yet: spares looking for them.
    pub(super) fn put_new<T: wire::Encode>(&mut self, key: &Key, value: &T) {
        let touched = self.rows.entry(key.encode()).or_insert(Touched { old: None, new: None });
        touched.new = Some(Some(row::encode(value)));
    }

    /// Also works on a row that cannot be read.
    pub(super) fn delete(&mut self, key: &Key) {
        let key = key.encode();
        match self.touch(key.clone()) {
            Ok(touched) => touched.new = Some(None),
            Err(_) => {
                self.rows.insert(key, Touched { old: Some(Vec::new()), new: Some(None) });
            }
        }
    }

    /// Remembers when the row of `key` expires.
    pub(super) fn expires(&mut self, at: u64, key: Key) {
        let key = Key::Expiry(at, Box::new(key)).encode();
        self.rows.entry(key).or_insert(Touched { old: None, new: None }).new = Some(Some(Vec::new()));
    }

    /// The first `limit` keys from `from` to before `to`, this batch's own included.
    pub(super) fn keys(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Key>, StoreError> {
        let mut found = BTreeMap::new();
        let mut stored = 0;
        let rows = &self.rows;
        let visited = self.engine.scan(from, to, &mut |key, _| {
            if rows.get(key).is_none_or(|touched| touched.now().is_some()) {
                found.insert(key.to_vec(), ());
                stored += 1;
            }
            if stored < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        visited.map_err(unreadable)?;
        for (key, touched) in rows.range(from.to_vec()..to.to_vec()) {
            if touched.now().is_some() {
                found.insert(key.clone(), ());
            }
        }
        Ok(found.keys().take(limit).filter_map(|key| Key::decode(key)).collect())
    }

    /// Visits the rows from `from` to before `to` that can be read, this batch's own included, in no order.
    pub(super) fn each<T: wire::Decode>(
        &self,
        from: &[u8],
        to: &[u8],
        visit: impl FnMut(Key, T),
    ) -> Result<(), StoreError> {
        self.some(from, to, usize::MAX, visit).map(|_| ())
    }

    /// As [`Self::each`], looking at no more than `limit` stored rows. The last of them, if there may be more.
    pub(super) fn some<T: wire::Decode>(
        &self,
        from: &[u8],
        to: &[u8],
        limit: usize,
        mut visit: impl FnMut(Key, T),
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut give = |key: &[u8], value: &[u8]| {
            if let (Some(key), Some(row)) = (Key::decode(key), row::decode(value)) {
                visit(key, row);
            }
        };
        let (mut seen, mut last) = (0, None);
        let rows = &self.rows;
        let visited = self.engine.scan(from, to, &mut |key, value| {
            if !rows.contains_key(key) {
                give(key, value);
            }
            seen += 1;
            if seen < limit {
                return ControlFlow::Continue(());
            }
            last = Some(key.to_vec());
            ControlFlow::Break(())
        });
        visited.map_err(unreadable)?;
        let end = last.as_deref().unwrap_or(to).to_vec();
        for (key, touched) in rows.range(from.to_vec()..end) {
            if let Some(value) = touched.now() {
                give(key, value);
            }
        }
        Ok(last)
    }

    /// What is to be made durable.
    pub(super) fn done(self) -> Done {
        let changed = |(key, touched): (Vec<u8>, Touched)| match touched.new? {
            Some(value) if touched.old.as_ref() == Some(&value) => None,
            Some(value) => Some((Change::Put(key, value), touched.old)),
            None if touched.old.is_none() => None,
            None => Some((Change::Delete(key), touched.old)),
        };
        let changes = self.rows.into_iter().filter_map(changed).collect();
        Done { bodies: self.pending, changes, erased: self.erased }
    }

    fn touch(&mut self, key: Vec<u8>) -> Result<&mut Touched, StoreError> {
        use std::collections::btree_map::Entry;
        Ok(match self.rows.entry(key) {
            Entry::Occupied(occupied) => occupied.into_mut(),
            Entry::Vacant(vacant) => {
                let old = self.engine.get(vacant.key()).map_err(unreadable)?;
                vacant.insert(Touched { old, new: None })
            }
        })
    }
}

/// A damaged row concerns the writes that need it; an engine that fails concerns all.
fn unreadable(error: EngineError) -> StoreError {
    tracing::error!(%error, "a row could not be read for a write");
    match error {
        EngineError::Damaged(_) => StoreError::Damaged,
        EngineError::Io(_) | EngineError::Failed(_) => StoreError::Failed,
    }
}
