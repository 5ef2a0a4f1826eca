//! A relay whose clock has been wrong all along.

use std::time::{SystemTime, UNIX_EPOCH};

use campana_protocol::frame::{ClientFrame, Subject};

use crate::device::{Device, OWNER, channel, public};
use crate::process::Process;

const OTHERS: [u8; 2] = [7, 8];

#[tokio::test(flavor = "multi_thread")]
async fn owners_who_agree_that_the_clock_is_far_off_turn_the_relay_red() {
    let data = tempfile::tempdir().expect("a directory");
    let process = Process::start(data.path());
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let owners = vec![public(OWNER), public(OTHERS[0]), public(OTHERS[1])];
    owner.done(ClientFrame::SetOwners { request: 5, channel: channel(), owners, approvals: None }).await;

    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let now = u64::try_from(now).expect("milliseconds");
    let subject = Subject::Channel(channel());
    let far = Some(now + 13 * 3_600_000);
    let mut liar = Device::connect(process.address).await;
    for _ in 0..3 {
        liar.prove_at(OTHERS[0], subject, far).await;
    }
    assert_eq!(process.status("/healthz"), 200, "one device's clock");
    // Nor does a member's key count as an owner's, whatever it says.
    liar.prove_at(crate::device::ACCESS, subject, far).await;
    assert_eq!(process.status("/healthz"), 200);

    let mut second = Device::connect(process.address).await;
    second.prove_at(OTHERS[1], subject, far).await;
    assert_eq!(process.status("/healthz"), 503);
    assert!(process.page("/healthz").contains(r#""clock":"far""#));

    second.prove_at(OTHERS[1], subject, Some(now)).await;
    assert_eq!(process.status("/healthz"), 200);
}
