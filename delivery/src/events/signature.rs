//! Signatures of webhooks, as [Standard Webhooks](https://www.standardwebhooks.com) asks for them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Secret;

/// How a secret begins.
const PREFIX: &str = "whsec_";

/// A key that sender and receiver share.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Reads `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    ///
    /// What is wrong, without the secret itself.
    pub fn parse(secret: &Secret) -> Result<Self, String> {
        let encoded = secret.reveal().strip_prefix(PREFIX).ok_or("expected whsec_ and the key in base64")?;
        let key = STANDARD.decode(encoded).map_err(|_| "what follows whsec_ is not base64")?;
        if !(24..=64).contains(&key.len()) {
            return Err(format!(
                "the key has {} bytes and needs 24 to 64: echo whsec_$(openssl rand -base64 32)",
                key.len()
            ));
        }
        let mac = Hmac::new_from_slice(&key).map_err(|_| "the key cannot be used")?;
        Ok(Self(mac))
    }

    /// The signature of a message: `v1,` and an HMAC-SHA256 of id, time and body.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of the reference libraries of Standard Webhooks.
    #[test]
    fn the_signature_is_that_of_the_reference_libraries() {
        let key = SigningKey::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// An error names what is wrong and keeps the secret.
    #[test]
    fn secrets_that_cannot_be_used_are_refused_without_being_shown() {
        for (secret, said) in [
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "expected whsec_"),
            ("whsec_%%%", "not base64"),
            ("whsec_c2hvcnQ=", "5 bytes"),
        ] {
            let error = SigningKey::parse(&secret.into()).unwrap_err();
            assert!(error.contains(said), "{error}");
            assert!(!error.contains(secret.trim_start_matches(PREFIX)), "{error}");
        }
    }
}
