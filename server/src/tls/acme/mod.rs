//! A certificate from an ACME authority (RFC 8555): ordered when there is none, renewed in time, kept on disk.
//!
//! The authority asks on port 443 whether the name is ours (TLS-ALPN-01, RFC 8737), the port that devices
//! need anyway: nothing else has to be open, and the relay answers in the handshake itself.

mod client;
mod kept;
mod order;

use core::time::Duration;
use std::path::Path;

use instant_acme::CertificateIdentifier;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::TlsError;
use super::certificate::Certificate;
use super::held::Held;
use super::settings::AcmeConfig;
use crate::limits;
use crate::metrics::{Metrics, count};
use crate::serve::now;
use kept::Kept;
use order::Orders;

/// Keeps the relay's certificate fresh.
#[derive(Debug)]
pub struct Renewal {
    names: Vec<String>,
    kept: Kept,
    orders: Orders,
}

/// What an authority said of a certificate's renewal (RFC 9773).
#[derive(Debug, Default)]
struct Advice {
    /// When it would have it renewed, Unix seconds.
    due: Option<u64>,
    asked: Option<Instant>,
}

impl Renewal {
    pub(crate) fn new(config: &AcmeConfig, data_dir: &Path) -> Result<Self, TlsError> {
        let kept = Kept::new(data_dir, &config.directory);
        Ok(Self { names: config.names.clone(), orders: Orders::new(config, kept.clone())?, kept })
    }

    /// The certificate of before, if it is for all names: a restart orders nothing anew.
    pub(crate) fn kept(&self) -> Option<Certificate> {
        match self.kept.certificate() {
            Ok(certificate) => certificate
                .filter(|certificate| self.names.iter().all(|name| certificate.is_for(name).is_ok())),
            Err(error) => {
                tracing::error!(%error, "the kept certificate cannot be used: another one is ordered");
                None
            }
        }
    }

    /// Orders and renews for as long as it is polled. `again`: at once, for somebody has mended something.
    pub(crate) async fn run(self, held: &Held, again: &Notify, metrics: &Metrics) {
        let mut failures = 0;
        let mut advice = Advice::default();
        loop {
            let pause = match self.wait(held, &mut advice).await {
                Some(pause) => pause,
                None => match self.renew(held, failures == 0).await {
                    Ok(()) => {
                        (failures, advice) = (0, Advice::default());
                        continue;
                    }
                    Err(error) => {
                        failures += 1;
                        count(&metrics.certificate_failures_total);
                        let pause = backing_off(failures);
                        let minutes = pause.as_secs().div_ceil(60);
                        if held.expiring(now()) {
                            tracing::error!(%error, minutes, "there is no certificate that will last; ordering again");
                        } else {
                            tracing::warn!(%error, minutes, "the certificate was not renewed; ordering again");
                        }
                        pause
                    }
                },
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = again.notified() => {}
            }
        }
    }

    /// How long until it is worth looking again; `None`: a certificate is due.
    async fn wait(&self, held: &Held, advice: &mut Advice) -> Option<Duration> {
        let certificate = held.shown()?;
        let asked_lately =
            advice.asked.is_some_and(|asked| asked.elapsed() < Duration::from_millis(limits::ACME_ADVICE_MS));
        let seconds = now() / 1_000;
        let mut due = certificate.validity.due();
        // Nothing is asked about a certificate that is due anyway.
        if seconds < due && !asked_lately {
            *advice = Advice { due: self.orders.advice(&certificate).await, asked: Some(Instant::now()) };
        }
        due = advice.due.map_or(due, |advised| due.min(advised));
        let left = due.checked_sub(seconds).filter(|left| *left > 0)?;
        // Not for longer: the clock may be set, and the machine may sleep.
        Some(Duration::from_secs(left).min(Duration::from_millis(limits::ACME_LOOK_MS)))
    }

    async fn renew(&self, held: &Held, replacing: bool) -> Result<(), String> {
        let before = held.shown().filter(|_| replacing);
        let replaced = before.as_ref().and_then(|before| CertificateIdentifier::try_from(before.own()).ok());
        let ordering = self.orders.order(&self.names, replaced, held);
        let ordered = timeout(Duration::from_millis(limits::ACME_ORDER_MS), ordering).await;
        held.forget_answers();
        let pem = ordered.map_err(|_| "the authority did not answer in time".to_owned())??;
        let certificate = kept::parse(&pem).map_err(|error| error.to_string())?;
        held.show(certificate.clone());
        if let Err(error) = self.kept.keep_certificate(&pem) {
            tracing::error!(%error, "the new certificate cannot be kept: the next start orders another one");
        }
        tracing::info!(valid_to = %certificate.validity.end(), "there is a new certificate");
        if certificate.validity.due() <= now() / 1_000 {
            // Or the relay would order without end.
            return Err("by this machine's clock the new certificate is an old one: set the clock".to_owned());
        }
        Ok(())
    }
}

/// How long to wait after so many failures in a row: authorities count failures by the hour.
fn backing_off(failures: u32) -> Duration {
    let doubled = limits::ACME_AGAIN_MS.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let most = doubled.min(limits::ACME_AGAIN_MOST_MS);
    // Not all relays in the same second.
    let mut random = [0; 1];
    let _ = getrandom::fill(&mut random);
    Duration::from_millis(most - most / 4 * u64::from(random[0]) / 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_orders_are_fewer_than_an_authority_counts() {
        // Let's Encrypt: five failed validations an hour for each name.
        let (mut at, mut within_an_hour) = (Duration::ZERO, 0);
        for failures in 1..40 {
            within_an_hour += u32::from(at < Duration::from_secs(3_600));
            let pause = backing_off(failures);
            assert!(pause <= Duration::from_millis(limits::ACME_AGAIN_MOST_MS));
            at += pause;
        }
        assert!((2..5).contains(&within_an_hour), "{within_an_hour}");
    }
}
