//! Bare TCP: what the kernel allows. The first connection that sends `P` publishes; whatever it
//! sends after that is written to all the others.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes of one message.
pub(super) const MESSAGE: usize = 640;

/// Serves until killed. A task per socket, or one loop over all sockets (`in_a_loop`).
pub(crate) fn serve(in_a_loop: bool) -> io::Result<()> {
    if in_a_loop { serve_loop() } else { serve_tasks() }
}

fn announce(address: std::net::SocketAddr) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::json!({ "listening": address.to_string() }))?;
    out.flush()
}

fn serve_tasks() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        announce(listener.local_addr()?)?;
        let (sender, receiver) = watch::channel((0u64, Arc::<[u8]>::from([])));
        let sender = Arc::new(sender);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, Arc::clone(&sender), receiver.clone()));
        }
    })
}

type Latest = (u64, Arc<[u8]>);

async fn connection(
    mut stream: TcpStream,
    sender: Arc<watch::Sender<Latest>>,
    mut receiver: watch::Receiver<Latest>,
) -> io::Result<()> {
    if stream.read_u8().await? == b'P' {
        let mut message = [0; MESSAGE];
        loop {
            stream.read_exact(&mut message).await?;
            sender.send_modify(|(number, bytes)| {
                *number += 1;
                *bytes = Arc::from(&message[..]);
            });
        }
    }
    receiver.mark_unchanged();
    stream.write_all(b"!").await?;
    while receiver.changed().await.is_ok() {
        let bytes = Arc::clone(&receiver.borrow_and_update().1);
        stream.write_all(&bytes).await?;
    }
    Ok(())
}

fn serve_loop() -> io::Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    announce(listener.local_addr()?)?;
    let sockets = Arc::new(Mutex::new(Vec::new()));
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        if kind == *b"P" {
            let sockets = Arc::clone(&sockets);
            std::thread::spawn(move || publish(stream, &sockets));
        } else {
            stream.write_all(b"!")?;
            sockets.lock().expect("no panic while held").push(stream);
        }
    }
}

fn publish(mut stream: std::net::TcpStream, sockets: &Mutex<Vec<std::net::TcpStream>>) {
    let mut message = [0; MESSAGE];
    while stream.read_exact(&mut message).is_ok() {
        let mut sockets = sockets.lock().expect("no panic while held");
        let half = sockets.len() / 2;
        let (one, two) = sockets.split_at_mut(half);
        std::thread::scope(|scope| {
            for part in [one, two] {
                scope.spawn(move || part.iter_mut().for_each(|socket| drop(socket.write_all(&message))));
            }
        });
    }
}
