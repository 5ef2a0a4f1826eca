//! One order at an authority, from the account to the signed chain.

use core::error::Error as _;
use core::time::Duration;
use std::sync::Arc;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::client::Client;
use super::kept::Kept;
use crate::limits;
use crate::tls::TlsError;
use crate::tls::certificate::Certificate;
use crate::tls::held::Held;
use crate::tls::settings::AcmeConfig;

/// The authority knows no such account (RFC 8555, section 6.7).
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Orders at one authority.
#[derive(Debug)]
pub(crate) struct Orders {
    client: Client,
    kept: Kept,
    directory: String,
    contact: Option<String>,
}

impl Orders {
    pub(crate) fn new(config: &AcmeConfig, kept: Kept) -> Result<Self, TlsError> {
        Ok(Self {
            client: Client::new(config.ca.as_deref())?,
            kept,
            directory: config.directory.clone(),
            contact: config.contact.clone(),
        })
    }

    /// Chain and key, PEM.
    pub(crate) async fn order(
        &self,
        names: &[String],
        replaced: Option<CertificateIdentifier<'_>>,
        held: &Held,
    ) -> Result<String, String> {
        let identifiers: Vec<Identifier> = names.iter().cloned().map(Identifier::Dns).collect();
        let mut account = self.account(self.kept.account()?).await?;
        // A renewal that says what it renews is not counted against the name by Let's Encrypt.
        let replacing = match replaced {
            Some(replaced) if account.renewal_info(&replaced).await.is_ok() => Some(replaced),
            _ => None,
        };
        let new = NewOrder::new(&identifiers);
        let new = match replacing {
            Some(replaced) => new.replaces(replaced),
            None => new,
        };
        let mut order = match account.new_order(&new).await {
            // Deleted there, or a test authority that was started anew.
            Err(Error::Api(problem)) if problem.r#type.as_deref() == Some(NO_ACCOUNT) => {
                account = self.account(None).await?;
                account.new_order(&NewOrder::new(&identifiers)).await
            }
            made => made,
        }
        .map_err(said)?;
        answer(&mut order, held).await?;
        let patience = RetryPolicy::new().timeout(Duration::from_millis(limits::ACME_ORDER_MS));
        match order.poll_ready(&patience).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(refusal(&mut order).await),
            Err(error) => {
                let why = refusal(&mut order).await;
                return Err(if why.is_empty() { said(error) } else { why });
            }
        }
        let key = order.finalize().await.map_err(said)?;
        let chain = order.poll_certificate(&patience).await.map_err(said)?;
        Ok(format!("{chain}{key}"))
    }

    /// When the authority would have a certificate renewed, Unix seconds, if it says so.
    pub(crate) async fn advice(&self, certificate: &Certificate) -> Option<u64> {
        let id = CertificateIdentifier::try_from(certificate.own()).ok()?;
        // Asking needs no account of its own, but the kept one has the directory.
        let asking = async {
            let account = self.account(self.kept.account().ok()?).await.ok()?;
            account.renewal_info(&id).await.ok()
        };
        let (advice, _) =
            tokio::time::timeout(Duration::from_millis(limits::ACME_CONNECT_MS), asking).await.ok()??;
        let window = advice.suggested_window;
        let (from, to) = (window.start.unix_timestamp(), window.end.unix_timestamp());
        // Somewhere in the window, the same at each look: by the certificate's own last byte.
        let place = i64::from(certificate.own().last().copied().unwrap_or(0));
        u64::try_from(from + (to - from).max(0) / 256 * place).ok()
    }

    /// The account with these credentials, or a new one.
    async fn account(&self, kept: Option<AccountCredentials>) -> Result<Account, String> {
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        if let Some(kept) = kept {
            return builder.from_credentials(kept).await.map_err(said);
        }
        let contact: Vec<&str> = self.contact.as_deref().into_iter().collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) =
            builder.create(&new, self.directory.clone(), None).await.map_err(said)?;
        self.kept.keep_account(&credentials)?;
        Ok(account)
    }
}

/// Lets the authority ask for each name.
async fn answer(order: &mut Order, held: &Held) -> Result<(), String> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(said)?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => return Err(format!("the authority says {status:?} of a name")),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or("the authority does not ask by TLS-ALPN-01, the way that this relay answers")?;
        let name = challenge.identifier().to_string();
        let key = proof(&name, challenge.key_authorization().digest().as_ref())
            .map_err(|error| error.to_string())?;
        held.answer(name, Arc::new(key));
        challenge.set_ready().await.map_err(said)?;
    }
    Ok(())
}

/// The certificate that answers for a name (RFC 8737).
fn proof(name: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not checked against the certificate, whose critical extension no verifier but the authority's knows.
    let key = rustls::crypto::ring::sign::any_supported_type(&private)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// Why an order came to nothing, in the authority's words.
async fn refusal(order: &mut Order) -> String {
    let mut why = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        let said = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        why.extend(said.map(ToString::to_string));
    }
    why.join("; ")
}

/// An error with its causes: "error sending request" alone says nothing.
fn said(error: Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
