//! A receiver of webhooks whose certificate comes from a private authority.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, mpsc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::seeded::{NADIA, Seeded, TENANT, follow_up, parsed};
use crate::serving::request;

/// A receiver on `localhost`, the certificate of its authority in PEM, and the bodies that it gets.
fn receiver() -> (u16, String, mpsc::Receiver<Vec<u8>>) {
    let (authority_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).expect("a certificate").pem();
    let params_of_receiver = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = params_of_receiver.signed_by(&key, &Issuer::new(params, authority_key)).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, bodies) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(config.clone()).expect("a connection");
            let mut stream = BufReader::new(StreamOwned::new(connection, stream));
            // A client that does not trust the certificate sends none.
            if let Some((_, body)) = request(&mut stream) {
                let _ = stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                stream.get_mut().conn.send_close_notify();
                let _ = stream.get_mut().flush();
                if sender.send(body).is_err() {
                    return;
                }
            }
        }
    });
    (port, authority, bodies)
}

/// The authorities of the machine count, and so does one of its own that a variable names, as for other programs.
#[test]
fn a_private_authority_is_one_of_the_machine() {
    let (port, authority, bodies) = receiver();
    let seeded = Seeded::sqlite();
    let file = seeded.folder.path().join("authority.pem");
    std::fs::write(&file, authority).expect("a file");
    let run = |arguments: &[&str], trusted: bool| -> Value {
        let mut command = seeded.command(arguments);
        command
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_URL", format!("https://localhost:{port}/hunter2"))
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .env("ACTWRIGHT_DELIVERY_FIRST_PAUSE", "10ms")
            .env_remove("SSL_CERT_DIR");
        match trusted {
            true => command.env("SSL_CERT_FILE", &file),
            false => command.env_remove("SSL_CERT_FILE"),
        };
        parsed(&command.output().expect("the program runs"))
    };
    let input = follow_up("Call back").to_string();
    run(&["call", "crm.schedule_activity", "--tenant", TENANT, "--actor", NADIA, "--input", &input], false);
    let waits = run(&["outbox", "list", "--status", "pending", "--json"], false);
    let told = waits["entries"][0]["last_error"].as_str().unwrap_or_else(|| panic!("{waits}"));
    assert!(told.contains("localhost cannot be reached") && !told.contains("hunter2"), "{told}");
    assert!(bodies.try_recv().is_err(), "nothing is sent to whom nobody vouches for");

    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(run(&["relay", "--once", "--json"], true)["delivered"], 1);
    let event: Value = serde_json::from_slice(&bodies.recv().expect("a body")).expect("JSON");
    assert_eq!(event["type"], "INTERACTION_LOGGED");
}
