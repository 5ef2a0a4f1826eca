//! The store against the simplest thing that could be right: a list.
#![expect(missing_docs, reason = "the names are sentences")]

use std::collections::BTreeMap;

use campana_protocol::frame::Class;
use campana_protocol::id::{PublicKey, RecordId};

use super::{ACCESS, Bench, Fixture, NOW, channel, member, owner};
use crate::store::error::AppendError;
use crate::store::{Append, Keys, Store, Write, WriteError, Written};

/// What a channel should be.
struct Model {
    log: Vec<Option<Kept>>,
    last_control: u64,
    access: PublicKey,
}

#[derive(Clone)]
struct Kept {
    append: Append,
    at: u64,
}

/// A key that is never in force.
const STRANGER: Keys = Keys { owner: None, member: Some(PublicKey([201; 32])) };

/// Numbers that look random and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

pub fn the_store_behaves_like_a_list<F: Fixture>(fixture: F) {
    let mut bench = Bench::with_channel(fixture);
    for seed in 1..=8 {
        // Each seed goes on where the last one stopped: the model is rebuilt from the same log.
        bench = run(bench, seed);
    }
}

fn run<F: Fixture>(bench: Bench<F>, seed: u64) -> Bench<F> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut bench = if seed == 1 {
        bench
    } else {
        drop(bench);
        Bench::with_channel(F::new())
    };
    let mut model = Model { log: Vec::new(), last_control: 0, access: ACCESS };
    let mut now = NOW;
    let mut by_record = BTreeMap::<RecordId, u64>::new();
    for _ in 0..60 {
        now += dice.below(2 * 86_400_000);
        match dice.below(10) {
            0 => bench.fixture.reopen(),
            1 => {
                while bench.store().trim(now).expect("trims").more {}
                model.expire(now, &mut by_record);
            }
            _ => {
                let batch: Vec<Append> = (0..dice.below(8) + 1).map(|_| model.draw(&mut dice)).collect();
                let writes: Vec<_> = batch.iter().cloned().map(Write::Append).collect();
                let results = bench.store().commit(now, &writes);
                for (append, result) in batch.into_iter().zip(results) {
                    assert_eq!(result, model.append(append, now, &mut by_record), "seed {seed}");
                }
            }
        }
        model.check(bench.store(), dice.below(model.log.len() as u64 + 1));
    }
    bench
}

impl Model {
    fn draw(&self, dice: &mut Dice) -> Append {
        let record = RecordId(u128::from(dice.below(64)).to_be_bytes());
        let class = [Class::Control, Class::Alert, Class::Update][dice.below(3) as usize];
        let rotate = (dice.below(8) == 0).then(|| PublicKey([dice.below(200) as u8; 32]));
        let by = match dice.below(5) {
            0 => STRANGER,
            1 | 2 => owner(),
            _ => member(self.access),
        };
        let control_seq = if dice.below(8) == 0 { dice.below(9) } else { self.last_control };
        // Some long enough to be stored in pieces.
        let length = if dice.below(10) == 0 { 40_000 } else { dice.below(50) as usize };
        let rotate = rotate.filter(|_| class == Class::Control);
        Append {
            channel: channel(),
            by,
            in_guard: Keys::default(),
            record,
            class,
            control_seq,
            rotate,
            place: None,
            body: vec![record.0[15]; length],
        }
    }

    fn append(
        &mut self,
        append: Append,
        now: u64,
        by_record: &mut BTreeMap<RecordId, u64>,
    ) -> Result<Written, WriteError> {
        let is_owner = append.by == owner();
        let current = is_owner || append.by == member(self.access);
        if append.by == STRANGER {
            return Err(AppendError::Forbidden.into());
        }
        if let Some(&seq) = by_record.get(&append.record) {
            let kept = self.log[seq as usize - 1].as_ref().expect("kept as long as its record");
            let first = &kept.append;
            let same =
                (first.class, first.rotate, &first.body) == (append.class, append.rotate, &append.body);
            return if same {
                Ok(Written::Appended { seq, received_at: None })
            } else {
                Err(AppendError::Conflict.into())
            };
        }
        // A key rotated earlier in the same batch may only find its own records again.
        if !current || (append.rotate.is_some() && !is_owner) {
            return Err(AppendError::Forbidden.into());
        }
        if append.control_seq != self.last_control {
            return Err(AppendError::Stale.into());
        }
        let seq = self.log.len() as u64 + 1;
        if append.class == Class::Control {
            self.last_control = seq;
        }
        self.access = append.rotate.unwrap_or(self.access);
        by_record.insert(append.record, seq);
        self.log.push(Some(Kept { append, at: now }));
        Ok(Written::Appended { seq, received_at: Some(now) })
    }

    fn expire(&mut self, now: u64, by_record: &mut BTreeMap<RecordId, u64>) {
        for slot in &mut self.log {
            if slot.as_ref().is_some_and(|kept| kept.at + kept.append.class.ttl_ms() <= now)
                && let Some(kept) = slot.take()
            {
                by_record.remove(&kept.append.record);
            }
        }
    }

    fn check<S: Store>(&self, store: &S, after: u64) {
        let head = store.head(&channel()).expect("a head");
        assert_eq!((head.seq, head.last_control), (self.log.len() as u64, self.last_control));
        let (mut seen, mut cursor) = (Vec::new(), after);
        while cursor < head.seq {
            let page = store.read(&channel(), cursor, head.seq, 100_000).expect("a page");
            assert!(page.through > cursor, "a read must get on");
            cursor = page.through;
            seen.extend(page.items.into_iter().map(|entry| (entry.seq, Vec::from(entry.body))));
        }
        let expected: Vec<_> = (after + 1..)
            .zip(&self.log[after as usize..])
            .filter_map(|(seq, kept)| Some((seq, kept.as_ref()?.append.body.clone())))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!(store.corrupt_rows(), 0);
    }
}
