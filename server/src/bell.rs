//! Waking a connection: a flag and, if someone waits, a waker. No runtime needed to ring or look.

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::sync::Arc;

use futures_util::task::AtomicWaker;

/// Rung when there may be something to do. Ringing twice is ringing once.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rung: AtomicBool,
    waker: AtomicWaker,
}

impl Bell {
    /// Rings.
    pub fn ring(&self) {
        if !self.0.rung.swap(true, Ordering::AcqRel) {
            self.0.waker.wake();
        }
    }

    /// Whether it has been rung since it was last looked at.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.rung.swap(false, Ordering::AcqRel)
    }

    /// Waits until it is rung. One task at a time.
    pub async fn rung(&self) {
        core::future::poll_fn(|context| self.poll(context)).await;
    }

    /// Ready if it has been rung; else wakes the task of `context` when it is. One task at a time.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        if self.take() {
            return Poll::Ready(());
        }
        self.0.waker.register(context.waker());
        if self.take() { Poll::Ready(()) } else { Poll::Pending }
    }
}
