//! A request as it was received.
//!
//! Path, query, host and body are kept exactly as sent, because signatures cover them; decoding happens on
//! copies. Must never be rebuilt from a decoded form.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bytes::Bytes;

use crate::gateway::route::address_of;

/// One received request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// `Host` header, or when there is none the authority of the target or the end of the tunnel; with port, as sent.
    pub(crate) host: String,
    /// Host name in a target of absolute form, as sent to a forward proxy; without port, lower case.
    pub(crate) target_host: Option<String>,
    /// Host that the tunnel leads to through which the request came; without port, lower case.
    pub(crate) tunnel_host: Option<String>,
    /// Percent-encoded path.
    pub(crate) path: String,
    /// Query without `?`; empty when there is none.
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Who sent it.
    pub(crate) peer: Peer,
}

/// Address at the other end of the connection, as an extension of what hyper read from it; policies ask for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl Request {
    /// Builds the raw form. Header values that are not UTF-8 are kept lossily: no signature fits them then.
    pub(crate) fn new(parts: &http::request::Parts, body: Bytes, tunnel_host: Option<&str>) -> Self {
        let headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
        let named = headers.iter().find(|(name, _)| name == "host").map(|(_, value)| value.trim().to_owned());
        Self {
            method: parts.method.as_str().to_owned(),
            host: named
                .or_else(|| authority.clone())
                .or_else(|| tunnel_host.map(str::to_owned))
                .unwrap_or_default(),
            target_host: authority.as_deref().map(bare_host),
            tunnel_host: tunnel_host.map(str::to_owned),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers,
            body,
            peer: parts.extensions.get().copied().unwrap_or_default(),
        }
    }

    /// The first header of that name, trimmed.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// How often a header occurs.
    pub(crate) fn header_count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).count()
    }

    /// Host name without port, lower case.
    pub(crate) fn host_name(&self) -> String {
        bare_host(&self.host)
    }

    /// Whether the host is an address or `localhost`, so that the emulator itself is meant.
    pub(crate) fn names_this_machine(&self) -> bool {
        let name = self.host_name();
        name == "localhost" || address_of(&name).is_some()
    }

    /// Lends the request to the signature functions.
    pub(crate) fn with_signable<T>(&self, use_it: impl FnOnce(&alicloud_sign::Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        use_it(&alicloud_sign::Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    /// Decoded parameters of the query and of a form body. The first of a repeated name counts.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        let all = self.with_signable(alicloud_sign::rpc_v1::all_parameters);
        let mut map = BTreeMap::new();
        for (name, value) in all {
            map.entry(name).or_insert(value);
        }
        map
    }

    /// A parameter that is given twice: what is checked could be the one, what is done the other.
    pub(crate) fn repeated_parameter(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        let all = self.with_signable(alicloud_sign::rpc_v1::all_parameters);
        all.into_iter().map(|(name, _)| name).find(|name| !seen.insert(name.clone()))
    }

    /// Decoded, non-empty path segments.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
    }
}

fn bare_host(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A bare request for tests of routing.
    pub(crate) fn get(host: &str, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method: "GET".to_owned(),
            host: host.to_owned(),
            target_host: None,
            tunnel_host: None,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("host".to_owned(), host.to_owned())],
            body: Bytes::new(),
            peer: Peer::default(),
        }
    }

    #[test]
    fn port_and_case_of_the_host_do_not_matter_for_its_name() {
        assert_eq!(
            get("My-Proj.cn-hangzhou.log.aliyuncs.com:80", "/").host_name(),
            "my-proj.cn-hangzhou.log.aliyuncs.com"
        );
    }

    #[test]
    fn addresses_name_this_machine() {
        assert!(get("127.0.0.1:8080", "/").names_this_machine());
        assert!(get("[::1]:8080", "/").names_this_machine());
        assert!(!get("ram.aliyuncs.com", "/").names_this_machine());
    }

    #[test]
    fn first_of_a_repeated_parameter_counts() {
        assert_eq!(get("h", "/?a=1&a=2").parameters()["a"], "1");
    }

    #[test]
    fn parameter_is_repeated_also_in_a_form() {
        assert_eq!(get("h", "/?a=1&b=2").repeated_parameter(), None);
        assert_eq!(get("h", "/?a=1&b=2&%61=1").repeated_parameter().as_deref(), Some("a"));
        let mut form = get("h", "/?a=1");
        form.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        form.body = Bytes::from_static(b"a=2");
        assert_eq!(form.repeated_parameter().as_deref(), Some("a"));
    }

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(get("h", "/logstores/a%2Fb/index").segments(), ["logstores", "a/b", "index"]);
    }
}
