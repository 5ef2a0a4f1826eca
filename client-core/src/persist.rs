//! The device in rows: which changed in a turn, and back into memory.

use campana_protocol::governance::{ChannelKind, Charter, SignedStatement};
use campana_protocol::id::{IncidentId, PublicKey};
use campana_protocol::wire::{self, Reader};
use zeroize::Zeroizing;

use crate::alerts::Alerts;
use crate::channel::Channel;
use crate::core::Core;
use crate::governance::Governance;
use crate::incident::Incident;
use crate::kept::{Kept, Mailed};
use crate::limits::MAX_UNKNOWN;
use crate::mls::{Group, Saved};
use crate::rows::{self, Row};
use crate::sorted::{Map, Set};
use crate::state::{Device, Job, Meta, Person, Registry, Spare, VERSION};
use crate::turn::Change;
use crate::vault::{VaultKey, Version};

/// A store that can't be loaded. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Written by a newer version.
    #[error("this store was written by a newer version of Campana: update, then open it again")]
    Newer,
    /// A row does not open or decode.
    #[error("this store is damaged or its key is another: restore a copy, or join again with a new invite")]
    Damaged,
}

/// A row on its way to the store; `None` deletes it.
type Put = (Vec<u8>, Option<Zeroizing<Vec<u8>>>);

impl Core {
    /// A device from its stored rows.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(
        vault: VaultKey,
        seed: [u8; 32],
        rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, LoadError> {
        let mut core = Self::new(vault, seed);
        core.reload(rows)?;
        Ok(core)
    }

