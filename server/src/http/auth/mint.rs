//! `actwright token`: a token for trying things out.

use std::time::{Duration, SystemTime};

use actwright_runtime::Caller;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::ring;
use crate::cli::TokenArguments;
use crate::config::{AuthKey, Material};
use crate::failure::Failure;
use crate::open;
use crate::terminal::say;

/// Prints a token for a user or a run.
pub fn mint(arguments: &TokenArguments, json: bool) -> Result<(), Failure> {
    let (tenant, caller) = open::caller(&arguments.caller)?;
    let auth = open::config(&arguments.settings)?.auth;
    let named = |key: &&AuthKey| arguments.key.as_ref().is_none_or(|name| *name == key.name);
    let shared = auth.keys.iter().filter(named).find_map(|key| match &key.material {
        Material::Hs256(secret) => Some((key, secret)),
        _ => None,
    });
    let Some((key, secret)) = shared else {
        let message =
            "There is no such key of the algorithm HS256 in auth.keys. Tokens of other keys come from their issuer.";
        return Err(Failure::Usage(message.to_owned()));
    };
    ring::install();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let expires = now + Duration::from_secs(arguments.minutes.saturating_mul(60));
    let mut claims = match caller {
        Caller::User(user) => json!({ "sub": user, "tenant": tenant }),
        Caller::Run(run) => json!({ "run": run, "tenant": tenant }),
    };
    claims["exp"] = json!(expires.as_secs());
    for (name, value) in [("iss", &auth.issuer), ("aud", &auth.audience)] {
        if let Some(value) = value {
            claims[name] = json!(value);
        }
    }
    let header = Header { kid: Some(key.name.clone()), ..Header::default() };
    let token = encode(&header, &claims, &EncodingKey::from_secret(secret.reveal().as_bytes()))
        .map_err(|_| Failure::CannotRun("The token cannot be signed.".to_owned()))?;
    if json { say(json!({ "token": token })) } else { say(token) }
}
