//! Certificates and keys of one control plane.
//!
//! Takes a directory; leaves PEM files in it. Must never reuse a key of another cluster.

use crate::place;
use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};
use std::path::{Path, PathBuf};

/// Names by which the API server is reached; the last is the first address of the service range.
const SERVING_NAMES: [&str; 4] = ["127.0.0.1", "localhost", "kubernetes.default.svc", "10.0.0.1"];
/// Members may do anything (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/>, 2026-10-27).
const ADMIN_GROUP: &str = "system:masters";

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Pki {
    dir: PathBuf,
}

impl Pki {
    /// Makes a certificate authority, a serving and an admin certificate, and the service account key.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn create(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let pki = Self { dir: dir.to_path_buf() };
        let authority = authority()?;
        pki.write("ca.crt", &authority.pem())?;
        let names = SERVING_NAMES.map(str::to_owned);
        pki.issue(
            &authority,
            "apiserver",
            CertificateParams::new(names)?,
            ExtendedKeyUsagePurpose::ServerAuth,
        )?;
        let mut admin = CertificateParams::default();
        admin.distinguished_name.push(DnType::OrganizationName, ADMIN_GROUP);
        pki.issue(&authority, "admin", admin, ExtendedKeyUsagePurpose::ClientAuth)?;
        let accounts = KeyPair::generate()?;
        pki.write("service-accounts.key", &accounts.serialize_pem())?;
        pki.write("service-accounts.pub", &accounts.public_key_pem())?;
        Ok(pki)
    }

    /// The path of one file, for example `apiserver.crt`.
    pub fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn issue(
        &self,
        authority: &CertifiedIssuer<'_, KeyPair>,
        name: &str,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<()> {
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, authority)?;
        self.write(&format!("{name}.crt"), &certificate.pem())?;
        self.write(&format!("{name}.key"), &key.serialize_pem())
    }

    fn write(&self, name: &str, pem: &str) -> Result<()> {
        place::write_private(&self.dir.join(name), pem)
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "innertrail test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_can_be_read_by_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let pki = Pki::create(dir.path()).unwrap();
        let mode = std::fs::metadata(pki.file("admin.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