    /// Takes over rows that another context has written meanwhile; the connection's state stays.
    /// Rows that are as this core knows them are not opened again, and a channel of which all are
    /// stays as it is.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn reload(&mut self, rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<(), LoadError> {
        let sealed: Map<Vec<u8>, Vec<u8>> = rows.into_iter().collect();
        let stored: Map<Vec<u8>, Version> =
            sealed.iter().map(|(key, sealed)| (key.clone(), Version::of(sealed))).collect();
        let device = match sealed.get(&Row::Device.key()) {
            Some(device) => decode_device(&self.open(&Row::Device.key(), device)?)?,
            // In no network yet, a device has only been told what its platform allows.
            None if sealed.keys().all(|key| *key == Row::Alerts.key()) => Device::new(),
            None => return Err(LoadError::Damaged),
        };
        let stays = |key: &Vec<u8>| self.stored.get(key).is_some_and(|known| stored.get(key) == Some(known));
        let mut touched: Set<ChannelKind> = Set::new();
        for key in self.stored.keys().chain(stored.keys()).filter(|key| !stays(key)) {
            match rows::parse(key).ok_or(LoadError::Damaged)? {
                Row::Charter => ChannelKind::ALL.into_iter().for_each(|kind| {
                    touched.insert(kind);
                }),
                row => {
                    row.channel().map(|kind| touched.insert(kind));
                }
            }
        }
        let mut fresh = Loaded::default();
        for (key, sealed) in sealed.iter() {
            let row = rows::parse(key).ok_or(LoadError::Damaged)?;
            let known = match row.channel() {
                Some(kind) => !touched.contains(&kind),
                None => row.is_one_of_many() && stays(key),
            };
            if !known {
                fresh.take(row, &self.open(key, sealed)?)?;
            }
        }
        let channels = fresh.channels()?;
        replace(&mut self.channels, channels, |kind| !touched.contains(kind));
        replace(&mut self.people, fresh.people, |key| stored.contains_key(&Row::Person(*key).key()));
        replace(&mut self.incidents, fresh.incidents, |id| stored.contains_key(&Row::Incident(*id).key()));
        replace(&mut self.outbox, fresh.outbox, |id| stored.contains_key(&Row::Job(*id).key()));
        replace(&mut self.kept, fresh.kept, |(kind, seq)| stored.contains_key(&Row::Kept(*kind, *seq).key()));
        replace(&mut self.mailed, fresh.mailed, |id| stored.contains_key(&Row::Mailed(*id).key()));
        self.device = device;
        self.spares = fresh.spares;
        self.registry = fresh.registry;
        self.alerts = fresh.alerts;
        self.stored = stored;
        self.dirty.clear();
        self.replaced.clear();
        self.unknown.clear();
        self.session.after_reload();
        Ok(())
    }

    fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LoadError> {
        self.vault.open(key, sealed).map(Zeroizing::new).ok_or(LoadError::Damaged)
    }

    /// The rows that this turn changed, sealed.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        let mut puts: Vec<Put> = Vec::new();
        for row in core::mem::take(&mut self.dirty) {
            self.encode_row(row, &mut puts);
        }
        self.encode_unknown(&mut puts);
        // A row that is deleted and written in one turn is written.
        let puts: Map<_, _> = puts.into_iter().collect();
        let mut changes = Vec::with_capacity(puts.len());
        for (key, content) in puts {
            let value = content.map(|content| self.vault.seal(&mut self.random, &key, &content));
            let before = match &value {
                Some(sealed) => self.stored.insert(key.clone(), Version::of(sealed)),
                None => self.stored.remove(&key),
            };
            if value.is_some() || before.is_some() {
                changes.push(Change { key, value });
            }
        }
        changes
    }

    /// Events of kinds unknown here; the oldest of each channel make room.
    fn encode_unknown(&mut self, puts: &mut Vec<Put>) {
        let mut touched: Set<ChannelKind> = Set::new();
        let mut fresh: Vec<Vec<u8>> = Vec::new();
        for (kind, seq, content) in core::mem::take(&mut self.unknown) {
            let key = Row::Unknown(kind, seq).key();
            fresh.push(key.clone());
            puts.push((key, Some(Zeroizing::new(content))));
            touched.insert(kind);
        }
        for kind in touched {
            let prefix = rows::unknown_prefix(kind).to_vec();
            let stored = self.stored.keys_from(&prefix).take_while(|key| key.starts_with(&prefix));
            let fresh = fresh.iter().filter(|key| key.starts_with(&prefix));
            let all: Set<Vec<u8>> = stored.chain(fresh).cloned().collect();
            let beyond = all.len().saturating_sub(MAX_UNKNOWN);
            puts.extend(all.into_iter().take(beyond).map(|key| (key, None)));
        }
    }

    fn encode_row(&mut self, row: Row, puts: &mut Vec<Put>) {
        fn bytes<T: wire::Encode>(value: &T) -> Zeroizing<Vec<u8>> {
            Zeroizing::new(wire::encode(value))
        }
        let content = match row {
            Row::Device => Some(bytes(&self.device)),
            Row::Registry => Some(bytes(&self.registry)),
            Row::Charter => self.channels.values().next().map(|channel| bytes(channel.governance.charter())),
            Row::Spares => Some(bytes(&self.spares)),
            Row::Person(key) => self.people.get(&key).map(bytes),
            Row::Incident(id) => self.incidents.get(&id).map(bytes),
            Row::Job(id) => self.outbox.get(&id).map(bytes),
            Row::Kept(kind, seq) => self.kept.get(&(kind, seq)).map(bytes),
            Row::Mailed(id) => self.mailed.get(&id).map(bytes),
            Row::Alerts => Some(bytes(&self.alerts)),
            Row::Meta(kind) => self.channels.get(&kind).map(|channel| bytes(&channel.meta)),
            Row::Group(kind) => return self.encode_group(kind, puts),
            Row::Statement(kind, from) => return self.encode_statements(kind, from, puts),
            // Marked to be forgotten: what is new of it is written besides.
            Row::Unknown(..) => None,
            Row::Chunk(..) => return,
        };
        puts.push((row.key(), content));
    }

    fn encode_group(&mut self, kind: ChannelKind, puts: &mut Vec<Put>) {
        let Some(channel) = self.channels.get_mut(&kind) else {
            let chunks = rows::chunk_prefix(kind);
            let gone = self.stored.keys().filter(|key| key.starts_with(&chunks));
            puts.extend(gone.map(|key| (key.clone(), None)));
            puts.push((Row::Group(kind).key(), None));
            return;
        };
        let changes = channel.group.save().expect("a group that works can be written");
        if self.replaced.remove(&kind) {
            let chunks = rows::chunk_prefix(kind);
            let gone = self.stored.keys().filter(|key| key.starts_with(&chunks));
            puts.extend(gone.map(|key| (key.clone(), None)));
        }
        puts.push((Row::Group(kind).key(), Some(changes.state)));
        for (number, chunk) in changes.chunks {
            puts.push((Row::Chunk(kind, number).key(), chunk.map(Zeroizing::new)));
        }
    }

    /// Statements from `from` on; rows beyond the present ones are deleted.
    fn encode_statements(&self, kind: ChannelKind, from: u64, puts: &mut Vec<Put>) {
        let statements = self.channels.get(&kind).map_or(&[][..], |channel| &channel.statements);
        for (number, statement) in (0u64..).zip(statements).skip(from as usize) {
            puts.push((Row::Statement(kind, number).key(), Some(Zeroizing::new(wire::encode(statement)))));
        }
        let beyond = Row::Statement(kind, statements.len() as u64).key();
        let gone =
            self.stored.keys_from(&beyond).take_while(|key| key.starts_with(&rows::statement_prefix(kind)));
        puts.extend(gone.map(|key| (key.clone(), None)));
    }
}

