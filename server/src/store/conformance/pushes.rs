//! Registrations, receipts, push jobs.
#![expect(missing_docs, reason = "the names are sentences")]

use campana_protocol::frame::Class::{Alert, Control, Update};
use campana_protocol::id::{PublicKey, ReceiptToken, RegistrationId};
use campana_protocol::limits::{
    CONTROL_TTL_MS, ENTRY_TTL_MS, MAX_CHANNEL_REGISTRATIONS, PROOF_MS, REGISTRATION_GRACE_MS,
    REGISTRATION_TTL_MS,
};

use super::{ACCESS, Bench, Fixture, NOW, channel, member, owner};
use crate::store::error::PushError;
use crate::store::{
    Append, Coverage, EndpointTag, Keys, PushJob, PushProgress, Registration, RegistrationPage, Store, Write,
    Written,
};

pub(crate) fn id(number: u32) -> RegistrationId {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    RegistrationId(id)
}

pub(crate) fn register(by: Keys, number: u32, sealed: &[u8]) -> Write {
    register_at(by, number, sealed, id(number).0)
}

fn register_at(by: Keys, number: u32, sealed: &[u8], endpoint: EndpointTag) -> Write {
    let (registration, sealed) = (id(number), sealed.to_vec());
    Write::Register { channel: channel(), by, registration, sealed, endpoint, proved_at: 0 }
}

fn ringing<F: Fixture>(b: &Bench<F>, now: u64) -> Vec<RegistrationId> {
    let page = b.store().registrations(&channel(), None, usize::MAX, now).expect("a page");
    assert_eq!(page.through, None);
    page.items.into_iter().map(|registration| registration.registration).collect()
}

fn registered<F: Fixture>(b: &Bench<F>, now: u64) -> u64 {
    b.store().coverage(&channel(), 0, now).expect("counts").registered
}

fn rows<F: Fixture>(b: &Bench<F>, kind: &str) -> u64 {
    let holdings = b.store().holdings().expect("holdings");
    holdings.iter().find(|held| held.kind == kind).expect("a kind").rows
}

fn trim_all<F: Fixture>(b: &Bench<F>, now: u64) {
    while b.store().trim(now).expect("trims").more {}
}

pub fn only_current_members_register<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    for by in [Keys::default(), member(PublicKey([8; 32]))] {
        assert_eq!(b.write(register(by, 1, b"x")), Err(PushError::Forbidden.into()));
    }
    let elsewhere = campana_protocol::id::ChannelId([0; 32]);
    let write = Write::Register {
        channel: elsewhere,
        by: owner(),
        registration: id(1),
        sealed: Vec::new(),
        endpoint: [1; 16],
        proved_at: 0,
    };
    assert_eq!(b.write(write), Err(PushError::Unknown.into()));
    b.done(register(member(ACCESS), 1, b"x"));
    b.done(register(owner(), 2, b"x"));
    assert_eq!(ringing(&b, NOW), [id(1), id(2)]);
    let rotation = Append { rotate: Some(PublicKey([7; 32])), ..b.entry(owner(), Control, b"r") };
    b.appended(rotation);
    for number in [1, 3] {
        assert_eq!(b.write(register(member(ACCESS), number, b"x")), Err(PushError::Forbidden.into()));
    }
}

pub fn a_registration_is_replaced_and_renewed<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(owner(), 1, b"first"));
    assert_eq!(b.write_at(NOW + 5, register(owner(), 1, b"second")), Ok(Written::Done));
    b.fixture.reopen();
    let found = b.store().registration(&channel(), &id(1), NOW + 5).expect("read");
    assert_eq!(
        found,
        Some(Registration { registration: id(1), sealed: b"second".to_vec(), refused_at: None })
    );
    assert_eq!((rows(&b, "expiry times"), registered(&b, NOW + 5)), (2, 1));
    // The first one's time passes by the renewed one.
    trim_all(&b, NOW + REGISTRATION_TTL_MS);
    assert_eq!(ringing(&b, NOW + REGISTRATION_TTL_MS), [id(1)]);
    // At its own time it is silent, and goes.
    assert!(ringing(&b, NOW + 5 + REGISTRATION_TTL_MS).is_empty());
    trim_all(&b, NOW + 5 + REGISTRATION_TTL_MS);
    assert_eq!((rows(&b, "push registrations (sealed)"), rows(&b, "counts of those")), (0, 0));
}

