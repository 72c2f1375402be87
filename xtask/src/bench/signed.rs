//! Requests to the emulator as bytes, each with a signature of its own.
//!
//! Takes a key and what to ask; returns what goes on the wire. The RPC ones carry a fresh nonce each, so that
//! the emulator does for each all that it does for a real client.

use alicloud_sign::{AccessKey, Request, acs3, sls_v4};
use jiff::Timestamp;
use serde_json::json;
use testenv::emulator::Greeting;

/// The project of the bench.
pub(super) const PROJECT: &str = "bench-audit";
/// A Logstore that everybody may write to.
pub(super) const LOGSTORE: &str = "bench-logs";
/// The Logstore of the inner trail.
pub(super) const TRAIL_LOGSTORE: &str = "innertrail_bench-trail";
/// Logs in one `PutLogs`.
pub(super) const LOGS: u32 = 100;

/// Signs for one emulator.
pub(super) struct Signer<'a> {
    pub(super) greeting: &'a Greeting,
    pub(super) now: Timestamp,
}

impl Signer<'_> {
    fn key(&self) -> AccessKey<'_> {
        let greeting = self.greeting;
        AccessKey { id: &greeting.access_key_id, secret: &greeting.access_key_secret, security_token: None }
    }

    /// An RPC call, ACS3-HMAC-SHA256, with a nonce that no other has.
    pub(super) fn rpc(&self, host: &str, version: &str, action: &str, query: &str, nonce: &str) -> Vec<u8> {
        let own = [("host".to_owned(), host.to_owned())];
        let stamp = acs3::Stamp { action, version, nonce, time: self.now };
        wire("POST", "/", query, &own, b"", |request| acs3::sign(request, &self.key(), &stamp))
    }

    /// A Log Service call, SLS4-HMAC-SHA256.
    pub(super) fn sls(&self, method: &str, path: &str, body: &[u8], more: &[(&str, &str)]) -> Vec<u8> {
        let host = format!("{PROJECT}.{}.log.aliyuncs.com", self.greeting.region);
        let mut own = vec![("host".to_owned(), host), ("x-log-apiversion".to_owned(), "0.6.0".to_owned())];
        own.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let stamp = sls_v4::Stamp { region: &self.greeting.region, time: self.now };
        wire(method, path, "", &own, body, |request| sls_v4::sign(request, &self.key(), &stamp))
    }

    /// A Log Service call with a JSON body.
    pub(super) fn json(&self, method: &str, path: &str, body: &serde_json::Value) -> Vec<u8> {
        let body = body.to_string();
        let size = body.len().to_string();
        let headers = [("content-type", "application/json"), ("x-log-bodyrawsize", size.as_str())];
        self.sls(method, path, body.as_bytes(), &headers)
    }

    /// `GetLogsV2` over everything, as the main question of the bench.
    pub(super) fn group_by(&self) -> Vec<u8> {
        let query = "* | select EventProduct, count(*) as events group by EventProduct";
        let body =
            json!({"from": 0, "to": self.now.as_second() + 3600, "query": query, "line": 100, "offset": 0});
        self.json("POST", &format!("/logstores/{TRAIL_LOGSTORE}/logs"), &body)
    }

    /// `PutLogs` of [`LOGS`] logs, protobuf, packed with LZ4 as the official clients do.
    pub(super) fn put_logs(&self) -> Vec<u8> {
        let group = log_group(u32::try_from(self.now.as_second()).unwrap_or_default());
        let packed = lz4_flex::block::compress(&group);
        let size = group.len().to_string();
        let headers = [
            ("content-type", "application/x-protobuf"),
            ("x-log-bodyrawsize", size.as_str()),
            ("x-log-compresstype", "lz4"),
        ];
        self.sls("POST", &format!("/logstores/{LOGSTORE}/shards/lb"), &packed, &headers)
    }
}

/// Writes a request with the headers that its signature adds.
fn wire(
    method: &str,
    path: &str,
    query: &str,
    own: &[(String, String)],
    body: &[u8],
    sign: impl FnOnce(&Request<'_>) -> Vec<(String, String)>,
) -> Vec<u8> {
    let headers: Vec<(&str, &str)> =
        own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let added = sign(&Request { method, path, query, headers: &headers, body });
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let all = own.iter().chain(&added);
    bytes(method, &target, all.map(|(name, value)| (name.as_str(), value.as_str())), body)
}

/// A request as it goes on the wire.
pub(super) fn bytes<'h>(
    method: &str,
    target: &str,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
    body: &[u8],
) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    [head.as_bytes(), body].concat()
}

/// Logs with fields like those of a platform event (cloud-api §6.5 has the message).
fn log_group(time: u32) -> Vec<u8> {
    let logs = (0..LOGS).map(|number| {
        let fields = [
            ("EventID", format!("0F5C4C6D-{number:04}-4A6B-A3F1-7B1E5D0C2A90")),
            ("EventName", "StopInstance".to_owned()),
            ("EventProduct", "ECS".to_owned()),
            ("EventDescription", "The instance was stopped because of a hardware failure.".to_owned()),
            ("EventLevel", "NOTICE".to_owned()),
            ("ResourceID", format!("i-bp1f{number:04}m2k")),
            ("ResourceType", "ACS::ECS::Instance".to_owned()),
            ("ResourceRegionID", "cn-hangzhou".to_owned()),
        ];
        let contents = fields
            .iter()
            .map(|(key, value)| field(2, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat()));
        field(1, &[vec![8], varint(time), contents.flatten().collect()].concat())
    });
    logs.flatten().chain(field(3, b"bench")).collect()
}

/// A protobuf field with bytes.
fn field(number: u32, value: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(u32::try_from(value.len()).unwrap_or(u32::MAX)), value.to_vec()].concat()
}

fn varint(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push(low_seven(value) | 128);
        value >>= 7;
    }
    bytes.push(low_seven(value));
    bytes
}

fn low_seven(value: u32) -> u8 {
    value.to_le_bytes()[0] & 127
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_protobuf_does() {
        assert_eq!(varint(1), [1]);
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(field(2, b"testing"), [&[0x12, 7][..], b"testing"].concat());
    }
}
