//! The certificate authority of a data directory.
//!
//! Takes the directory and gives certificates for names. Its two files are made once and stay; the key is written first,
//! so that a death in between leaves a key to which the certificate is made again, with nobody the wiser. Must never
//! show the key, and never vouch for a name outside the emulated cloud: its certificate says so to whoever trusts it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::{default_provider, sign::any_ecdsa_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use super::files::{self, PRIVATE, PUBLIC};

const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca-key.pem";
/// Part of every certificate that was ever issued, so directories hold it: never to be changed.
const NAME: &str = "cloudsim authority";
/// A time within the validity, to check that key and certificate belong together: 2026-09-21.
const CHECK_TIME: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_790_000_000));

/// Why there is no certificate authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what was written to it, or not by this program.
    #[error(
        "`{}` is damaged or not of cloudsim; remove ca.pem and ca-key.pem to have both made anew, for clients to trust",
        .0.display()
    )]
    Damaged(PathBuf),
    /// There is a certificate, and no key to it.
    #[error("`{}` is missing; put it back, or remove ca.pem to have both made anew, for clients to trust", .0.display())]
    NoKey(PathBuf),
    /// A certificate cannot be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// A certificate cannot be used.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

/// Who signs the emulator's certificates.
pub(super) struct Authority {
    file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Authority {
    /// That of a data directory, which only this process uses; made if there is none.
    pub(super) fn open(directory: &Path) -> Result<Self, AuthorityError> {
        let directory = std::path::absolute(directory).map_err(of_file(directory))?;
        let [file, key_file] = [CERTIFICATE_FILE, KEY_FILE].map(|name| directory.join(name));
        let written = files::read(&file).map_err(of_file(&file))?;
        let key = key(&key_file, written.is_some())?;
        let text = match written {
            Some(text) => text,
            None => made(&file, PUBLIC, params().self_signed(&key)?.pem())?,
        };
        let authority = Self { file, issuer: Issuer::new(params(), key) };
        authority.check(&text)?;
        Ok(authority)
    }

    /// File of its certificate.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// A certificate with a key of its own for names and addresses.
    pub(super) fn certify(&self, names: Vec<String>) -> Result<CertifiedKey, AuthorityError> {
        let mut params = CertificateParams::new(names)?;
        name_and_date(&mut params, "cloudsim");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
        Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
    }

    /// Holds the certificate in its file against the key: what the key signs must be good to who trusts the file.
    fn check(&self, text: &str) -> Result<(), AuthorityError> {
        let damaged = || AuthorityError::Damaged(self.file.clone());
        let certificate = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| damaged())?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate).map_err(|_| damaged())?;
        let sample = self.certify(vec!["localhost".to_owned()])?;
        let sample = ParsedCertificate::try_from(sample.end_entity_cert()?)?;
        let algorithms = default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&sample, &roots, &[], CHECK_TIME, algorithms)
            .map_err(|_| damaged())
    }
}

/// The key in its file; made if there is none, unless there is a certificate that it should fit.
fn key(file: &Path, certified: bool) -> Result<KeyPair, AuthorityError> {
    let text = match files::read(file).map_err(of_file(file))? {
        Some(text) => text,
        None if certified => return Err(AuthorityError::NoKey(file.to_owned())),
        None => made(file, PRIVATE, KeyPair::generate()?.serialize_pem())?,
    };
    // What is wrong with it is not told: it might quote the key.
    KeyPair::from_pem(&text).map_err(|_| AuthorityError::Damaged(file.to_owned()))
}

fn made(file: &Path, mode: u32, text: String) -> Result<String, AuthorityError> {
    files::write(file, &text, mode).map_err(of_file(file))?;
    Ok(text)
}

fn of_file(path: &Path) -> impl Fn(io::Error) -> AuthorityError {
    |source| AuthorityError::File { path: path.to_owned(), source }
}

/// Of the authority's own certificate.
fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    name_and_date(&mut params, NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: vouched(), excluded_subtrees: vec![] });
    params
}

