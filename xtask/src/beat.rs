//! A sign of life while a command says nothing.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(10);

/// Says every ten seconds what is still being done, until it is dropped.
pub(crate) struct Beat {
    heard: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Beat {
    pub(crate) fn start(what: &str) -> Self {
        let (what, began) = (what.to_owned(), Instant::now());
        let (heard, silence) = channel();
        let thread = spawn(move || {
            loop {
                match silence.recv_timeout(PAUSE) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => {
                        println!("  ... still at it: {what}, {} s", began.elapsed().as_secs());
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { heard: Some(heard), thread: Some(thread) }
    }

    /// The command has said something itself.
    pub(crate) fn heard(&self) {
        if let Some(heard) = &self.heard {
            let _ = heard.send(());
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.heard = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
