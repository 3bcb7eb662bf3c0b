//! Who gets in.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::seeded::{CLIENT, NADIA, PRIYA, SECRET, Seeded, TENANT, piped, text};

const SEARCH: &str = "/api/v1/actions/crm.find_activities/1";

fn search() -> Value {
    json!({ "client_id": CLIENT })
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs()
}

fn claims() -> Value {
    json!({ "sub": NADIA, "tenant": TENANT, "exp": now() + 300 })
}

/// A token, signed by hand, so that nothing that the server uses is judged by itself.
fn token(header: &Value, claims: &Value, secret: impl AsRef<[u8]>) -> String {
    use ring::hmac;
    let part = |value: &Value| base64(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()), message.as_bytes());
    format!("{message}.{}", base64(signature.as_ref()))
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn with(mut claims: Value, key: &str, value: Value) -> Value {
    claims[key] = value;
    claims
}

/// Whoever is not known gets nothing, however the token is wrong; and learns why in words.
#[test]
fn only_tokens_of_the_configured_key_get_in() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["auth.issuer=https://id.example.com", "auth.audience=actwright"]);
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "test" });
    let claims = || {
        let issued = with(claims(), "iss", json!("https://id.example.com"));
        with(issued, "aud", json!(["other", "actwright"]))
    };
    // A list of audiences is what many issuers send.
    let good = token(&header, &claims(), SECRET);
    assert_eq!(server.send_as(&good, "POST", SEARCH, &search()).status, 200);
    let unnamed = token(&json!({ "alg": "HS256" }), &claims(), SECRET);
    assert_eq!(server.send_as(&unnamed, "POST", SEARCH, &search()).status, 200, "one key needs no kid");

    let without = |key: &str| {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(key);
        token(&header, &claims, SECRET)
    };
    let none = format!("{}.{}.", base64(br#"{"alg":"none"}"#), base64(claims().to_string().as_bytes()));
    let (body, signature) = good.rsplit_once('.').expect("three parts");
    let changed = with(claims(), "sub", json!(PRIYA)).to_string();
    let forged = format!("{}.{}.{signature}", body.split('.').next().expect("a part"), base64(changed.as_bytes()));
    let wrong = [
        ("nothing", String::new()),
        ("no token", "hello".to_owned()),
        ("another secret", token(&header, &claims(), "another secret of at least 32 bytes, too")),
        ("another key", token(&json!({ "alg": "HS256", "kid": "other" }), &claims(), SECRET)),
        ("another algorithm", token(&json!({ "alg": "HS384", "kid": "test" }), &claims(), SECRET)),
        ("no algorithm", none),
        (
            "an extension",
            token(&json!({ "alg": "HS256", "kid": "test", "crit": ["b64"], "b64": false }), &claims(), SECRET),
        ),
        ("a changed claim", forged),
        ("no signature", format!("{body}.")),
        ("over", token(&header, &with(claims(), "exp", json!(now() - 120)), SECRET)),
        ("not yet", token(&header, &with(claims(), "nbf", json!(now() + 120)), SECRET)),
        ("another issuer", token(&header, &with(claims(), "iss", json!("https://evil.example.com")), SECRET)),
        ("another audience", token(&header, &with(claims(), "aud", json!("other")), SECRET)),
        ("no end", without("exp")),
        ("no issuer", without("iss")),
        ("no audience", without("aud")),
        ("no tenant", without("tenant")),
        ("no user", without("sub")),
        ("a user that is no id", token(&header, &with(claims(), "sub", json!("nadia")), SECRET)),
    ];
    for (what, token) in wrong {
        for path in [SEARCH, "/api/v1/catalog", "/api/v1/outbox", "/api/v1/pickers/client"] {
            let answer = if path == SEARCH {
                server.send_as(&token, "POST", path, &json!({}))
            } else {
                server.get_as(&token, path)
            };
            assert_eq!((answer.status, answer.code().as_str()), (401, "PERMISSION_DENIED"), "{what}: {answer:?}");
            assert!(answer.head.contains("www-authenticate: bearer"), "{what}: {answer:?}");
            assert!(!answer.text.contains(SECRET), "{what}");
        }
    }
    assert!(!server.logged().contains(SECRET) && !server.logged().contains(&good), "secrets are not logged");
}

/// Issuers that keep their private key to themselves.
#[test]
fn public_keys_verify_what_their_private_keys_signed() {
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let seeded = Seeded::sqlite();
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
    // The ASN.1 around an Ed25519 key is always the same.
    let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    der.extend_from_slice(pair.public_key().as_ref());
    let encoded = STANDARD.encode(&der);
    let pem = seeded.folder.path().join("issuer.pem");
    fs::write(&pem, format!("-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n")).expect("a file");
    let server =
        seeded.serve(&["auth.keys.issuer.algorithm=EdDSA", &format!("auth.keys.issuer.public_key={}", pem.display())]);
    let message =
        format!("{}.{}", base64(br#"{"alg":"EdDSA","kid":"issuer"}"#), base64(claims().to_string().as_bytes()));
    let signed = format!("{message}.{}", base64(pair.sign(message.as_bytes()).as_ref()));
    assert_eq!(server.send_as(&signed, "POST", SEARCH, &search()).status, 200);
    // The public key as if it were a shared secret: everybody has it.
    let known = fs::read_to_string(&pem).expect("a file");
    let confused = token(&json!({ "alg": "HS256", "kid": "issuer" }), &claims(), &known);
    assert_eq!(server.send_as(&confused, "POST", SEARCH, &search()).status, 401);
    assert_eq!(server.send_as(server.token(), "POST", SEARCH, &search()).status, 200, "both keys count");
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(arguments);
    let output = piped(command, input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    output.stdout
}

/// What most issuers use, in both forms in which its public keys are written; and a public key, which everybody has, is no
/// secret that signs.
#[test]
fn rsa_keys_verify_what_their_private_keys_signed() {
    let seeded = Seeded::sqlite();
    let path = |name: &str| seeded.folder.path().join(name).display().to_string();
    let (private, public, old_form, other) = (path("key.pem"), path("public.pem"), path("old.pem"), path("other.pem"));
    for key in [&private, &other] {
        openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key], b"");
    }
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public], b"");
    openssl(&["rsa", "-in", &private, "-RSAPublicKey_out", "-out", &old_form], b"");
    let signed = |header: Value, key: &str| {
        let message = format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims().to_string().as_bytes()));
        let signature = openssl(&["dgst", "-sha256", "-sign", key], message.as_bytes());
        format!("{message}.{}", base64(&signature))
    };
    for form in [&public, &old_form] {
        let server =
            seeded.serve(&["auth.keys.issuer.algorithm=RS256", &format!("auth.keys.issuer.public_key={form}")]);
        let status = |token: &str| server.send_as(token, "POST", SEARCH, &search()).status;
        assert_eq!(status(&signed(json!({ "alg": "RS256", "kid": "issuer" }), &private)), 200);
        assert_eq!(status(&signed(json!({ "alg": "RS256", "kid": "issuer" }), &other)), 401, "another key");
        assert_eq!(status(&signed(json!({ "alg": "RS256", "kid": "test" }), &private)), 401, "a key of HS256");
        assert_eq!(status(&signed(json!({ "alg": "RS512", "kid": "issuer" }), &private)), 401, "another algorithm");
        // As a text and as the bytes that it stands for.
        let known = fs::read_to_string(form).expect("a file");
        let der = known.lines().filter(|line| !line.starts_with('-')).collect::<String>();
        let der = STANDARD.decode(der).expect("base64");
        for secret in [known.as_bytes(), known.trim().as_bytes(), &der] {
            for header in [json!({ "alg": "HS256", "kid": "issuer" }), json!({ "alg": "HS256" })] {
                assert_eq!(status(&token(&header, &claims(), secret)), 401, "the public key as a secret: {header}");
            }
        }
    }
}

