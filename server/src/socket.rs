//! One WebSocket: carries a [`Session`]'s frames, keeps it alive, bounds its patience.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use campana_protocol::code::Code;
use campana_protocol::frame::Secret;
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::bell::Bell;
use crate::limits;
use crate::places::Place;
use crate::serve::{Server, now};
use crate::session::{Given, Session, Standing};
use crate::store::Store;

/// Why a connection ended without a close of ours.
struct Gone;

/// Serves one connection to its end.
pub(crate) async fn serve<S: Store>(socket: WebSocket, server: Arc<Server<S>>, place: Arc<Place>) {
    let id = server.enter();
    let mut nonce = [0; 32];
    // Without randomness nothing can be proved: better no connection than a predictable nonce.
    if getrandom::fill(&mut nonce).is_ok() {
        let session = Session::new(now(), id, Secret(nonce), &server.shared);
        server.stay(id, session.bell());
        let place = Arc::clone(&place);
        let (heard, standing) = (Instant::now(), session.standing());
        let mut connection =
            Connection { socket, session, server: &server, place: &place, standing, heard, rung: 0 };
        let ended = tokio::select! {
            ended = connection.run() => ended,
            // Others need the place more: it is free already, so nothing is waited for.
            () = place.gives_way() => Err(Gone),
        };
        if let Ok(code) = ended {
            connection.close(code).await;
        }
    }
    server.leave(id);
    tracing::debug!("a connection ended");
    drop(place);
}

struct Connection<'s, S> {
    socket: WebSocket,
    session: Session,
    server: &'s Arc<Server<S>>,
    place: &'s Place,
    /// What its place knows of it.
    standing: Standing,
    heard: Instant,
    /// How often the bell woke it since the socket was last looked at.
    rung: u32,
}

/// What woke a connection.
enum Woken {
    Bell,
    Heard(Option<Result<Message, axum::Error>>),
    Timer,
}

impl<S: Store> Connection<'_, S> {
    /// Until it is to be closed, with this code, or is gone.
    async fn run(&mut self) -> Result<Code, Gone> {
        let bell = self.session.bell();
        let mut timer = core::pin::pin!(sleep_until(self.heard + Duration::from_millis(limits::PING_MS)));
        loop {
            self.send_all().await?;
            if let Some(code) = self.session.closing() {
                return Ok(code);
            }
            let stopping = self.server.stopping();
            if stopping && !self.session.waits() {
                return Ok(Code::GoingAway);
            }
            // Reading goes on only when everything has been sent: a device that does not read
            // cannot make the relay gather answers for it.
            match poll_fn(|context| self.woken(context, &bell, stopping, timer.as_mut())).await {
                Woken::Bell => {}
                Woken::Heard(heard) => {
                    self.heard = Instant::now();
                    self.hear(heard)?;
                }
                Woken::Timer => {
                    self.check_patience().await?;
                    timer.as_mut().reset(Instant::now() + Duration::from_millis(limits::PING_MS));
                }
            }
        }
    }

    /// What there is to do. The bell comes first, for in a burst that is what nearly all wakes are
    /// about and a look at the socket costs more; but not for ever.
    fn woken(
        &mut self,
        context: &mut Context<'_>,
        bell: &Bell,
        stopping: bool,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Woken> {
        if self.rung < limits::RINGS_BEFORE_HEARING && bell.poll(context).is_ready() {
            self.rung += 1;
            return Poll::Ready(Woken::Bell);
        }
        if !stopping {
            self.rung = 0;
            // Before the socket: whoever sends without pause has to prove a key in time too.
            if timer.as_mut().poll(context).is_ready() {
                return Poll::Ready(Woken::Timer);
            }
            if let Poll::Ready(heard) = self.socket.poll_next_unpin(context) {
                return Poll::Ready(Woken::Heard(heard));
            }
        }
        if bell.poll(context).is_ready() {
            return Poll::Ready(Woken::Bell);
        }
        timer.poll(context).map(|()| Woken::Timer)
    }

    fn hear(&mut self, heard: Option<Result<Message, axum::Error>>) -> Result<(), Gone> {
        match heard {
            Some(Ok(Message::Binary(frame))) => {
                self.session.receive(&self.server.shared, now(), &frame);
                self.stand();
                Ok(())
            }
            // Text is not a frame: an empty one is refused just so.
            Some(Ok(Message::Text(_))) => {
                self.session.receive(&self.server.shared, now(), &[]);
                Ok(())
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
        }
    }

    /// Tells its place what its proofs are worth, if that has changed.
    fn stand(&mut self) {
        if self.session.standing() != self.standing {
            self.standing = self.session.standing();
            self.place.set(self.standing);
        }
    }

    /// Sends until there is nothing to send.
    async fn send_all(&mut self) -> Result<(), Gone> {
        let mut frames: Vec<Bytes> = Vec::new();
        loop {
            let given = self.session.poll(&self.server.shared, &mut frames);
            if frames.is_empty() {
                return Ok(());
            }
            let socket = &mut self.socket;
            patiently(async {
                for frame in frames.drain(..) {
                    socket.feed(Message::Binary(frame)).await?;
                }
                socket.flush().await
            })
            .await?;
            if given == Given::All {
                return Ok(());
            }
        }
    }

    /// Pings; ends a connection that has been silent or has proved nothing for too long.
    async fn check_patience(&mut self) -> Result<(), Gone> {
        self.session.judge_again(&self.server.shared);
        self.stand();
        let unproved = self.session.must_prove_by().is_some_and(|by| now() >= by);
        if unproved || self.heard.elapsed() >= Duration::from_millis(limits::SILENCE_MS) {
            return Err(Gone);
        }
        patiently(self.socket.send(Message::Ping(Bytes::new()))).await
    }

    async fn close(&mut self, code: Code) {
        let close = CloseFrame { code: code.number(), reason: "".into() };
        if patiently(self.socket.send(Message::Close(Some(close)))).await.is_ok() {
            // The peer's own close, so that ours is not lost in a reset.
            let answer = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = timeout(Duration::from_secs(1), answer).await;
        }
    }
}

/// A socket that has not taken what it is given after [`limits::STALL_MS`] is gone.
async fn patiently<X>(sending: impl Future<Output = Result<(), X>>) -> Result<(), Gone> {
    match timeout(Duration::from_millis(limits::STALL_MS), sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