pub fn what_was_registered_under_a_rotated_key_rings_for_its_grace<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(member(ACCESS), 1, b"x"));
    b.done(register(member(ACCESS), 2, b"x"));
    let next = PublicKey([7; 32]);
    let rotated = NOW + 1_000;
    let rotation = Append { rotate: Some(next), ..b.entry(owner(), Control, b"r") };
    b.write_at(rotated, Write::Append(rotation)).expect("appended");
    let renewal = Write::Register {
        channel: channel(),
        by: member(next),
        registration: id(2),
        sealed: b"y".to_vec(),
        endpoint: id(2).0,
        proved_at: 0,
    };
    assert_eq!(b.write_at(rotated, renewal), Ok(Written::Done));
    b.fixture.reopen();
    let end = rotated + REGISTRATION_GRACE_MS;
    assert_eq!(ringing(&b, end - 1), [id(1), id(2)]);
    assert_eq!(registered(&b, end - 1), 2);
    assert_eq!(ringing(&b, end), [id(2)]);
    assert_eq!(b.store().registration(&channel(), &id(1), end), Ok(None));
    assert_eq!(registered(&b, end), 1);
    // Nor after the key is forgotten.
    trim_all(&b, rotated + CONTROL_TTL_MS);
    assert!(!ringing(&b, rotated + CONTROL_TTL_MS).contains(&id(1)));
}

pub fn a_key_that_is_in_force_again_rings_again<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(member(ACCESS), 1, b"x"));
    for key in [PublicKey([7; 32]), ACCESS] {
        let rotation = Append { rotate: Some(key), ..b.entry(owner(), Control, b"r") };
        b.appended(rotation);
    }
    assert_eq!(ringing(&b, NOW + REGISTRATION_GRACE_MS), [id(1)]);
}

pub fn registrations_end<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    for number in 1..=3 {
        b.done(register(owner(), number, b"x"));
    }
    let end = Write::Unregister { channel: channel(), registration: id(1) };
    b.done(end.clone());
    b.done(end);
    let gone = |number, sealed: &[u8]| Write::End {
        channel: channel(),
        registration: id(number),
        sealed: sealed.to_vec(),
    };
    b.done(gone(2, b"x"));
    // Replaced since it was pushed to.
    b.done(gone(3, b"older"));
    b.done(gone(9, b"x"));
    assert_eq!(ringing(&b, NOW), [id(3)]);
    assert_eq!((registered(&b, NOW), rows(&b, "expiry times")), (1, 3));
    // Its device is told, whatever it registers under that id, until it must have heard.
    assert_eq!(b.write(register(owner(), 2, b"y")), Err(PushError::Ended.into()));
    b.done(register(owner(), 1, b"x"));
    trim_all(&b, NOW + REGISTRATION_TTL_MS);
    assert_eq!((registered(&b, NOW), rows(&b, "ended registrations")), (0, 0));
}

pub fn a_refusal_stays_until_a_push_is_taken_or_the_endpoint_changes<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let registered = |number: u32, sealed: &[u8], endpoint| Write::Register {
        channel: channel(),
        by: owner(),
        registration: id(number),
        sealed: sealed.to_vec(),
        endpoint: [endpoint; 16],
        proved_at: NOW,
    };
    let mark = |number: u32, sealed: &[u8], refused| Write::Refused {
        channel: channel(),
        registration: id(number),
        sealed: sealed.to_vec(),
        refused,
    };
    let state = |b: &Bench<F>, number: u32| {
        let found = b.store().registration(&channel(), &id(number), NOW).expect("read").expect("there");
        (found.refused_at, b.store().coverage(&channel(), 0, NOW).expect("counts").proved)
    };
    b.done(registered(1, b"x", 1));
    assert_eq!(state(&b, 1), (None, 1));
    b.done(mark(1, b"older", true));
    assert_eq!(state(&b, 1), (None, 1), "it was another subscription that was refused");
    b.done(mark(1, b"x", true));
    assert_eq!(b.write_at(NOW + 5, mark(1, b"x", true)), Ok(Written::Done));
    b.fixture.reopen();
    assert_eq!(state(&b, 1), (Some(NOW), 0), "whoever was refused last does not count as reached");
    // Renewed with the same endpoint, under this id or another, it still is.
    b.done(registered(1, b"y", 1));
    assert_eq!(state(&b, 1), (Some(NOW), 0));
    b.done(registered(2, b"z", 1));
    assert_eq!(state(&b, 2), (Some(NOW), 0));
    b.done(mark(2, b"z", false));
    assert_eq!(state(&b, 2), (None, 1));
    b.done(mark(2, b"z", true));
    b.done(registered(2, b"w", 2));
    assert_eq!(state(&b, 2), (None, 1));
    b.done(mark(9, b"x", true));
    assert_eq!(self::registered(&b, NOW), 1, "and makes none");
}