/// The user of one tenant is nobody in another, and a token for a user who is not there is no way in.
#[test]
fn users_are_users_of_their_tenant_only() {
    let seeded = Seeded::sqlite();
    let server = seeded.serve(&[]);
    let stranger = seeded.token_in("10000000-0000-4000-8000-000000000009", NADIA);
    for path in ["/api/v1/outbox", "/api/v1/pickers/client"] {
        let answer = server.get_as(&stranger, path);
        assert_eq!((answer.status, answer.code().as_str()), (403, "PERMISSION_DENIED"));
    }
    let answer = server.send_as(&stranger, "POST", SEARCH, &search());
    assert_eq!((answer.status, answer.code().as_str()), (403, "PERMISSION_DENIED"));
}

/// A server that believes everybody starts only where nobody else can reach it, and only when asked to.
#[test]
fn a_server_without_keys_does_not_start_by_accident() {
    let seeded = Seeded::sqlite();
    let start = |settings: &[&str]| {
        let mut command = seeded.command(&["serve", "--set", "http.listen=127.0.0.1:0"]);
        command.env_remove("ACTWRIGHT_AUTH_KEYS_TEST_ALGORITHM").env_remove("ACTWRIGHT_AUTH_KEYS_TEST_SECRET");
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = command.output().expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert!(start(&[]).contains("there is no key that verifies tokens"));
    let mut command =
        seeded.command(&["serve", "--set", "http.listen=0.0.0.0:0", "--set", "auth.mode=insecure-headers"]);
    let output = command.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("http.listen must be on loopback"));
    assert!(start(&["auth.keys.test.algorithm=HS256", "auth.keys.test.secret=short"]).contains("at least 32 bytes"));
    assert!(start(&["auth.keys.test.algorithm=RS256"]).contains("takes a public_key"));
    let not_pem = seeded.folder.path().join("test.db");
    let key = format!("auth.keys.test.public_key={}", not_pem.display());
    assert!(start(&["auth.keys.test.algorithm=RS256", &key]).contains("no RSA public key"));

    let server = seeded.serve(&["auth.mode=insecure-headers"]);
    let headers = format!("Actwright-Tenant: {TENANT}\r\nActwright-Actor: {NADIA}\r\n");
    assert_eq!(server.raw(&format!("GET /api/v1/outbox HTTP/1.1\r\nHost: test\r\n{headers}"), b"").status, 200);
    assert_eq!(server.raw("GET /api/v1/outbox HTTP/1.1\r\nHost: test\r\n", b"").status, 401);
}
