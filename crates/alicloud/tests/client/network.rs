//! The real transport against real sockets.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alicloud::{HttpOptions, HttpTransport, Transport, TransportError};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Serves each connection with `serve`, at an address of its own.
async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// The head of the request on a connection.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn options(endpoint: Option<SocketAddr>, call_timeout: Duration) -> HttpOptions {
    HttpOptions {
        endpoint: endpoint.map(|address| format!("http://{address}")),
        connect_timeout: Duration::from_secs(2),
        call_timeout,
        ..HttpOptions::default()
    }
}

async fn send_within(address: SocketAddr, limit: Duration) -> Result<http::Response<Bytes>, TransportError> {
    HttpTransport::new(&options(Some(address), limit)).unwrap().send(request()).await
}

fn request() -> http::Request<Bytes> {
    let uri = "https://ram.aliyuncs.com/?Format=JSON&A=b%20c";
    http::Request::post(uri).header("host", "ram.aliyuncs.com").body(Bytes::new()).unwrap()
}

async fn send(address: SocketAddr) -> Result<http::Response<Bytes>, TransportError> {
    send_within(address, Duration::from_secs(10)).await
}

/// Answers with the head of the request as the body.
async fn echo(mut stream: TcpStream) {
    let head = head(&mut stream).await;
    let reply = format!("HTTP/1.1 200 OK\r\nx-seen: yes\r\ncontent-length: {}\r\n\r\n{head}", head.len());
    stream.write_all(reply.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_request_reaches_the_endpoint_as_a_proxy_would_take_it() {
    let reply = send(server(echo).await).await.unwrap();
    let seen = String::from_utf8(reply.body().to_vec()).unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("post http://ram.aliyuncs.com/?format=json&a=b%20c http/1.1\r\n"), "{seen}");
    assert_eq!(seen.matches("host: ").count(), 1);
    assert!(
        seen.contains("\r\nhost: ram.aliyuncs.com\r\n") && seen.contains("\r\ncontent-length: 0\r\n"),
        "{seen}"
    );
    assert_eq!(reply.headers()["x-seen"], "yes");
}

#[tokio::test]
async fn a_redirect_is_returned_and_not_followed() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        let reply =
            b"HTTP/1.1 302 Found\r\nlocation: http://ram.aliyuncs.com/again\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(reply).await.unwrap();
    });
    assert_eq!(send(address.await).await.unwrap().status(), 302);
}

#[tokio::test]
async fn a_reply_larger_than_the_cap_is_cut_off() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
        let chunk = vec![b'x'; 1 << 20];
        while stream.write_all(&chunk).await.is_ok() {}
    });
    let error = send(address.await).await.unwrap_err();
    assert!(matches!(error, TransportError::TooLarge { limit: 8_388_608 }), "{error:?}");
}

#[tokio::test]
async fn a_reply_that_never_comes_ends_at_the_timeout() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        std::future::pending::<()>().await;
    });
    let error = send_within(address.await, Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout), "{error:?}");
}

#[tokio::test]
async fn a_body_that_trickles_ends_at_the_timeout_of_the_whole_call() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let started = Instant::now();
    let error = send_within(address.await, Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_silent_server_ends_at_the_timeout_for_reading() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await.unwrap();
        std::future::pending::<()>().await;
    });
    let limit = Duration::from_mins(1);
    let options =
        HttpOptions { read_timeout: Duration::from_millis(200), ..options(Some(address.await), limit) };
    let started = Instant::now();
    let error = HttpTransport::new(&options).unwrap().send(request()).await.unwrap_err();
    assert!(matches!(error, TransportError::Timeout), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = opened.clone();
    let address = server(move |mut stream: TcpStream| {
        counter.fetch_add(1, Ordering::Relaxed);
        async move {
            loop {
                head(&mut stream).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });
    let options = options(Some(address.await), Duration::from_secs(10));
    let transport = HttpTransport::new(&options).unwrap();
    for _ in 0..3 {
        assert_eq!(transport.send(request()).await.unwrap().body().as_ref(), b"ok");
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_cut_after_the_request_is_a_lost_reply() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
    });
    let error = send(address.await).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_cut_short_is_a_lost_reply() {
    let address = server(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await.unwrap();
    });
    let error = send(address.await).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_never_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = send(address).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn an_error_does_not_show_the_parameters_of_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(!format!("{:?}", send(address).await.unwrap_err()).contains("b%20c"));
}

#[tokio::test]
async fn without_an_endpoint_a_server_without_tls_is_given_nothing() {
    let address = server(echo).await;
    let transport = HttpTransport::new(&options(None, Duration::from_secs(10))).unwrap();
    for scheme in ["https", "http"] {
        let request = http::Request::post(format!("{scheme}://{address}/")).body(Bytes::new()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert!(matches!(error, TransportError::Connect(_)), "{scheme}: {error:?}");
    }
}

#[test]
fn an_endpoint_that_is_no_url_is_refused() {
    let options =
        HttpOptions { endpoint: Some("not a url".to_owned()), ..options(None, Duration::from_secs(1)) };
    assert!(HttpTransport::new(&options).is_err());
}

/// Runs in a process of its own, started by the test below with a proxy in the environment.
#[tokio::test]
async fn child_with_a_proxy_in_its_environment() {
    let Ok(address) = std::env::var("ALICLOUD_TEST_ENDPOINT") else { return };
    let reply = send(address.parse().unwrap()).await.unwrap();
    assert_eq!(reply.headers()["x-seen"], "yes");
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_ignored() {
    let address = server(echo).await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "network::child_with_a_proxy_in_its_environment"]);
    child.env("ALICLOUD_TEST_ENDPOINT", address.to_string());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, "http://127.0.0.1:9");
    }
    let output = child.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
