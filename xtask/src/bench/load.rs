//! The load generator: a few clients, each with one connection that it keeps, one request after another.
//!
//! Takes requests as bytes, signed before the clock runs, so that signing costs the server no time of these
//! few cores; returns how long each took. Must never count a reply that is not a 200.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A server that takes longer over one of these requests hangs.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What one round of requests took.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    /// From the first request to the last reply.
    pub(super) total: Duration,
    /// Of each request.
    pub(super) each: Vec<Duration>,
}

impl Round {
    /// Requests per second.
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is small")]
    pub(super) fn rate(&self) -> f64 {
        self.each.len() as f64 / self.total.as_secs_f64()
    }
}

/// Sends all requests, dealt out among `clients`.
pub(super) fn run(address: SocketAddr, requests: &[Vec<u8>], clients: usize) -> Result<Round> {
    ensure!(!requests.is_empty(), "there is nothing to send");
    let shares: Vec<&[Vec<u8>]> = requests.chunks(requests.len().div_ceil(clients)).collect();
    let started = Instant::now();
    let each = thread::scope(|scope| {
        let threads: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(move || client(address, share))).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a client panicked")));
        joined.collect::<Result<Vec<_>>>()
    })?;
    Ok(Round { total: started.elapsed(), each: each.concat() })
}

fn client(address: SocketAddr, requests: &[Vec<u8>]) -> Result<Vec<Duration>> {
    let mut line: Option<Line> = None;
    let mut each = Vec::with_capacity(requests.len());
    for request in requests {
        let started = Instant::now();
        let mut open = line.take().map_or_else(|| Line::open(address), Ok)?;
        let reply = open.ask(request)?;
        each.push(started.elapsed());
        let text = || String::from_utf8_lossy(&reply.body).into_owned();
        ensure!(reply.status == 200, "HTTP {}: {}", reply.status, text());
        line = reply.stays.then_some(open);
    }
    Ok(each)
}

/// Sends one request and returns its body and how long it took.
pub(super) fn once(address: SocketAddr, request: &[u8]) -> Result<(Vec<u8>, Duration)> {
    let mut line = Line::open(address)?;
    let started = Instant::now();
    let reply = line.ask(request)?;
    let took = started.elapsed();
    let text = || String::from_utf8_lossy(&reply.body).into_owned();
    ensure!(reply.status == 200, "HTTP {}: {}", reply.status, text());
    Ok((reply.body, took))
}

struct Reply {
    status: u16,
    stays: bool,
    body: Vec<u8>,
}

/// One connection.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(TIMEOUT))).context("a socket")?;
        Ok(Self(BufReader::new(stream)))
    }

    fn ask(&mut self, request: &[u8]) -> Result<Reply> {
        self.0.get_mut().write_all(request).context("sending a request")?;
        let status = self.text()?.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.context("the reply has no status")?;
        let (mut length, mut stays) = (None, true);
        loop {
            let header = self.text()?.to_ascii_lowercase();
            let Some((name, value)) = header.split_once(':') else { break };
            match name {
                "content-length" => length = value.trim().parse().ok(),
                "connection" => stays = value.trim() != "close",
                _ => {}
            }
        }
        let mut body = vec![0; length.context("the reply has no content-length")?];
        self.0.read_exact(&mut body).context("reading a reply")?;
        Ok(Reply { status, stays, body })
    }

    /// The next line of the head, empty at its end.
    fn text(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(
            self.0.read_line(&mut line).context("reading a reply")? > 0,
            "the server closed the connection"
        );
        Ok(line.trim_end().to_owned())
    }
}

/// The value below which a share of the sorted values lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank among some thousand values"
)]
pub(super) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers one connection's requests with these replies, then closes it.
    fn server(replies: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for reply in replies {
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() && byte != *b"." {}
                stream.write_all(reply.as_bytes()).unwrap();
            }
        });
        address
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const BAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\noops";

    #[test]
    fn one_connection_serves_all_requests_of_a_client() {
        let round =
            run(server(&[GOOD, GOOD, GOOD]), &[b".".to_vec(), b".".to_vec(), b".".to_vec()], 1).unwrap();
        assert_eq!(round.each.len(), 3);
        assert!(round.total >= round.each.iter().sum::<Duration>());
    }

    #[test]
    fn a_refusal_ends_the_run_with_its_text() {
        let error = run(server(&[GOOD, BAD]), &[b".".to_vec(), b".".to_vec()], 1).unwrap_err();
        assert_eq!(error.to_string(), "HTTP 400: oops");
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 0.5), Duration::from_millis(50));
        assert_eq!(percentile(&sorted, 0.99), Duration::from_millis(99));
        assert_eq!(percentile(&sorted[..1], 0.99), Duration::from_millis(1));
    }
}