pub fn an_endpoint_is_registered_once_on_a_channel<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let endpoints = |b: &Bench<F>| rows(b, "push endpoints (keyed hashes)");
    b.done(register_at(owner(), 1, b"first", [1; 16]));
    b.done(register_at(owner(), 2, b"other", [2; 16]));
    // Its device has come again under another id: the newest counts.
    b.done(register_at(member(ACCESS), 3, b"again", [1; 16]));
    b.fixture.reopen();
    assert_eq!(ringing(&b, NOW), [id(2), id(3)]);
    assert_eq!((registered(&b, NOW), rows(&b, "expiry times"), endpoints(&b)), (2, 3, 2));
    // Its old id is not ended: it may come back, with this endpoint or another.
    b.done(register_at(owner(), 1, b"new", [3; 16]));
    assert_eq!((registered(&b, NOW), endpoints(&b)), (3, 3));
    // One that had an endpoint takes over that of another, and leaves its own.
    b.done(register_at(owner(), 1, b"moved", [2; 16]));
    assert_eq!(ringing(&b, NOW), [id(1), id(3)]);
    assert_eq!((registered(&b, NOW), endpoints(&b)), (2, 2));
    // Renewed it stays, and what goes leaves nothing.
    b.done(register_at(owner(), 1, b"renewed", [2; 16]));
    b.done(Write::Unregister { channel: channel(), registration: id(3) });
    assert_eq!((ringing(&b, NOW), endpoints(&b)), (vec![id(1)], 1));
    b.done(Write::End { channel: channel(), registration: id(1), sealed: b"renewed".to_vec() });
    assert_eq!((registered(&b, NOW), endpoints(&b)), (0, 0));
    b.done(register_at(owner(), 4, b"x", [2; 16]));
    trim_all(&b, NOW + REGISTRATION_TTL_MS);
    assert_eq!((endpoints(&b), rows(&b, "counts of those")), (0, 0));
}

pub fn pages_hold_each_registration_once<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let other = PublicKey([0xee; 32]);
    b.done(Write::Create { founder: super::FOUNDER, owner: other, access: ACCESS });
    let writes: Vec<_> = (0..10).map(|number| register(owner(), number, b"x")).collect();
    assert!(b.store().commit(NOW, &writes).iter().all(Result::is_ok));
    let elsewhere = campana_protocol::id::ChannelId::of(&other);
    let by = Keys { owner: Some(other), member: None };
    let (registration, endpoint) = (id(3), id(3).0);
    b.done(Write::Register { channel: elsewhere, by, registration, sealed: vec![1], endpoint, proved_at: 0 });
    b.fixture.reopen();
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page: RegistrationPage = b.store().registrations(&channel(), after, 3, NOW).expect("a page");
        found.extend(page.items.into_iter().map(|registration| registration.registration));
        match page.through {
            Some(through) => after = Some(through),
            None => break,
        }
    }
    assert_eq!(found, (0..10).map(id).collect::<Vec<_>>());
    let (mut after, mut all) = (None, 0);
    loop {
        let page = b.store().all_registrations(after, 4).expect("a page");
        let Some((channel, last)) = page.last() else { break };
        after = Some((*channel, last.registration));
        all += page.len();
    }
    assert_eq!(all, 11);
}