/// What it can vouch for, so that a client that trusts it can be deceived about nothing else in the world.
fn vouched() -> Vec<GeneralSubtree> {
    let names = ["aliyuncs.com", "localhost"].map(|name| GeneralSubtree::DnsName(name.to_owned()));
    let addresses = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
        .map(|address| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 0)));
    names.into_iter().chain(addresses).collect()
}

/// Good for a century, so that no clock matters. It begins before July 2019: what began later, Apple's systems accept
/// for 825 days at most (<https://support.apple.com/en-us/103769>).
fn name_and_date(params: &mut CertificateParams, name: &str) {
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2019, 6, 1);
    params.not_after = date_time_ymd(2119, 6, 1);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn opened(directory: &Path) -> String {
        fs::read_to_string(Authority::open(directory).unwrap().file()).unwrap()
    }

    #[test]
    fn authority_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(opened(directory.path()), opened(directory.path()));
        let left = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 2, "something was left behind");
    }

    #[test]
    fn two_directories_have_two_authorities() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        assert_ne!(opened(one.path()), opened(other.path()));
    }

    #[test]
    fn key_can_be_read_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        // Left by a process that died, with permissions that its owner chose.
        fs::write(directory.path().join("ca-key.partial"), "half").unwrap();
        opened(directory.path());
        let mode = |name| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(KEY_FILE), 0o600);
    }

    #[test]
    fn certificate_is_made_again_to_a_key_that_is_alone() {
        let directory = tempfile::tempdir().unwrap();
        let before = opened(directory.path());
        fs::remove_file(directory.path().join(CERTIFICATE_FILE)).unwrap();
        let authority = Authority::open(directory.path()).unwrap();
        // Who trusted the former one trusts what the key signs now.
        authority.check(&before).unwrap();
    }

    #[test]
    fn damaged_file_is_named_and_not_shown() {
        for name in [CERTIFICATE_FILE, KEY_FILE] {
            let directory = tempfile::tempdir().unwrap();
            opened(directory.path());
            let file = directory.path().join(name);
            let whole = fs::read(&file).unwrap();
            let half = &whole[..whole.len() / 2];
            for wrong in [half, b"", b"\xff\xfe", &[whole.as_slice(), half].concat()[half.len()..]] {
                fs::write(&file, wrong).unwrap();
                let told = format!("{:?}", Authority::open(directory.path()).unwrap_err());
                assert!(told.starts_with("Damaged") && told.contains(name) && told.len() < 200, "{told}");
                assert_eq!(fs::read(&file).unwrap(), wrong, "changed");
            }
        }
    }

    #[test]
    fn key_of_another_authority_is_refused() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        opened(one.path());
        opened(other.path());
        fs::copy(other.path().join(KEY_FILE), one.path().join(KEY_FILE)).unwrap();
        assert!(matches!(Authority::open(one.path()), Err(AuthorityError::Damaged(_))));
    }

    #[test]
    fn certificate_without_its_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        opened(directory.path());
        fs::remove_file(directory.path().join(KEY_FILE)).unwrap();
        assert!(matches!(Authority::open(directory.path()), Err(AuthorityError::NoKey(_))));
    }

    #[test]
    fn names_outside_the_cloud_are_not_vouched_for() {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::open(directory.path()).unwrap();
        let certificate = CertificateDer::from_pem_file(authority.file()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let good = |name: &str| {
            let leaf = authority.certify(vec![name.to_owned()]).unwrap();
            let leaf = ParsedCertificate::try_from(leaf.end_entity_cert().unwrap()).unwrap();
            let algorithms = default_provider().signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&leaf, &roots, &[], CHECK_TIME, algorithms).is_ok()
        };
        assert!(["p.cn-hangzhou.log.aliyuncs.com", "10.0.0.1", "::1"].into_iter().all(good));
        assert!(!["example.org", "aliyuncs.com.example.org"].into_iter().any(good));
    }
}
