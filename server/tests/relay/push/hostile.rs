//! Push services that lie.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use campana_sink::{Authority, Sink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Phone, World, alert, register_all, wait_for_all, wait_for_metric};
use crate::device::Device;
use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers_are_bounded_and_hold_up_nobody() {
    let mut world = World::new();
    let well = world.sink("well.example.org").await;
    let old = Sink::start_http1(&world.authority, "old.example.org").await;
    world.allow(&old.host, &old.pin());
    // Answers and never stops talking.
    let said = Arc::new(AtomicU64::new(0));
    let talking = Arc::clone(&said);
    let endless = campana_sink::raw(&world.authority, "endless.example.org", move |mut stream| {
        let said = Arc::clone(&talking);
        async move {
            read_some(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\n\r\n").await;
            while stream.write_all(&[b'x'; 16_384]).await.is_ok() {
                said.fetch_add(16_384, Ordering::Relaxed);
            }
        }
    })
    .await;
    world.allow("endless.example.org", &format!("endless.example.org={endless}"));
    // A certificate by nobody that the relay trusts.
    let stranger = Sink::start(&Authority::new(), "stranger.example.org", Duration::ZERO).await;
    world.allow(&stranger.host, &stranger.pin());

    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    let endpoints = [
        well.endpoint("one"),
        old.endpoint("two"),
        "https://endless.example.org/x".to_owned(),
        stranger.endpoint("three"),
    ];
    register_all(&mut owner, endpoints.map(|endpoint| phone.subscription(endpoint)).to_vec()).await;
    alert(&mut owner, 1, 700).await;
    assert!(wait_for_all(&[&well, &old], 2).await);
    assert!(wait_for_metric(&process, "campana_relay_pushes_delivered_total 3").await);
    // What is read (16 KiB of headers, 4 KiB of body), and what the two sockets' buffers hold.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let said = said.load(Ordering::Relaxed);
    assert!(said <= 512 * 1_024, "{said} bytes were taken");
    assert!(deferred(&process) >= 1, "the stranger is tried again");
    assert_eq!(stranger.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_a_letter_at_a_time_is_given_up() {
    let mut world = World::new();
    let loris = campana_sink::raw(&world.authority, "loris.example.org", |mut stream| async move {
        read_some(&mut stream).await;
        for letter in b"HTTP/1.1 201 Created\r\nX-Padding: ".iter().chain(core::iter::repeat(&b'x')) {
            if stream.write_all(&[*letter]).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    world.allow("loris.example.org", &format!("loris.example.org={loris}"));
    let phone = Phone::new();
    let process = world.start();
    let mut owner = Device::owner(process.address, process.invitation.as_deref()).await;
    register_all(&mut owner, vec![phone.subscription("https://loris.example.org/x".to_owned())]).await;
    alert(&mut owner, 1, 700).await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(deferred(&process), 1);
}

/// Pushes put off so far.
fn deferred(process: &Process) -> u64 {
    let metrics = process.metrics();
    let said = metrics.lines().find_map(|line| line.strip_prefix("campana_relay_pushes_deferred_total "));
    said.expect("a line").parse().expect("a number")
}

async fn read_some(stream: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let mut request = [0; 16_384];
    let _ = stream.read(&mut request).await;
}
