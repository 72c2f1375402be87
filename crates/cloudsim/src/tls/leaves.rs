//! Certificates for the names that clients ask for, made when first asked for.
//!
//! Takes the name in a `ClientHello`; gives a certificate if the emulator answers to that name, and nothing otherwise,
//! which ends the handshake. Must never keep more of them than a fixed number: project names are without end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::authority::{Authority, AuthorityError};
use crate::gateway::route::is_reachable;

/// Certificates kept; with one more all are made anew, each in a fraction of a millisecond.
const KEPT_MAX: usize = 256;

/// The certificates of one server.
#[derive(Debug)]
pub(super) struct Leaves {
    authority: Authority,
    /// For clients that name nobody, because they have an address.
    own: Arc<CertifiedKey>,
    named: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Leaves {
    pub(super) fn new(authority: Authority, listen: IpAddr) -> Result<Self, AuthorityError> {
        let mut names = vec!["127.0.0.1".to_owned(), "::1".to_owned(), "localhost".to_owned()];
        if !listen.is_loopback() && !listen.is_unspecified() {
            names.push(listen.to_string());
        }
        let own = Arc::new(authority.certify(names)?);
        Ok(Self { authority, own, named: Mutex::default() })
    }

    fn named(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = named.get(name) {
            return Some(Arc::clone(leaf));
        }
        let made = self.authority.certify(vec![name.to_owned()]);
        let leaf = Arc::new(made.inspect_err(|error| tracing::warn!(%error, name, "no certificate")).ok()?);
        if named.len() >= KEPT_MAX {
            named.clear();
        }
        named.insert(name.to_owned(), Arc::clone(&leaf));
        Some(leaf)
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            None => Some(Arc::clone(&self.own)),
            Some(name) => Some(name.to_ascii_lowercase())
                .filter(|name| is_reachable(name))
                .and_then(|name| self.named(&name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves() -> Leaves {
        let directory = tempfile::tempdir().unwrap();
        Leaves::new(Authority::open(directory.path()).unwrap(), IpAddr::from([127, 0, 0, 1])).unwrap()
    }

    #[test]
    fn certificate_of_a_name_is_made_once() {
        let leaves = leaves();
        let one = leaves.named("ram.aliyuncs.com").unwrap();
        assert!(Arc::ptr_eq(&one, &leaves.named("ram.aliyuncs.com").unwrap()));
        assert!(!Arc::ptr_eq(&one, &leaves.named("sts.aliyuncs.com").unwrap()));
    }

    #[test]
    fn no_more_certificates_are_kept_than_a_fixed_number() {
        let leaves = leaves();
        for number in 0..=KEPT_MAX * 2 {
            leaves.named(&format!("p{number}.cn-hangzhou.log.aliyuncs.com")).unwrap();
            assert!(leaves.named.lock().unwrap().len() <= KEPT_MAX);
        }
    }
}
