//! A list of log groups of which each is packed by itself: `SlsLogPackageList` of the protocol of Log Service.
//!
//! Pure: bytes in, slices of them out. Takes one package at a time off the list and allocates nothing, whatever the
//! bytes claim.

use super::wire::Packing;
use super::wire_count::{Field, field};

/// One packed group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package<'a> {
    pub(crate) data: &'a [u8],
    /// Claimed size once it is unpacked.
    pub(crate) raw_size: usize,
    pub(crate) packing: Packing,
}

const PACKAGES: u64 = 1;
const DATA: u64 = 1;
const RAW_SIZE: u64 = 2;
const PACKING: u64 = 3;

/// Takes the next package off a list; `None` at its end. An error says what is wrong.
pub(crate) fn next<'a>(list: &mut &'a [u8]) -> Result<Option<Package<'a>>, String> {
    while !list.is_empty() {
        match field(list).ok_or("the list is cut or has fields of no known kind")? {
            (PACKAGES, Field::Bytes(bytes)) => return package(bytes).map(Some),
            (PACKAGES, _) => return Err("a package is no message".to_owned()),
            _ => {}
        }
    }
    Ok(None)
}

fn package(mut bytes: &[u8]) -> Result<Package<'_>, String> {
    let (mut data, mut raw_size, mut packing) = (None, None, None);
    while !bytes.is_empty() {
        match field(&mut bytes).ok_or("a package is cut or has fields of no known kind")? {
            (DATA, Field::Bytes(bytes)) => data = Some(bytes),
            (RAW_SIZE, Field::Number(size)) => raw_size = usize::try_from(size).ok(),
            (PACKING, Field::Number(kind)) => packing = Some(kind),
            _ => {}
        }
    }
    let data = data.ok_or("a package has no data")?;
    let packing = match packing {
        Some(0) => Packing::Plain,
        Some(1) => Packing::Deflate,
        // Who names no kind is of a time when there was this one.
        None | Some(2) => Packing::Lz4,
        Some(3) => Packing::Zstd,
        Some(kind) => return Err(format!("{kind} is no kind of compression")),
    };
    Ok(Package { data, raw_size: raw_size.unwrap_or(data.len()), packing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_off_a_list_one_by_one() {
        let mut list: &[u8] = b"\x0a\x07\x0a\x01a\x10\x05\x18\x03\x0a\x03\x0a\x01b";
        let package = |data: &'static [u8], raw_size, packing| Ok(Some(Package { data, raw_size, packing }));
        assert_eq!(next(&mut list), package(b"a", 5, Packing::Zstd));
        assert_eq!(next(&mut list), package(b"b", 1, Packing::Lz4));
        assert_eq!(next(&mut list), Ok(None));
    }

    #[test]
    fn what_is_no_list_of_packages_is_refused() {
        for mut list in
            [&b"\x0a\xff"[..], b"\x08\x01", b"\x0a\x00", b"\x0a\x02\x10\x05", b"\x0a\x05\x0a\x01a\x18\x04"]
        {
            assert!(next(&mut list).is_err(), "{list:x?}");
        }
    }
}