pub fn a_channel_has_so_many_registrations<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let proved = |write, at| match write {
        Write::Register { channel, by, registration, sealed, endpoint, .. } => {
            Write::Register { channel, by, registration, sealed, endpoint, proved_at: at }
        }
        other => other,
    };
    for from in (0..MAX_CHANNEL_REGISTRATIONS).step_by(16_384) {
        let numbers = from..from + 16_384;
        let writes: Vec<_> = numbers.map(|number| proved(register(owner(), number, b""), NOW)).collect();
        assert!(b.store().commit(NOW, &writes).iter().all(Result::is_ok));
    }
    let newcomer = |number| register(owner(), MAX_CHANNEL_REGISTRATIONS + number, b"");
    // Nobody gives way where pushes have come.
    assert_eq!(b.write(newcomer(0)), Err(PushError::TooMany.into()));
    b.done(register(owner(), 0, b"renewed, and proves nothing any more"));
    // Whoever has never been proved does, the oldest first.
    b.done(newcomer(1));
    assert_eq!(b.store().registration(&channel(), &id(0), NOW), Ok(None));
    b.done(Write::Unregister { channel: channel(), registration: id(1) });
    assert_eq!(b.write_at(NOW + 1, newcomer(2)), Ok(Written::Done));
    assert_eq!(b.write_at(NOW + 2, newcomer(3)), Ok(Written::Done));
    let there = |number| {
        let found = b.store().registration(&channel(), &id(MAX_CHANNEL_REGISTRATIONS + number), NOW);
        found.expect("a row").is_some()
    };
    assert_eq!([there(1), there(2), there(3)], [false, true, true]);
}

pub fn an_alert_opens_a_job_in_its_commit<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.append(owner(), Alert, b"nobody to push to");
    b.done(register(member(ACCESS), 1, b"x"));
    b.append(owner(), Update, b"not pushed");
    b.append(owner(), Control, b"not pushed");
    assert_eq!(b.store().push_jobs(), Ok(Vec::new()));
    let alert = b.entry(owner(), Alert, b"pushed");
    let seq = b.appended(alert.clone());
    // Found again, it is not pushed again.
    b.done(PushProgress { done: true, ..progress(seq) }.into());
    b.write(Write::Append(alert)).expect("found");
    assert_eq!(b.store().push_jobs(), Ok(Vec::new()));
    let seq = b.append(member(ACCESS), Alert, b"pushed");
    b.fixture.reopen();
    let job = PushJob { channel: channel(), seq, created_at: NOW, cursor: None, lanes: Vec::new() };
    assert_eq!(b.store().push_job(&channel(), seq), Ok(Some(job.clone())));
    assert_eq!(b.store().push_job(&channel(), seq + 1), Ok(None));
    assert_eq!(b.store().push_jobs(), Ok(vec![job]));
}

pub fn a_job_goes_on_where_it_was<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    b.done(register(owner(), 1, b"x"));
    let seq = b.append(owner(), Alert, b"pushed");
    b.done(PushProgress { unsettled: vec![id(1), id(2), id(3)], ..progress(seq) }.into());
    let lanes = vec![(7, None), (u64::MAX, Some(id(3)))];
    let cursor = Some(id(5));
    // More than one page, and fewer again.
    let many: Vec<_> = (0..3_000).map(id).collect();
    let lanes_then = vec![(7, None), (8, None)];
    b.done(PushProgress { cursor, lanes: lanes_then, unsettled: many.clone(), ..progress(seq) }.into());
    assert_eq!(b.store().unsettled(&channel(), seq), Ok(Some(many)));
    let (unsettled, lanes_now) = (vec![id(1), id(3), id(4)], lanes.clone());
    b.done(PushProgress { cursor, lanes: lanes_now, unsettled, ..progress(seq) }.into());
    b.fixture.reopen();
    let job = b.store().push_job(&channel(), seq).expect("read").expect("a job");
    assert_eq!((job.cursor, job.lanes), (cursor, lanes));
    assert_eq!(b.store().unsettled(&channel(), seq), Ok(Some(vec![id(1), id(3), id(4)])));
    assert_eq!(b.store().unsettled(&channel(), seq + 1), Ok(Some(Vec::new())));
    b.done(PushProgress { done: true, ..progress(seq) }.into());
    assert_eq!(b.store().push_jobs(), Ok(Vec::new()));
    assert_eq!(rows(&b, "pushes without an answer"), 0);
    // What comes late about a job that has ended leaves nothing.
    b.done(PushProgress { unsettled: vec![id(1)], ..progress(seq) }.into());
    assert_eq!((rows(&b, "pushes without an answer"), rows(&b, "alerts being pushed")), (0, 0));
}

