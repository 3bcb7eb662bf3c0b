//! Who may call over HTTP.

use std::path::Path;
use std::time::Duration;

use actwright_delivery::Secret;
use jsonwebtoken::DecodingKey;

use super::key::{Key, Kind};
use super::values::Values;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "auth.mode",
        Kind::Choice(&["token", "insecure-headers"]),
        "`token`: every request carries a JSON Web Token. `insecure-headers`: requests say who they are and are believed; \
         for trying things out, and only on loopback.",
    )
    .default("token"),
    Key::new("auth.issuer", Kind::Text, "Tokens have to come from this issuer (`iss`)."),
    Key::new("auth.audience", Kind::Text, "Tokens have to be for this audience (`aud`)."),
    Key::new(
        "auth.clock_skew",
        Kind::Duration(Duration::ZERO, Duration::from_secs(600)),
        "By how much the clocks of the issuer and of this server may differ.",
    )
    .default("30s"),
    Key::new(
        "auth.keys.*.algorithm",
        Kind::Choice(&["HS256", "EdDSA", "RS256"]),
        "What the key verifies. Tokens with this key's name as `kid` are verified with it and this algorithm only.",
    ),
    Key::new(
        "auth.keys.*.secret",
        Kind::Secret,
        "Of `HS256`: the secret that is shared with the issuer, at least 32 bytes.",
    ),
    Key::new("auth.keys.*.public_key", Kind::Path, "Of `EdDSA` and `RS256`: a PEM file with the public key."),
];

/// Who may call over HTTP.
#[derive(Debug)]
pub struct Auth {
    /// Requests are believed.
    pub insecure: bool,
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub clock_skew: Duration,
    pub keys: Vec<AuthKey>,
}

/// A key that verifies tokens.
#[derive(Debug)]
pub struct AuthKey {
    pub name: String,
    pub material: Material,
}

/// An algorithm with its key.
#[derive(Debug)]
pub enum Material {
    Hs256(Secret),
    EdDsa(DecodingKey),
    Rs256(DecodingKey),
}

/// Of an HMAC with SHA-256, a shorter secret is the weak part.
const SHORTEST_SECRET: usize = 32;

impl Auth {
    pub(super) fn read(values: &mut Values) -> Self {
        let insecure = values.text("auth.mode") == "insecure-headers";
        let keys = values.names("auth.keys").into_iter().filter_map(|name| AuthKey::read(values, name)).collect();
        if insecure && !values.address("http.listen").is_some_and(|address| address.ip().is_loopback()) {
            values.refuse(
                "auth.mode",
                "insecure-headers believes whoever can connect, so http.listen must be on loopback",
            );
        }
        Self {
            insecure,
            issuer: values.maybe_text("auth.issuer"),
            audience: values.maybe_text("auth.audience"),
            clock_skew: values.duration("auth.clock_skew"),
            keys,
        }
    }
}

impl AuthKey {
    fn read(values: &mut Values, name: String) -> Option<Self> {
        let path = |key: &str| format!("auth.keys.{name}.{key}");
        let (secret, public_key) = (values.secret(&path("secret")), values.path(&path("public_key")));
        let algorithm = values.maybe_text(&path("algorithm"));
        let mut public = |file: &Path, what: &str, parse: Parse| {
            let key = read_key(file, what, parse);
            key.map_err(|wrong| values.refuse(&path("public_key"), wrong)).ok()
        };
        let material = match (algorithm.as_deref(), secret, public_key) {
            (None, _, _) => {
                values.refuse(&path("algorithm"), "is missing; expected HS256, EdDSA or RS256");
                return None;
            }
            (Some("HS256"), Some(secret), None) => {
                if secret.reveal().len() < SHORTEST_SECRET {
                    values.refuse(&path("secret"), format!("expected at least {SHORTEST_SECRET} bytes"));
                }
                Material::Hs256(secret)
            }
            (Some("EdDSA"), None, Some(file)) => Material::EdDsa(public(&file, "Ed25519", DecodingKey::from_ed_pem)?),
            (Some("RS256"), None, Some(file)) => Material::Rs256(public(&file, "RSA", DecodingKey::from_rsa_pem)?),
            (Some("HS256"), _, _) => {
                values.refuse(&path("algorithm"), "HS256 takes a secret, and no public_key");
                return None;
            }
            (Some(other), _, _) => {
                values.refuse(&path("algorithm"), format!("{other} takes a public_key, and no secret"));
                return None;
            }
        };
        Some(Self { name, material })
    }
}

/// Reads a key in PEM.
type Parse = fn(&[u8]) -> jsonwebtoken::errors::Result<DecodingKey>;

/// The public key of a file, or what is wrong with it.
fn read_key(file: &Path, what: &str, parse: Parse) -> Result<DecodingKey, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{} cannot be read: {}", file.display(), error.kind()))?;
    parse(&pem).map_err(|_| format!("{} holds no {what} public key in PEM", file.display()))
}
