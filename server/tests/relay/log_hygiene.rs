//! Nothing that could identify anybody is logged: no address, no port of a peer, no id, no key.

use campana_protocol::frame::RelayFrame;
use campana_protocol::id::RecordId;

use crate::device::{ACCESS, Device, FOUNDER, OWNER, channel, entry, public};
use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_nobody() {
    let root = tempfile::tempdir().expect("a directory");
    let data = root.path().join("data");
    let mut process = Process::start(&data);
    let stream = tokio::net::TcpStream::connect(process.address).await.expect("connects");
    let port = stream.local_addr().expect("an address").port().to_string();
    let mut owner = Device::over(stream).await.owning(process.invitation.as_deref()).await;
    owner.send(&entry(9, 1, 100)).await.expect("sent");
    assert!(matches!(owner.hear().await, Some(RelayFrame::Appended { .. })));
    let mut garbage = Device::connect(process.address).await;
    let _ = futures_util::SinkExt::send(&mut garbage.socket, "not a frame".into()).await;
    drop((owner, garbage));
    let metrics = process.metrics();
    process.terminate();
    process.wait();
    let log = process.log();
    assert!(log.contains("a connection ended") && log.contains("stopping"), "{log}");

    let mut secrets = vec![
        "127.0.0.1".to_owned(),
        port,
        channel().to_string(),
        RecordId(1u128.to_be_bytes()).to_string(),
        process.invitation.clone().expect("a first start"),
        "not a frame".to_owned(),
    ];
    secrets.extend([FOUNDER, OWNER, ACCESS].map(|seed| public(seed).to_string()));
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "the log names {secret}: {log}");
        assert!(!metrics.contains(secret.as_str()), "the metrics name {secret}: {metrics}");
    }
    let hex: String = channel().0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!log.contains(&hex[..12]));
}