/// What is kept and not read anew, and what was read.
fn replace<K: Ord, V>(kept: &mut Map<K, V>, fresh: Map<K, V>, stays: impl Fn(&K) -> bool) {
    kept.retain(|key, _| stays(key));
    for (key, value) in fresh {
        kept.insert(key, value);
    }
}

fn decode_device(content: &[u8]) -> Result<Device, LoadError> {
    match Reader::new(content).fields().and_then(|mut fields| fields.field::<u16>(0)) {
        Ok(version) if version > VERSION => Err(LoadError::Newer),
        Ok(_) => wire::decode(content).map_err(|_| LoadError::Damaged),
        Err(_) => Err(LoadError::Damaged),
    }
}

/// Rows on their way into memory.
#[derive(Default)]
struct Loaded {
    metas: Map<ChannelKind, Meta>,
    groups: Map<ChannelKind, Saved>,
    statements: Map<ChannelKind, Vec<SignedStatement>>,
    spares: Vec<Spare>,
    registry: Registry,
    people: Map<PublicKey, Person>,
    incidents: Map<IncidentId, Incident>,
    outbox: Map<u64, Job>,
    kept: Map<(ChannelKind, u64), Kept>,
    mailed: Map<u64, Mailed>,
    alerts: Alerts,
    charter: Option<Charter>,
}

impl Loaded {
    fn take(&mut self, row: Row, content: &[u8]) -> Result<(), LoadError> {
        fn value<T: wire::Decode>(content: &[u8]) -> Result<T, LoadError> {
            wire::decode(content).map_err(|_| LoadError::Damaged)
        }
        match row {
            Row::Device | Row::Unknown(..) => {}
            Row::Registry => self.registry = value(content)?,
            Row::Spares => self.spares = value(content)?,
            Row::Person(key) => {
                self.people.insert(key, value(content)?);
            }
            Row::Incident(id) => {
                self.incidents.insert(id, value(content)?);
            }
            Row::Job(id) => {
                self.outbox.insert(id, value(content)?);
            }
            Row::Kept(kind, seq) => {
                self.kept.insert((kind, seq), value(content)?);
            }
            Row::Mailed(id) => {
                self.mailed.insert(id, value(content)?);
            }
            Row::Alerts => self.alerts = value(content)?,
            Row::Meta(kind) => {
                self.metas.insert(kind, value(content)?);
            }
            Row::Group(kind) => {
                self.groups.get_or_insert_with(kind, Default::default).state =
                    Zeroizing::new(content.to_vec());
            }
            Row::Chunk(kind, number) => {
                self.groups.get_or_insert_with(kind, Default::default).tree.insert(number, content.to_vec());
            }
            Row::Statement(kind, _) => {
                self.statements.get_or_insert_with(kind, Default::default).push(value(content)?)
            }
            Row::Charter => self.charter = Some(value(content)?),
        }
        Ok(())
    }

    fn channels(&mut self) -> Result<Map<ChannelKind, Channel>, LoadError> {
        let mut channels = Map::new();
        for (kind, meta) in core::mem::take(&mut self.metas) {
            let charter = self.charter.clone().ok_or(LoadError::Damaged)?;
            let mut governance = Governance::genesis(charter).map_err(|_| LoadError::Damaged)?;
            let mut statements = self.statements.remove(&kind).unwrap_or_default();
            for statement in &mut statements {
                *statement = governance.apply_and_trim(statement).map_err(|_| LoadError::Damaged)?;
            }
            let saved = self.groups.remove(&kind).ok_or(LoadError::Damaged)?;
            let group = Group::load(&saved).map_err(|_| LoadError::Damaged)?;
            // The group's context names the chain's head: rows of one channel belong together.
            if group.context() != wire::encode(&governance.context(kind)) {
                return Err(LoadError::Damaged);
            }
            channels.insert(kind, Channel::new(kind, meta, group, governance, statements));
        }
        let whole = self.groups.is_empty() && self.statements.is_empty();
        whole.then_some(channels).ok_or(LoadError::Damaged)
    }
}