pub fn receipts_are_counted_once_and_expire<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    let seq = b.append(owner(), Alert, b"alert");
    let receipt =
        |by, seq, token| Write::Receipt { channel: channel(), by, seq, token: ReceiptToken([token; 16]) };
    for by in [Keys::default(), member(PublicKey([8; 32]))] {
        assert_eq!(b.write(receipt(by, seq, 1)), Err(PushError::Forbidden.into()));
    }
    for seq in [0, seq + 1, u64::MAX] {
        assert_eq!(b.write(receipt(owner(), seq, 1)), Err(PushError::Unknown.into()));
    }
    for token in [1, 1, 2, 1] {
        b.done(receipt(member(ACCESS), seq, token));
    }
    b.fixture.reopen();
    let count = |b: &Bench<F>| b.store().coverage(&channel(), seq, NOW).expect("counts").receipts;
    assert_eq!(count(&b), 2);
    // What counts registrations is not a count of receipts.
    b.done(register(owner(), 1, b"x"));
    assert_eq!(b.store().coverage(&channel(), 0, NOW).expect("counts").receipts, 0);
    trim_all(&b, NOW + ENTRY_TTL_MS);
    assert_eq!((count(&b), rows(&b, "receipts (tokens)")), (0, 0));
}

pub fn coverage_counts_what_was_proved_lately<F: Fixture>(fixture: F) {
    let b = Bench::with_channel(fixture);
    let proved = |number, proved_at| Write::Register {
        channel: channel(),
        by: owner(),
        registration: id(number),
        sealed: Vec::new(),
        endpoint: id(number).0,
        proved_at,
    };
    // Never, long ago, just within, now, and by a clock that runs ahead.
    for (number, at) in
        [0, NOW - PROOF_MS, NOW - PROOF_MS + 1, NOW, NOW + 99 * PROOF_MS].into_iter().enumerate()
    {
        b.done(proved(number as u32, at));
    }
    let expected = |registered, proved| Ok(Coverage { receipts: 0, registered, proved });
    assert_eq!(b.store().coverage(&channel(), 0, NOW), expected(5, 3));
    assert_eq!(b.store().coverage(&channel(), 0, NOW + PROOF_MS), expected(5, 0));
}

pub fn registrations_are_sealed_anew_and_forgotten<F: Fixture>(fixture: F) {
    let mut b = Bench::with_channel(fixture);
    assert_eq!(b.store().push_secret(), Ok(None));
    b.done(Write::KeepPushSecret { sealed: b"one".to_vec() });
    b.done(Write::KeepPushSecret { sealed: b"two".to_vec() });
    b.done(register(owner(), 1, b"old"));
    let seq = b.append(owner(), Alert, b"pushed");
    b.done(PushProgress { unsettled: vec![id(1)], ..progress(seq) }.into());
    let reseal = |from: &[u8], to: &[u8]| Write::Reseal {
        channel: channel(),
        registration: id(1),
        from: from.to_vec(),
        to: to.to_vec(),
    };
    b.done(reseal(b"old", b"new"));
    // Renewed meanwhile: left as it is.
    b.done(reseal(b"old", b"wrong"));
    b.fixture.reopen();
    assert_eq!(b.store().push_secret(), Ok(Some(b"two".to_vec())));
    let found = b.store().registration(&channel(), &id(1), NOW).expect("read").expect("rings");
    assert_eq!(found.sealed, b"new");
    let writes: Vec<_> = (0..3_000).map(|number| register(owner(), number, b"x")).collect();
    b.store().commit(NOW, &writes);
    let mut rounds = 0;
    while b.store().push_secret().expect("read").is_some() {
        b.done(Write::ForgetPush);
        rounds += 1;
    }
    assert_eq!(rounds, 3_000 / 1_024 + 1);
    assert_eq!(b.store().all_registrations(None, 1), Ok(Vec::new()));
    assert_eq!((rows(&b, "alerts being pushed"), rows(&b, "counts of those")), (0, 0));
    assert_eq!(rows(&b, "pushes without an answer"), 0);
    assert_eq!(rows(&b, "push endpoints (keyed hashes)"), 0);
}

pub(crate) fn progress(seq: u64) -> PushProgress {
    PushProgress {
        channel: channel(),
        seq,
        cursor: None,
        lanes: Vec::new(),
        unsettled: Vec::new(),
        done: false,
    }
}

impl From<PushProgress> for Write {
    fn from(progress: PushProgress) -> Self {
        Self::PushProgress(progress)
    }
}
