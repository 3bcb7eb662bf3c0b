//! Who makes a request: the user or run, and the tenant, of a signed token.

mod mint;
mod ring;

use actwright_runtime::Caller;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use uuid::Uuid;

pub use mint::mint;

use super::refusal::Refusal;
use crate::config::{Auth, AuthKey, Material};
use crate::failure::Failure;

/// Who makes a request, in which tenant.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub tenant: Uuid,
    pub caller: Caller,
}

/// What a token has to say, besides what is checked of every token.
#[derive(Debug, Deserialize)]
struct Claims {
    /// The user. May be anything where there is a run.
    sub: Option<String>,
    tenant: Uuid,
    run: Option<Uuid>,
}

/// Verifies tokens.
pub enum Authenticator {
    /// Requests are believed.
    Insecure,
    Tokens(Vec<Verifying>),
}

/// A key, and what it may verify.
pub struct Verifying {
    name: String,
    key: DecodingKey,
    validation: Validation,
}

impl Authenticator {
    /// Takes the keys.
    ///
    /// # Errors
    ///
    /// There is no key.
    pub fn new(auth: &Auth) -> Result<Self, Failure> {
        if auth.insecure {
            return Ok(Self::Insecure);
        }
        ring::install();
        if auth.keys.is_empty() {
            let message = "Nobody could call: there is no key that verifies tokens. Give one in auth.keys, or, to try things \
                           out on this machine, --set auth.mode=insecure-headers.";
            return Err(Failure::Usage(message.to_owned()));
        }
        Ok(Self::Tokens(auth.keys.iter().map(|key| Verifying::new(auth, key)).collect()))
    }

    /// Says who makes a request with these headers.
    pub fn identify(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let keys = match self {
            Self::Insecure => return believed(headers),
            Self::Tokens(keys) => keys,
        };
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = token.and_then(|value| value.split_once(' ')).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::unauthorized("The request has no token. Send Authorization: Bearer TOKEN."));
        }
        let token = token.trim();
        let header = decode_header(token).map_err(|_| Refusal::unauthorized("The token is no JSON Web Token."))?;
        if header.crit.is_some() {
            // It changes what the token means, in a way that nobody here knows (RFC 7515, 4.1.11).
            return Err(Refusal::unauthorized("The token needs an extension that this server does not have: crit."));
        }
        let named = |key: &&Verifying| header.kid.as_ref().is_none_or(|kid| *kid == key.name);
        let mut refusal = Refusal::unauthorized("No key of this server has signed the token.");
        for key in keys.iter().filter(named).filter(|key| key.validation.algorithms.contains(&header.alg)) {
            match decode::<Claims>(token, &key.key, &key.validation) {
                Ok(token) => return token.claims.identity(),
                Err(error) => refusal = Refusal::unauthorized(reason(&error)),
            }
        }
        Err(refusal)
    }
}

impl Claims {
    fn identity(self) -> Result<Identity, Refusal> {
        let user = || self.sub.as_deref().and_then(|sub| sub.parse().ok()).map(Caller::User);
        let caller = self.run.map(Caller::Run).or_else(user);
        let caller = caller.ok_or_else(|| Refusal::unauthorized("The token names no user: sub has to be a UUID."))?;
        Ok(Identity { tenant: self.tenant, caller })
    }
}

impl Verifying {
    fn new(auth: &Auth, AuthKey { name, material }: &AuthKey) -> Self {
        let (algorithm, key) = match material {
            Material::Hs256(secret) => (Algorithm::HS256, DecodingKey::from_secret(secret.reveal().as_bytes())),
            Material::EdDsa(key) => (Algorithm::EdDSA, key.clone()),
            Material::Rs256(key) => (Algorithm::RS256, key.clone()),
        };
        let mut validation = Validation::new(algorithm);
        validation.leeway = auth.clock_skew.as_secs();
        validation.validate_nbf = true;
        // A claim that is checked has to be there.
        let mut required = vec!["exp"];
        if let Some(issuer) = &auth.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        match &auth.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        Self { name: name.clone(), key, validation }
    }
}

/// Why a token does not count, for whoever sent it.
fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::ExpiredSignature => "The token has expired.",
        ErrorKind::ImmatureSignature => "The token is not valid yet.",
        ErrorKind::InvalidIssuer => "The token comes from another issuer.",
        ErrorKind::InvalidAudience => "The token is for another audience.",
        ErrorKind::MissingRequiredClaim(_) => {
            "The token lacks a claim: exp, and iss and aud where this server asks for them."
        }
        ErrorKind::Json(_) => "The token lacks a claim: tenant has to be a UUID, and exp a time.",
        _ => "No key of this server has signed the token.",
    }
}

/// The headers of whoever tries things out.
fn believed(headers: &HeaderMap) -> Result<Identity, Refusal> {
    let id = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()?.parse::<Uuid>().ok());
    let caller = id("actwright-run").map(Caller::Run).or_else(|| id("actwright-actor").map(Caller::User));
    match (id("actwright-tenant"), caller) {
        (Some(tenant), Some(caller)) => Ok(Identity { tenant, caller }),
        _ => Err(Refusal::unauthorized("Send Actwright-Tenant, and Actwright-Actor or Actwright-Run, with UUIDs.")),
    }
}
