//! Keyed and plain hashes in the shapes the schemes write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// Lower-case hex SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Upper-case hex MD5.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex::encode_upper(Md5::digest(bytes))
}

/// Which hash stands under an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// HMAC-SHA1, `hmac-sha1`.
    Sha1,
    /// HMAC-SHA256, `hmac-sha256`.
    Sha256,
}

/// HMAC of `text`.
pub(crate) fn hmac(hash: Hash, key: &[u8], text: &str) -> Vec<u8> {
    match hash {
        Hash::Sha1 => keyed_sha1(key, text).finalize().into_bytes().to_vec(),
        Hash::Sha256 => keyed_sha256(key, text).finalize().into_bytes().to_vec(),
    }
}

/// Whether `claimed` is the HMAC of `text`, compared in constant time.
pub(crate) fn hmac_is(hash: Hash, key: &[u8], text: &str, claimed: &[u8]) -> bool {
    match hash {
        Hash::Sha1 => keyed_sha1(key, text).verify_slice(claimed).is_ok(),
        Hash::Sha256 => keyed_sha256(key, text).verify_slice(claimed).is_ok(),
    }
}

fn keyed_sha1(key: &[u8], text: &str) -> Hmac<Sha1> {
    let mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(text.as_bytes())
}

fn keyed_sha256(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(text.as_bytes())
}

/// Bytes of a base64 signature; empty (which matches nothing) when it is not base64.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}

/// Bytes of a hex signature; empty (which matches nothing) when it is not hex.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap_or_default()
}

/// Standard base64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
