//! A socket that counts what it has been given, so that a slow reader of pages can be told from a phone on a
//! slow line.

use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::limits::{HTTP_BYTES_PER_SECOND, HTTP_MS};

/// A stream, and the bytes that it has taken.
#[derive(Debug)]
pub(crate) struct Counted {
    stream: TcpStream,
    taken: Arc<AtomicU64>,
}

impl Counted {
    pub(crate) fn new(stream: TcpStream) -> (Self, Arc<AtomicU64>) {
        let taken = Arc::<AtomicU64>::default();
        (Self { stream, taken: Arc::clone(&taken) }, taken)
    }

    /// The socket, to look at what has come.
    pub(crate) fn inner(&self) -> &TcpStream {
        &self.stream
    }

    fn count(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.taken.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
    }
}

/// Waits until a connection has had its time: some for requests, and as much more as what it has taken needs
/// on the slowest line that is waited for.
pub(crate) async fn out_of_patience(taken: Arc<AtomicU64>) {
    let began = Instant::now();
    loop {
        let needs = taken.load(Ordering::Relaxed).saturating_mul(1_000) / HTTP_BYTES_PER_SECOND;
        let end = Duration::from_millis(HTTP_MS.saturating_add(needs));
        match end.checked_sub(began.elapsed()) {
            Some(left) if !left.is_zero() => sleep(left).await,
            _ => return,
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.count(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, bytes);
        this.count(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
