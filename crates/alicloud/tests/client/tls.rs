//! The real transport where encryption matters: whom it trusts, and what it sends in the clear.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use alicloud::{
    BuildError, Cloud, Credentials, CredentialsError, EcsRole, HttpOptions, HttpTransport, ProfileFile,
    Source, Transport, TransportError, WireProfile,
};
use bytes::Bytes;

use crate::support::Standstill;

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// An HTTPS server with a certificate of its own making: its address, and the certificate in a file.
fn https_server() -> (SocketAddr, tempfile::NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let mut session = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = rustls::Stream::new(&mut session, &mut stream);
            if tls.read(&mut [0; 4096]).is_ok() {
                tls.write_all(REPLY).unwrap();
            }
        }
    });
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(made.cert.pem().as_bytes()).unwrap();
    (address, file)
}

/// A server without TLS that answers the request on each connection with its first line.
fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap();
            let line = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", line.len());
            stream.write_all(format!("{head}{line}").as_bytes()).unwrap();
        }
    });
    address
}

async fn get(options: &HttpOptions, url: &str) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    HttpTransport::new(options).unwrap().send(request).await
}

#[tokio::test]
async fn a_certificate_of_the_ca_file_is_trusted() {
    let (address, file) = https_server();
    let options = HttpOptions { ca_file: Some(file.path().to_owned()), ..HttpOptions::default() };
    let reply = get(&options, &format!("https://{address}/")).await.unwrap();
    assert_eq!(reply.body().as_ref(), b"ok");
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_not_trusted() {
    let (address, _file) = https_server();
    let error = get(&HttpOptions::default(), &format!("https://{address}/")).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
}

#[test]
fn a_ca_file_that_is_missing_or_empty_is_refused() {
    let missing = HttpOptions { ca_file: Some("/none/such".into()), ..HttpOptions::default() };
    assert!(matches!(HttpTransport::new(&missing), Err(BuildError::CaFile { .. })));
    let file = tempfile::NamedTempFile::new().unwrap();
    let empty = HttpOptions { ca_file: Some(file.path().to_owned()), ..HttpOptions::default() };
    assert!(matches!(HttpTransport::new(&empty), Err(BuildError::NoCertificate(_))));
}

/// Why a source whose server answers with no credential gives no key, over the real transport.
async fn asked(source: Source) -> CredentialsError {
    let transport = Arc::new(HttpTransport::new(&HttpOptions::default()).unwrap());
    let cloud = Cloud::new(transport, Arc::new(Standstill), Arc::new(WireProfile::builtin()));
    let credentials = Credentials::new(&cloud, "cn-hangzhou", vec![source], Vec::new()).unwrap();
    credentials.access_key().await.unwrap_err()
}

#[tokio::test]
async fn an_address_for_credentials_is_asked_in_the_clear_wherever_it_was_named() {
    let (folder, address) = (tempfile::tempdir().unwrap(), echo_server());
    let file = folder.path().join("config.json");
    let profile = serde_json::json!({ "name": "default", "mode": "CredentialsURI",
        "credentials_uri": format!("http://{address}/key") });
    std::fs::write(&file, serde_json::json!({ "profiles": [profile] }).to_string()).unwrap();
    let file = ProfileFile { paths: vec![file], ..ProfileFile::default() };
    let uri = format!("http://{}/key", echo_server());
    for source in [Source::Uri(uri.into()), Source::CliProfile(file)] {
        let error = asked(source).await;
        assert!(error.to_string().contains("the reply is not a credential"), "{error}");
    }
}

#[tokio::test]
async fn the_metadata_server_is_asked_in_the_clear() {
    let ecs = EcsRole { endpoint: format!("http://{}", echo_server()), ..EcsRole::default() };
    let error = asked(Source::EcsRole(ecs)).await;
    assert!(error.to_string().contains("is no role name"), "{error}");
}

#[test]
fn options_show_no_password() {
    let proxy = Some("http://user:hidden@proxy:3128".to_owned());
    let options = HttpOptions { endpoint: proxy.clone(), https_proxy: proxy, ..HttpOptions::default() };
    assert!(!format!("{options:?}").contains("hidden"));
}

#[tokio::test]
async fn the_proxy_is_asked_for_a_tunnel_and_sees_no_path() {
    let (sent, seen) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let length = stream.read(&mut head).unwrap();
        sent.send(String::from_utf8_lossy(&head[..length]).into_owned()).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let options = HttpOptions { https_proxy: Some(format!("http://{proxy}")), ..HttpOptions::default() };
    assert!(get(&options, "https://ram.aliyuncs.com/?secret=1").await.is_err());
    let head = seen.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(
        head.starts_with("CONNECT ram.aliyuncs.com:443 HTTP/1.1\r\n") && !head.contains("secret"),
        "{head}"
    );
}

#[tokio::test]
async fn an_exception_is_reached_without_the_proxy() {
    let (address, file) = https_server();
    let options = HttpOptions {
        https_proxy: Some("http://127.0.0.1:9".to_owned()),
        no_proxy: Some("127.0.0.1".to_owned()),
        ca_file: Some(file.path().to_owned()),
        ..HttpOptions::default()
    };
    assert!(get(&options, &format!("https://{address}/")).await.is_ok());
}
