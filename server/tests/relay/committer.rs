//! What a committee does while others append: commits, rotations, alerts that are pushed, snapshots. All
//! of it goes to the rows of the store.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use campana_protocol::frame::{Class, ClientFrame, RelayFrame};
use campana_protocol::id::{BlobId, PublicKey, PushAuth, PushKey, RecordId, RegistrationId};
use campana_protocol::push::Subscription;
use campana_sink::Phone;

use crate::device::{Device, body, channel};
use crate::pump::{Gone, Said, length};

/// A push service at which nobody is: its alerts stay to be pushed.
pub(crate) const FLAGS: [&str; 4] =
    ["--push-host", "push.example.org", "--push-resolve", "push.example.org=127.0.0.1:9"];

/// A commit, and a phone that is registered. The seq of the last control entry.
pub(crate) async fn begin(address: SocketAddr, records: &AtomicU64) -> (Said, u64) {
    let mut said = Said::default();
    // A connection of its own: it would be sent what is appended from here on.
    let last = Device::owner(address, None).await.last_control().await;
    let device = &mut Device::owner(address, None).await;
    let record = next(records);
    let frame = entry(Class::Control, record, last, None);
    let Ok(seq) = append(device, &frame).await else { panic!("the relay was to be alive") };
    said.entries.push((seq, record));
    let phone = Phone::new();
    let key = PushKey::from_slice(&phone.key()).expect("65 bytes");
    let subscription =
        Subscription { endpoint: "https://push.example.org/1".to_owned(), key, auth: PushAuth(phone.auth()) };
    let registration = RegistrationId([6; 16]);
    let register =
        ClientFrame::Register { request: 7, channel: channel(), registration, subscription, proved_at: 0 };
    device.done(register).await;
    (said, seq)
}

/// Goes on until the relay is gone. `last`: the seq of the last control entry, for all to see.
pub(crate) async fn commit(mut device: Device, records: Arc<AtomicU64>, last: Arc<AtomicU64>) -> Said {
    let mut said = Said::default();
    while round(&mut device, &records, &last, &mut said).await.is_ok() {}
    said
}

async fn round(
    device: &mut Device,
    records: &AtomicU64,
    last: &AtomicU64,
    said: &mut Said,
) -> Result<(), Gone> {
    for rotates in [false, true] {
        let record = next(records);
        let rotate = rotates.then(|| fresh(record));
        let frame = entry(Class::Control, record, last.load(Ordering::SeqCst), rotate);
        let seq = append(device, &frame).await?;
        last.store(seq, Ordering::SeqCst);
        said.entries.push((seq, record));
        // Long enough between two for others to append.
        tokio::time::sleep(Duration::from_millis(12)).await;
    }
    let record = next(records);
    let frame = entry(Class::Alert, record, last.load(Ordering::SeqCst), None);
    let seq = append(device, &frame).await?;
    said.entries.push((seq, record));
    said.alerts += 1;

    let record = next(records);
    let put = ClientFrame::PutBlob {
        request: 9,
        channel: channel(),
        blob: BlobId(record.to_be_bytes()),
        part: 0,
        of: 1,
        body: body(record, BLOB).into(),
    };
    device.send(&put).await.map_err(|()| Gone)?;
    match device.hear().await {
        Some(RelayFrame::Done { .. }) => said.blobs.push(record),
        None => return Err(Gone),
        other => panic!("{other:?}"),
    }
    Ok(())
}

/// Bytes of a part: more than the store keeps in one piece.
const BLOB: usize = 50_000;

/// A part that was acknowledged is there.
pub(crate) async fn check_blob(device: &mut Device, record: u128) {
    let blob = BlobId(record.to_be_bytes());
    device.send(&ClientFrame::GetBlob { request: 9, channel: channel(), blob, part: 0 }).await.expect("sent");
    match device.hear().await {
        Some(RelayFrame::BlobPart { of: 1, body: there, .. }) => {
            assert_eq!(there.as_slice(), body(record, BLOB))
        }
        other => panic!("{other:?} instead of a blob"),
    }
}

/// An access key that never was in force, as none is twice.
fn fresh(record: u128) -> PublicKey {
    let mut key = [9; 32];
    key[..16].copy_from_slice(&record.to_be_bytes());
    PublicKey(key)
}

fn next(records: &AtomicU64) -> u128 {
    u128::from(records.fetch_add(1, Ordering::Relaxed)) + 1
}

fn entry(class: Class, record: u128, control_seq: u64, rotate: Option<PublicKey>) -> ClientFrame {
    let (channel, body) = (channel(), body(record, length(record, class)).into());
    let record = RecordId(record.to_be_bytes());
    ClientFrame::Append { request: 8, channel, record, class, control_seq, rotate, body }
}

async fn append(device: &mut Device, frame: &ClientFrame) -> Result<u64, Gone> {
    device.send(frame).await.map_err(|()| Gone)?;
    match device.hear().await {
        Some(RelayFrame::Appended { seq, .. }) => Ok(seq),
        None => Err(Gone),
        other => panic!("{other:?}"),
    }
}
